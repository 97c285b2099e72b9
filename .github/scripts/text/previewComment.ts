/**
 * usage: node previewComment.ts FOLDER PREVIEWED PLANNED
 *
 * Prints the comment of preview.sh: from diff.txt, and plan.md or plan.err, in FOLDER. PREVIEWED and PLANNED are the
 * status with which `pulumi preview` and `swarm plan` ended.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { marker } from "../../../cli/plan/markdown.ts";
import { cut, cutMarkdown, fenced, folded } from "./markdown.ts";

export interface Previewed {
    readonly stack: string;
    /** Status of `pulumi preview`, and what it printed: the diff, or why it failed. */
    readonly preview: { readonly status: number; readonly text: string };
    /** Status of `swarm plan`, and what it printed: Markdown that begins with the marker, or why it failed. */
    readonly plan: { readonly status: number; readonly text: string };
}

export function previewComment({ stack, preview, plan }: Previewed): string {
    if (preview.status !== 0) {
        return [
            marker(stack),
            `**The preview of the stack ${stack} failed**, with status ${preview.status}. Nothing was planned, and nothing changed.`,
            "",
            fenced(lastOf(preview.text)),
        ].join("\n");
    }
    const diff = folded("Raw diff of <code>pulumi preview</code>", fenced(cut(preview.text), "diff"));
    if (plan.status !== 0) {
        return [
            marker(stack),
            `**The preview of the stack ${stack} could not be put into words**: \`swarm plan\` ended with status ${plan.status}.`,
            "",
            fenced(cut(plan.text)),
            diff,
        ].join("\n");
    }
    const text = plan.text.startsWith(marker(stack)) ? plan.text : `${marker(stack)}\n${plan.text}`;
    return `${cutMarkdown(text).trimEnd()}\n\n${diff}`;
}

/** Errors come last in what pulumi prints. */
function lastOf(text: string, limit = 20_000): string {
    if (text.length <= limit) return text;
    const rest = text.slice(-limit);
    return `(${text.length - limit} characters left out; the log of the run has them)\n${rest.slice(rest.indexOf("\n") + 1)}`;
}

if (import.meta.main) {
    const [folder = "", previewed, planned] = process.argv.slice(2);
    const read = (name: string) => {
        const file = path.join(folder, name);
        return existsSync(file) ? readFileSync(file, "utf8") : "";
    };
    const status = Number(planned);
    process.stdout.write(
        previewComment({
            stack: process.env.PULUMI_STACK ?? "",
            preview: { status: Number(previewed), text: read("diff.txt") },
            plan: { status, text: read(status === 0 ? "plan.md" : "plan.err") },
        }),
    );
}
