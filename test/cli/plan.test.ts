/** What a change means for the swarm, told from a preview of each kind of change. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { planText } from "../../cli/plan/text.ts";
import { plainText } from "../../cli/plan/words.ts";
import { planFor, previewNames, recordedFolder, textFolder } from "./plans.ts";

describe("each change, as text; written anew by: node test/cli/planTexts.ts", () => {
    test("there is a text for each change, and no other", () => {
        const texts = globSync("*.txt", { cwd: textFolder }).map((file) => file.replace(/\.txt$/, ""));
        assert.deepEqual(texts.sort(), previewNames);
        assert.ok(previewNames.length > 50, `${previewNames.length} changes`);
    });
    for (const name of previewNames) {
        test(name, async () => {
            const expected = readFileSync(path.join(textFolder, `${name}.txt`), "utf8");
            assert.equal(planText(await planFor(name)), expected);
        });
    }
});

describe("recordings hold nothing that they should not", () => {
    for (const file of globSync("*", { cwd: recordedFolder })) {
        test(file, () => {
            const text = readFileSync(path.join(recordedFolder, file), "utf8");
            assert.doesNotMatch(text, /BEGIN [A-Z ]*PRIVATE KEY|SWMTKN|dop_v1_|hunter2/);
            assert.doesNotMatch(text, /"(?:\/|file:|project:)|sourcePosition/);
        });
    }
});

/** Managers on the list from the first to the last, and losses that are borne before, at worst, after; -1: no quorum. */
const quorums: readonly (readonly [
    name: string,
    path: string,
    before: number,
    worst: number,
    after: number,
])[] = [
    ["first-up", "0 1", -1, 0, 0],
    ["scale-out", "1", 0, 0, 0],
    ["roll-manager", "1 2 1", 0, 0, 0],
    ["roll-workers", "1", 0, 0, 0],
    ["manager-exchanged", "1 2 1", 0, 0, 0],
    ["manager-to-worker", "1 2 1", 0, 0, 0],
    ["places", "1 2 1", 0, 0, 0],
    ["one-to-three", "1 2 3", 0, 0, 1],
    ["promote", "1 2 3", 0, 0, 1],
    ["three-to-one", "3 2 1", 1, 0, 0],
    ["demote", "3 2 1", 1, 0, 0],
    ["swap", "3 4 3", 1, 1, 1],
    ["seed", "3", 1, 1, 1],
    ["seed-worker", "3 4 3", 1, 1, 1],
    ["seed-goes", "3 4 3", 1, 1, 1],
    ["seed-anew", "3 4 3", 1, 1, 1],
    ["five", "3 4 5", 1, 1, 2],
    ["roll-three", "3 4 5 6 5 4 3", 1, 1, 1],
    ["managers-exchanged", "3 4 5 6 5 4 3", 1, 1, 1],
    ["managers-to-workers", "3 4 3 2 1", 1, 0, 0],
    ["lost-seed", "3 4 3", 0, 0, 1],
    ["lost-quorum", "3 1 2 3", -1, -1, 1],
    ["start-over", "1", 0, 0, 0],
    ["start-over-three", "3", 1, 1, 1],
    ["start-over-lost", "3 1 2 3", -1, -1, 1],
    ["lost-manager-out", "3", -1, -1, -1],
    ["no-leader", "3", -1, -1, -1],
    ["destroy", "1 0", 0, 0, -1],
];

describe("managers on the way, and the losses that the quorum bears", () => {
    for (const [name, way, before, worst, after] of quorums) {
        test(name, async () => {
            const { course } = await planFor(name);
            assert.equal(course.path.join(" "), way);
            assert.deepEqual(
                [course.before.bears, course.worst.bears, course.after.bears],
                [before, worst, after],
            );
        });
    }

    test("the worst moment is the one with most managers, each of which may fail", async () => {
        assert.deepEqual((await planFor("roll-manager")).course.worst, {
            members: 2,
            reachable: 2,
            bears: 0,
        });
        assert.deepEqual((await planFor("roll-three")).course.worst, { members: 4, reachable: 4, bears: 1 });
    });

    test("a lost manager counts among those on the list until the roster has demoted it, before any other", async () => {
        const { steps } = (await planFor("lost-seed")).course;
        assert.deepEqual(
            steps.flatMap(({ what, managers }) =>
                managers ? [[plainText(what), managers.members, managers.reachable]] : [],
            ),
            [
                ["joins as the first manager: node1", 4, 3],
                ["lost managers demoted: node1", 3, 3],
            ],
        );
    });
});

describe("cost", () => {
    test("before, after, and meanwhile", async () => {
        assert.deepEqual((await planFor("size")).cost, { before: 24, after: 72, meanwhile: 96 });
        assert.deepEqual((await planFor("scale-in")).cost, { before: 24, after: 18, meanwhile: 24 });
        assert.deepEqual((await planFor("lost-worker")).cost, { before: 18, after: 24, meanwhile: 24 });
    });

    test("unknown, with the reason", async () => {
        assert.match(
            planText(await planFor("scale-in", { prices: { unknown: "there is no token" } })),
            /^cost {7}unknown: there is no token$/m,
        );
        assert.match(
            planText(await planFor("size", { prices: new Map([["s-1vcpu-1gb", 6]]) })),
            /^cost {7}unknown: the API has no price for the size s-2vcpu-2gb$/m,
        );
    });
});

describe("the droplet limit", () => {
    const warned = async (name: string, droplets: number, limit: number) =>
        (await planFor(name, { account: { droplets, limit } })).warnings
            .map(plainText)
            .filter((text) => text.includes("the account allows"));

    test("counts the old and the new", async () => {
        assert.deepEqual(await warned("roll-all", 4, 7), [
            "4 more droplets for the while, but the account allows 7 and has 4: exchange nodes in portions, or ask DigitalOcean for a higher limit",
        ]);
        assert.deepEqual(await warned("roll-all", 4, 8), []);
        assert.deepEqual(await warned("replicas-up", 9, 8), []);
    });
});
