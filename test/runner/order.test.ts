/** Which parts run, and what is said of those that do not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Counts } from "./counts.ts";
import { runInOrder } from "./order.ts";

const parts = [
    { name: "types", gate: true },
    { name: "lint", gate: true },
    { name: "unit" },
    { name: "cluster" },
];
const good: Counts = { passed: 1, failed: 0 };
const bad: Counts = { passed: 0, failed: 1 };

for (const [what, counts, ran, faults] of [
    ["all hold", {}, ["types", "lint", "unit", "cluster"], []],
    ["a part that is no gate fails: the others run", { unit: bad }, ["types", "lint", "unit", "cluster"], []],
    [
        "types fail: lint still says what it has to say, and nothing else runs",
        { types: bad },
        ["types", "lint"],
        ["types failed, so these were not run: unit, cluster"],
    ],
    [
        "both gates fail",
        { types: bad, lint: bad },
        ["types", "lint"],
        ["types and lint failed, so these were not run: unit, cluster"],
    ],
    [
        "a part has no test",
        { unit: { passed: 0, failed: 0 } },
        ["types", "lint", "unit", "cluster"],
        ['the part "unit" ran no test'],
    ],
    [
        "no lab for a part",
        { cluster: undefined },
        ["types", "lint", "unit", "cluster"],
        ["the labs did not start, so these were not run: cluster"],
    ],
] as const) {
    test(what, async () => {
        const seen: string[] = [];
        const found = await runInOrder(parts, async ({ name }) => {
            seen.push(name);
            return name in counts ? (counts as Record<string, Counts | undefined>)[name] : good;
        });
        assert.deepEqual([seen, found], [ran, faults]);
    });
}
