/**
 * usage: node own.ts MARKER <PAGES
 *
 * PAGES is what `gh api --paginate --slurp` prints of comments or of issues: a list of pages, each a list. Prints the
 * ID of the comment, or the number of the issue, that a workflow of this repository wrote and that begins with the
 * marker line; nothing when there is none. Pull requests, which the API lists among issues, are passed over.
 */
import { text } from "node:stream/consumers";

/** Who writes with a workflow's own token. */
const AUTHOR = "github-actions[bot]";

/** Of a comment or an issue, as far as it is looked at. This runs where no package is installed, so no schema checks it. */
interface Written {
    readonly id: number;
    readonly number?: number;
    readonly user: { readonly login: string } | null;
    readonly body: string | null;
    readonly pull_request?: unknown;
}

/** The oldest one, should there be several. */
export function ownOf(value: unknown, marker: string): number | undefined {
    if (!Array.isArray(value) || !value.every((page) => Array.isArray(page))) {
        throw new Error(`GitHub's answer is no list of pages: ${JSON.stringify(value).slice(0, 200)}`);
    }
    const found = (value.flat() as Written[])
        .filter(({ user, pull_request }) => user?.login === AUTHOR && pull_request === undefined)
        .find(({ body }) => body?.split(/\r?\n/, 1)[0]?.trim() === marker);
    return found?.number ?? found?.id;
}

if (import.meta.main) {
    const [marker = ""] = process.argv.slice(2);
    if (!/^<!-- .+ -->$/.test(marker)) {
        console.error(
            `the first line of the text has to be a marker, <!-- NAME: STACK -->, and is "${marker}"`,
        );
        process.exit(64);
    }
    const own = ownOf(JSON.parse(await text(process.stdin)), marker);
    if (own !== undefined) console.log(own);
}
