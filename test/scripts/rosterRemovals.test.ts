/** How the roster sees off members: whose they are, and in which steps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
    answer,
    assertDone,
    joined,
    leader,
    paused,
    roster,
    seenOff,
    wantManager,
    wantWorker,
    worker,
} from "./fakeSwarm.ts";

describe("members that are not wanted", () => {
    const seed = leader("m1", "node1");
    const nginx = "s1 nginx replicated swarm-dev";

    const ours: { what: string; member: string; said: string }[] = [
        { what: "this stack's label", member: worker("old", "node9"), said: "node9" },
        {
            what: "its engine's label alone, as one that was lost right after it joined,",
            member: joined("old", "host9"),
            said: "host9",
        },
        {
            what: "this stack's label on an engine without one",
            member: "old worker active ready - swarm-dev node9 - host9",
            said: "node9",
        },
        {
            what: "the host name of a wanted one",
            member: "old worker active ready - swarm-dev node2 swarm-dev node2",
            said: "node2",
        },
    ];
    for (const { what, member, said } of ours) {
        test(`one with ${what} is drained and removed, by its ID`, async () => {
            const run = await roster({ members: [seed, member, worker("n2", "node2")] }, [
                wantManager("m1", "node1"),
                wantWorker("n2", "node2"),
            ]);
            assertDone(run, {
                stderr: `emptying ${said} (old, ready)\nremoving ${said} (old)\n`,
                stdout: answer(2, "old"),
                changes: member.includes(" active ") ? [paused("old"), ...seenOff("old")] : seenOff("old"),
            });
        });
    }

    const foreign: { what: string; member: string }[] = [
        { what: "that somebody joined by hand", member: "hand worker active ready - - - - host9" },
        {
            what: "of another stack",
            member: "hand worker active ready - swarm-prod node9 swarm-prod host9",
        },
        {
            what: "that another stack has taken over",
            member: "hand worker active ready - swarm-prod node9 swarm-dev host9",
        },
        {
            what: "that is another stack's and unlabelled",
            member: "hand worker active ready - - - swarm-prod host9",
        },
        { what: "that is down and not ours", member: "hand manager active down unreachable - - - host9" },
    ];
    for (const { what, member } of foreign) {
        test(`one ${what} is left alone and named`, async () => {
            const run = await roster({ members: [seed, member] }, [wantManager("m1", "node1")]);
            assertDone(run, {
                stderr: "host9 (hand) is a member that this stack did not make; leaving it alone\n",
                stdout: answer(2, "", "hand"),
                changes: [],
            });
        });
    }

    test("one that has never reported, and so has no host name, is left alone like any other", async () => {
        const run = await roster({ members: [seed, "half worker active unknown - - - - "] }, [
            wantManager("m1", "node1"),
        ]);
        assertDone(run, {
            stderr: "unnamed (half) is a member that this stack did not make; leaving it alone\n",
            stdout: answer(2, "", "half"),
            changes: [],
        });
    });

    test("several go one after another, each once its tasks run elsewhere", async () => {
        const run = await roster(
            {
                members: [seed, worker("n2", "node2"), worker("o8", "node8"), worker("o9", "node9")],
                services: [nginx, "s2 agent global swarm-dev"],
                tasks: [
                    "t1 s1 n2 running running",
                    "t2 s1 o8 running running",
                    "t3 s1 o9 running running",
                    "t4 s2 o9 running running",
                    "t5 s1 o9 failed shutdown",
                ],
            },
            [
                wantManager("m1", "node1"),
                wantWorker("n2", "node2"),
                ["service", "nginx"],
                ["service", "agent"],
            ],
        );
        assertDone(run, {
            stderr: "emptying node8 (o8, ready)\nremoving node8 (o8)\nemptying node9 (o9, ready)\nremoving node9 (o9)\n",
            stdout: answer(2, "o8 o9"),
            changes: [paused("o8"), paused("o9"), ...seenOff("o8"), ...seenOff("o9")],
        });
        // None of them moved twice: not from the first that left to the second.
        assert.deepEqual(
            (run.files.tasks ?? "").split("\n").filter((line) => line.endsWith(" running running")),
            ["t1 s1 n2 running running", "t2-again s1 n2 running running", "t3-again s1 n2 running running"],
        );
    });

    test("one that is down cannot say that its tasks have ended: those that run elsewhere do for it", async () => {
        const run = await roster(
            {
                members: [
                    seed,
                    worker("n2", "node2"),
                    "old worker active down - swarm-dev node9 swarm-dev node9",
                ],
                services: [nginx],
                tasks: [
                    "t1 s1 old running shutdown",
                    "t2 s1 n2 running running",
                    "t3 s1 old running running",
                ],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "nginx"]],
        );
        assertDone(run, {
            stderr: "emptying node9 (old, down)\nremoving node9 (old)\n",
            stdout: answer(2, "old"),
            changes: [paused("old"), ...seenOff("old")],
        });
    });
});
