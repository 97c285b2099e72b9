/** The quorum's arithmetic, as a shell does it, against tables worked out by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { speak } from "./functions.ts";

test("the majority of one to seven managers", () => {
    const run = speak(["quorum"], "for n in 1 2 3 4 5 6 7; do majority $n; done");
    assert.equal(run.stdout, "1\n2\n2\n3\n3\n4\n4\n");
    assert.equal(run.stderr, "");
});

/**
 * Whether one may be demoted, by the number of members (row) and of those reachable (column, from 0): "+" yes, "-" no,
 * "." where it cannot be, as there are no more members than that, or the one itself is counted wrongly.
 */
const tables: { one: string; reachable: "yes" | "no"; table: string }[] = [
    {
        one: "that is reachable",
        reachable: "yes",
        table: `
            1 .-......
            2 .-+.....
            3 .--+....
            4 .--++...
            5 .---++..
            6 .---+++.
            7 .----+++`,
    },
    {
        one: "that is not",
        reachable: "no",
        table: `
            1 -.......
            2 --......
            3 --+.....
            4 ---+....
            5 ---++...
            6 ----++..
            7 ----+++.`,
    },
];

for (const { one, reachable, table } of tables) {
    test(`when one of one to seven managers ${one} may be demoted`, () => {
        const rows = table.trim().split(/\n\s*/);
        const cases = rows.flatMap((row) => {
            const [members = "", marks = ""] = row.split(" ");
            return [...marks]
                .map((mark, count) => ({ members, count, mark }))
                .filter(({ mark }) => mark !== ".");
        });
        const run = speak(
            ["quorum"],
            cases
                .map(
                    ({ members, count }) =>
                        `[ -z "$(refusal_to_demote ${members} ${count} ${reachable})" ] && echo + || echo -`,
                )
                .join("\n"),
        );
        const seen = run.stdout.trim().split("\n");
        assert.equal(run.stderr, "");
        assert.deepEqual(
            cases.map(
                ({ members, count }, index) => `${members} members, ${count} reachable: ${seen[index]}`,
            ),
            cases.map(({ members, count, mark }) => `${members} members, ${count} reachable: ${mark}`),
        );
    });
}

const texts: [members: number, reachable: number, itIs: "yes" | "no", text: string][] = [
    [1, 1, "yes", "it is the only manager\n"],
    [2, 1, "no", "1 of 2 managers are reachable, where the majority is 2\n"],
    [3, 1, "yes", "1 of 3 managers are reachable, where the majority is 2\n"],
    [3, 2, "yes", "without it there would be 2 managers, 1 of them reachable, where the majority is 2\n"],
    [3, 2, "no", ""],
    [3, 3, "yes", ""],
    [5, 3, "yes", "without it there would be 4 managers, 2 of them reachable, where the majority is 3\n"],
    [7, 3, "no", "3 of 7 managers are reachable, where the majority is 4\n"],
    [7, 4, "yes", "without it there would be 6 managers, 3 of them reachable, where the majority is 4\n"],
];

for (const [members, reachable, itIs, text] of texts) {
    test(`${members} managers, ${reachable} reachable, the one is: ${itIs}: ${text.trim() || "may go"}`, () => {
        const run = speak(["quorum"], `refusal_to_demote ${members} ${reachable} ${itIs}`);
        assert.deepEqual(run, { status: 0, stdout: text, stderr: "" });
    });
}
