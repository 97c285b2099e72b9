/** How the roster makes managers workers: in which order, and when it refuses. */
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import {
    answer,
    assertDone,
    assertFailed,
    demoted,
    leader,
    manager,
    roster,
    seenOff,
    settled,
    wantManager,
    wantWorker,
} from "./fakeSwarm.ts";

const down = (id: string, name: string) =>
    `${id} manager drain down unreachable swarm-dev ${name} swarm-dev ${name}`;
/** There, but the other managers do not reach it: port 2377 is closed, say. */
const unreachable = (id: string, name: string) => down(id, name).replace("down", "ready");

describe("demotions", () => {
    const rows: {
        what: string;
        members: readonly string[];
        wanted: readonly Line[];
        stderr: string;
        left: number;
        removed: string;
        changes: readonly string[];
    }[] = [
        {
            what: "three managers become one: all of them are demoted before the first is emptied",
            members: [leader("m1", "node1"), manager("m2", "node2"), manager("m3", "node3")],
            wanted: [wantManager("m1", "node1")],
            stderr:
                "demoting node2 (m2)\ndemoting node3 (m3)\n" +
                "emptying node2 (m2, ready)\nremoving node2 (m2)\nemptying node3 (m3, ready)\nremoving node3 (m3)\n",
            left: 1,
            removed: "m2 m3",
            changes: [demoted("m2"), demoted("m3"), ...seenOff("m2"), ...seenOff("m3")],
        },
        {
            what: "the unreachable one is demoted first, since it weighs on the quorum",
            members: [leader("m1", "node1"), manager("m2", "node2"), down("m3", "node3")],
            wanted: [wantManager("m1", "node1")],
            stderr:
                "demoting node3 (m3)\ndemoting node2 (m2)\n" +
                "emptying node2 (m2, ready)\nremoving node2 (m2)\nemptying node3 (m3, down)\nremoving node3 (m3)\n",
            left: 1,
            removed: "m2 m3",
            changes: [demoted("m3"), demoted("m2"), ...seenOff("m2"), ...seenOff("m3")],
        },
        {
            what: "the leader is demoted last, and the moment without one is waited out",
            members: [leader("m1", "node1"), manager("m2", "node2"), manager("m3", "node3")],
            wanted: [wantManager("m3", "node3")],
            stderr:
                "demoting node2 (m2)\ndemoting node1 (m1)\n" +
                "emptying node1 (m1, unknown)\nremoving node1 (m1)\nemptying node2 (m2, unknown)\nremoving node2 (m2)\n",
            left: 1,
            removed: "m1 m2",
            changes: [demoted("m2"), demoted("m1"), ...seenOff("m1"), ...seenOff("m2")],
        },
        {
            what: "a wanted worker among them stays in the swarm",
            members: [leader("m1", "node1"), manager("m2", "node2"), manager("m3", "node3")],
            wanted: [wantManager("m3", "node3"), wantWorker("m1", "node1"), wantWorker("m2", "node2")],
            stderr:
                "demoting node2 (m2)\ndemoting node1 (m1)\n" +
                "waiting for all nodes to be ready again, 5 s: node1 is unknown; node2 is unknown\n",
            left: 3,
            removed: "",
            changes: [
                demoted("m2"),
                demoted("m1"),
                settled("m1", "node1", "worker", "active"),
                settled("m2", "node2", "worker", "active"),
            ],
        },
        {
            what: "managers that a forced new cluster has cut off have no vote: not counted, and removed as they are",
            members: [
                leader("m1", "node1"),
                down("m2", "node2").replace("unreachable", "-"),
                down("m3", "node3").replace("unreachable", "-"),
            ],
            wanted: [wantManager("m1", "node1")],
            stderr: "emptying node2 (m2, down)\nremoving node2 (m2)\nemptying node3 (m3, down)\nremoving node3 (m3)\n",
            left: 1,
            removed: "m2 m3",
            changes: [...seenOff("m2"), ...seenOff("m3")],
        },
        {
            what: "of five with two down, two go",
            members: [
                leader("m1", "node1"),
                manager("m2", "node2"),
                manager("m3", "node3"),
                down("m4", "node4"),
                down("m5", "node5"),
            ],
            wanted: [wantManager("m1", "node1"), wantManager("m2", "node2"), wantManager("m3", "node3")],
            stderr:
                "demoting node4 (m4)\ndemoting node5 (m5)\n" +
                "emptying node4 (m4, down)\nremoving node4 (m4)\nemptying node5 (m5, down)\nremoving node5 (m5)\n",
            left: 3,
            removed: "m4 m5",
            changes: [demoted("m4"), demoted("m5"), ...seenOff("m4"), ...seenOff("m5")],
        },
    ];
    for (const { what, members, wanted, stderr, left, removed, changes } of rows) {
        test(what, async () => {
            assertDone(await roster({ members }, wanted), { stderr, stdout: answer(left, removed), changes });
        });
    }

    test("a wanted manager may be called worker", async () => {
        const run = await roster({ members: [leader("m1", "node1"), manager("m2", "worker")] }, [
            wantManager("m1", "node1"),
            wantManager("m2", "worker"),
        ]);
        assertDone(run, { stdout: answer(2), changes: [] });
    });

    test("a manager that somebody joined by hand stays one", async () => {
        const run = await roster(
            { members: [leader("m1", "node1"), "hand manager active ready reachable - - - host9"] },
            [wantManager("m1", "node1")],
        );
        assertDone(run, {
            stderr: "host9 (hand) is a member that this stack did not make; leaving it alone\n",
            stdout: answer(2, "", "hand"),
            changes: [],
        });
    });
});

describe("what would cost the quorum is refused", () => {
    const refused = (name: string, why: string) =>
        `node1: ${name} stays a manager: ${why}. Nothing is changed from here on, no node is removed. ` +
        "Bring unreachable managers back first, or take fewer away at once.\n";
    const rows: {
        what: string;
        members: readonly string[];
        wanted: readonly Line[];
        stderr: string;
        changes: string[];
    }[] = [
        {
            what: "one of three goes, and another that stays is unreachable",
            members: [leader("m1", "node1"), unreachable("m2", "node2"), manager("m3", "node3")],
            wanted: [wantManager("m1", "node1"), wantManager("m2", "node2")],
            stderr: refused(
                "node3",
                "without it there would be 2 managers, 1 of them reachable, where the majority is 2",
            ),
            changes: [],
        },
        {
            what: "one of three becomes a worker, and another that stays is unreachable",
            members: [leader("m1", "node1"), unreachable("m2", "node2"), manager("m3", "node3")],
            wanted: [wantManager("m1", "node1"), wantManager("m2", "node2"), wantWorker("m3", "node3")],
            stderr: refused(
                "node3",
                "without it there would be 2 managers, 1 of them reachable, where the majority is 2",
            ),
            changes: [],
        },
        {
            what: "three of five go, and the two that stay are not all reachable: what is safe is done first",
            members: [
                leader("m1", "node1"),
                unreachable("m2", "node2"),
                manager("m3", "node3"),
                manager("m4", "node4"),
                manager("m5", "node5"),
            ],
            wanted: [wantManager("m1", "node1"), wantManager("m2", "node2")],
            stderr: `demoting node3 (m3)\ndemoting node4 (m4)\n${refused(
                "node5",
                "without it there would be 2 managers, 1 of them reachable, where the majority is 2",
            )}`,
            changes: [demoted("m3"), demoted("m4")],
        },
    ];
    for (const { what, members, wanted, stderr, changes } of rows) {
        test(what, async () => {
            assertFailed(await roster({ members }, wanted), { stderr, changes });
        });
    }
});
