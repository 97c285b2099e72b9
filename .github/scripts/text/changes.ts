/**
 * usage: node changes.ts FILE
 *
 * FILE is the output of `pulumi preview --json`. Prints `true` when there is anything to do, else `false`.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";

const preview = z.object({ changeSummary: z.record(z.string(), z.number()) });

/** @param value The parsed output; `changeSummary` counts the steps by their kind, `same` among them. */
export function hasChanges(value: unknown): boolean {
    return Object.entries(preview.parse(value).changeSummary).some(
        ([kind, count]) => kind !== "same" && count > 0,
    );
}

if (import.meta.main) {
    const [file = ""] = process.argv.slice(2);
    console.log(hasChanges(JSON.parse(readFileSync(file, "utf8"))));
}
