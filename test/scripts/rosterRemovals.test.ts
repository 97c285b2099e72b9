/** How the roster sees off members: whose they are, in which steps, and when it refuses. */
import { describe, test } from "node:test";
import {
    answer,
    assertDone,
    assertFailed,
    joined,
    manager,
    roster,
    wantManager,
    wantWorker,
    worker,
} from "./fakeSwarm.ts";

describe("members that are not wanted", () => {
    const seed = manager("m1", "node1");
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
                stderr: `removing ${said} (old, ready)\n`,
                stdout: answer(2, "old"),
                changes: ["node update --availability drain old", "node rm --force old"],
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
            stderr: "removing node8 (o8, ready)\nremoving node9 (o9, ready)\n",
            stdout: answer(2, "o8 o9"),
            changes: [
                "node update --availability drain o8",
                "node rm --force o8",
                "node update --availability drain o9",
                "node rm --force o9",
            ],
        });
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
            stderr: "removing node9 (old, down)\n",
            stdout: answer(2, "old"),
            changes: ["node update --availability drain old", "node rm --force old"],
        });
    });

    test("a manager that is down is demoted and removed where the others keep the quorum", async () => {
        const run = await roster(
            {
                members: [
                    seed,
                    manager("m2", "node2"),
                    "old manager drain down unreachable swarm-dev node3 swarm-dev node3",
                ],
            },
            [wantManager("m1", "node1"), wantManager("m2", "node2")],
        );
        assertDone(run, {
            stderr: "removing node3 (old, down)\n",
            stdout: answer(2, "old"),
            changes: [
                "node update --role worker old",
                "node update --availability drain old",
                "node rm --force old",
            ],
        });
    });

    test("tasks that find no room fail the roster when their time is up, and the member stays", async () => {
        const run = await roster(
            {
                members: [seed, worker("old", "node9")],
                services: [nginx],
                tasks: ["t1 s1 old running running", "t2 s1 old running running"],
            },
            [wantManager("m1", "node1"), ["service", "nginx"]],
        );
        const seen = "nginx: 0 of 2 tasks run elsewhere; ";
        assertFailed(run, {
            stderr:
                "removing node9 (old, ready)\n" +
                `waiting for the tasks of node9 to run elsewhere, 5 s: ${seen}\n` +
                `waiting for the tasks of node9 to run elsewhere, 15 s: ${seen}\n` +
                `waited 20 s for the tasks of node9 to run elsewhere; last seen: ${seen}\n`,
            changes: ["node update --availability drain old"],
        });
    });

    test("while there is no leader nothing counts as settled", async () => {
        const run = await roster(
            {
                members: [
                    seed,
                    manager("m2", "node2"),
                    "old manager active ready reachable swarm-dev node3 swarm-dev node3",
                    worker("n4", "node4"),
                ],
                services: [nginx],
                tasks: ["t1 s1 old running running"],
                leader: ["old -"],
            },
            [
                wantManager("m1", "node1"),
                wantManager("m2", "node2"),
                wantWorker("n4", "node4"),
                ["service", "nginx"],
            ],
        );
        assertDone(run, {
            stderr: "removing node3 (old, ready)\n",
            stdout: answer(3, "old"),
            changes: [
                "node update --role worker old",
                "node update --availability drain old",
                "node rm --force old",
            ],
        });
    });
});

describe("quorum", () => {
    const unreachable = (id: string, name: string) =>
        `${id} manager drain ready unreachable swarm-dev ${name} swarm-dev ${name}`;

    test("a manager is not removed where too few of the others are reachable", async () => {
        const run = await roster(
            { members: [manager("m1", "node1"), unreachable("m2", "node2"), manager("old", "node3")] },
            [wantManager("m1", "node1"), wantManager("m2", "node2")],
        );
        assertFailed(run, {
            stderr:
                "removing node3 (old, ready)\n" +
                "node1: without node3 there would be 2 managers, 1 of them reachable, where the majority is 2. " +
                "Bring the unreachable managers back first, or take fewer away at once.\n",
            changes: [],
        });
    });

    test("nor made a worker", async () => {
        const run = await roster(
            { members: [manager("m1", "node1"), unreachable("m2", "node2"), manager("m3", "node3")] },
            [wantManager("m1", "node1"), wantManager("m2", "node2"), wantWorker("m3", "node3")],
        );
        assertFailed(run, {
            stderr:
                "node1: without node3 there would be 2 managers, 1 of them reachable, where the majority is 2. " +
                "Bring the unreachable managers back first, or take fewer away at once.\n",
            changes: [],
        });
    });

    const threes = {
        "all of them reachable": manager("m2", "node2"),
        "an unreachable one among them": unreachable("m2", "node2"),
    };
    for (const [what, second] of Object.entries(threes)) {
        test(`three managers become one: ${what}`, async () => {
            const run = await roster({ members: [manager("m1", "node1"), second, manager("m3", "node3")] }, [
                wantManager("m1", "node1"),
            ]);
            assertDone(run, {
                stderr: "removing node2 (m2, ready)\nremoving node3 (m3, ready)\n",
                stdout: answer(1, "m2 m3"),
                changes: ["m2", "m3"].flatMap((id) => [
                    `node update --role worker ${id}`,
                    `node update --availability drain ${id}`,
                    `node rm --force ${id}`,
                ]),
            });
        });
    }
});
