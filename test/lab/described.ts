/** Holds answers against the vendor's published description. */
import assert from "node:assert/strict";
import type { Answered } from "./description.ts";
import { publishedDescription } from "./published.ts";

export const published = await publishedDescription();

/** Where the published description is not followed. An entry that no answer needs fails its test. */
export const EXCEPTIONS: readonly { readonly line: RegExp; readonly why: string }[] = [
    {
        line: /there is no \/.*\/disk_info$/,
        why: "newer than the copy in the package; the vendor's own of August 2026 has it",
    },
    { line: /there is no \/load_balancers?(\/\*)?\/(type|network)$/, why: "likewise" },
    { line: /there is no \/account\/name$/, why: "likewise" },
    { line: /\/regions\/\* must be one of ams1,.*,tor1$/, why: "likewise, of the region syd1" },
    {
        line: /there is no \/account\/(reserved_ip|volume)_limit$/,
        why: "described nowhere; the vendor's Go client reads them",
    },
    { line: /there is no \/tags?(\/\*)?\/resources\/images$/, why: "described as `imgages`" },
];

/** Fails where an answer of `/v2` is not one that the vendor describes. */
export function assertDescribed(answered: Answered): void {
    const lines = published.violations(answered);
    assert.deepEqual(
        lines.filter((line) => !EXCEPTIONS.some((exception) => exception.line.test(line))),
        [],
        answered.text,
    );
}
