/** Markdown for comments, issues and summaries. No I/O. */
import { codeBlock } from "../../../cli/plan/words.ts";

/** GitHub takes 65,536 characters a comment; the rest is for what stands around a part. */
export const PART_LIMIT = 30_000;

/** Text as it is, whatever stands in it, in a block of its own. */
export const fenced = (text: string, info?: string) => `${codeBlock(text, info)}\n`;

/** A text under a line that unfolds it. `title` is HTML. */
export function folded(title: string, content: string): string {
    return `<details><summary>${title}</summary>\n\n${content}\n</details>\n`;
}

/**
 * At most `limit` characters, cut at the end of a line, with a last line that says how much is missing.
 * Characters are UTF-16 units, as GitHub counts no fewer.
 */
export function cut(text: string, limit = PART_LIMIT): string {
    if (text.length <= limit) return text;
    const end = text.lastIndexOf("\n", limit);
    const kept = text.slice(0, end > 0 ? end : limit);
    const rest = text.length - kept.length;
    return `${kept}\n(${rest} of ${text.length} characters left out; the log of the run has them)\n`;
}

/** Markdown cut like `cut`, with what was open at that place closed, so that the rest of the comment is not swallowed. */
export function cutMarkdown(text: string, limit = PART_LIMIT): string {
    const whole = cut(text, limit);
    if (whole === text) return text;
    const end = whole.lastIndexOf("\n(", whole.length - 2);
    const [kept, note] = [whole.slice(0, end), whole.slice(end)];
    let fence: string | undefined;
    let folds = 0;
    for (const line of kept.split("\n")) {
        const [, row, info] = /^\s*(`{3,})(.*)$/.exec(line) ?? [];
        if (fence === undefined && row) fence = row;
        else if (fence !== undefined && row && row.length >= fence.length && info?.trim() === "")
            fence = undefined;
        else if (fence === undefined) {
            folds += (line.match(/<details>/g) ?? []).length - (line.match(/<\/details>/g) ?? []).length;
        }
    }
    const closed = `${fence === undefined ? "" : `\n${fence}`}${"\n\n</details>".repeat(Math.max(0, folds))}`;
    return `${kept}${closed}${closed === "" ? "" : "\n"}${note}`;
}
