/** What the roster makes of wanted members, and of services and networks. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import {
    answer,
    assertDone,
    assertFailed,
    demoted,
    howToMend,
    joined,
    leader,
    manager,
    roster,
    seenOff,
    settled,
    wantManager,
    wantWorker,
    worker,
} from "./fakeSwarm.ts";

describe("wanted members", () => {
    test("nothing to do: nothing is changed", async () => {
        const run = await roster({ members: [leader("m1", "node1"), worker("w2", "node2")] }, [
            wantManager("m1", "node1"),
            wantWorker("w2", "node2"),
        ]);
        assertDone(run, { stdout: answer(2), changes: [] });
    });

    const differing: { what: string; member: string; wanted: Line; change: string }[] = [
        {
            what: "one that has just joined",
            member: joined("n2", "node2"),
            wanted: wantWorker("n2", "node2"),
            change: settled("n2", "node2", "worker", "active"),
        },
        {
            what: "one that is to be a manager",
            member: joined("n2", "node2"),
            wanted: wantManager("n2", "node2"),
            change: settled("n2", "node2", "manager", "drain"),
        },
        {
            what: "one that somebody has drained",
            member: "n2 worker drain ready - swarm-dev node2 swarm-dev node2",
            wanted: wantWorker("n2", "node2"),
            change: settled("n2", "node2", "worker", "active"),
        },
        {
            what: "one that has lost its name",
            member: "n2 worker active ready - swarm-dev - swarm-dev node2",
            wanted: wantWorker("n2", "node2"),
            change: settled("n2", "node2", "worker", "active"),
        },
    ];
    for (const { what, member, wanted, change } of differing) {
        test(`${what} gets role, availability and labels in one update`, async () => {
            const run = await roster({ members: [leader("m1", "node1"), member] }, [
                wantManager("m1", "node1"),
                wanted,
            ]);
            assertDone(run, { stdout: answer(2), changes: [change] });
            // What it was given is what the next run finds.
            const [id = "", name = "", role, availability] = `${wanted[1]}`.split(" ");
            const reachability = role === "manager" ? "reachable" : "-";
            assert.equal(
                run.files.members,
                `${leader("m1", "node1")}\n` +
                    `${id} ${role} ${availability} ready ${reachability} swarm-dev ${name} swarm-dev ${name}\n`,
            );
        });
    }

    test("each promotion waits until the manager before is reachable", async () => {
        const run = await roster(
            { members: [leader("m1", "node1"), joined("n2", "node2"), joined("n3", "node3")] },
            [wantManager("m1", "node1"), wantManager("n2", "node2"), wantManager("n3", "node3")],
        );
        assertDone(run, {
            stdout: answer(3),
            changes: [settled("n2", "node2", "manager", "drain"), settled("n3", "node3", "manager", "drain")],
        });
    });

    test("promotions come before demotions, and both before removals", async () => {
        const run = await roster(
            {
                members: [
                    leader("m1", "node1"),
                    manager("old", "node9"),
                    manager("m2", "node2"),
                    joined("n3", "node3"),
                ],
            },
            // The input's order says managers first, but the roster does not depend on it.
            [wantWorker("m2", "node2"), wantManager("n3", "node3"), wantManager("m1", "node1")],
        );
        assertDone(run, {
            stderr: "demoting node9 (old)\ndemoting node2 (m2)\nemptying node9 (old, ready)\nremoving node9 (old)\n",
            stdout: answer(3, "old"),
            changes: [
                settled("n3", "node3", "manager", "drain"),
                demoted("old"),
                demoted("m2"),
                settled("m2", "node2", "worker", "active"),
                ...seenOff("old"),
            ],
        });
    });

    test("a member that arrives and gets ready while the roster waits is waited for", async () => {
        const run = await roster(
            {
                members: [leader("m1", "node1"), "n2 worker drain down - - - swarm-dev node2"],
                due: [`3 members + ${joined("n3", "node3")}`, "7 members n2 4 ready"],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2"), wantWorker("n3", "node3")],
        );
        assertDone(run, {
            stderr: "waiting for all nodes to be ready, 5 s: node2 is down\n",
            stdout: answer(3),
            changes: [settled("n2", "node2", "worker", "active"), settled("n3", "node3", "worker", "active")],
        });
    });

    test("a wanted ID that the swarm does not know fails the roster, before anything is changed", async () => {
        const run = await roster({ members: [leader("m1", "node1"), worker("old", "node9")] }, [
            wantManager("m1", "node1"),
            wantWorker("n2", "node2"),
        ]);
        const seen = "node2 (n2) is not in the swarm's list";
        assertFailed(run, {
            stderr:
                `waiting for all nodes to be ready, 5 s: ${seen}\n` +
                `waited 10 s for all nodes to be ready; last seen: ${seen}\n${howToMend("node2")}\n`,
            changes: [],
        });
    });

    const away = (id: string, name: string) =>
        `${id} worker active down - swarm-dev ${name} swarm-dev ${name}`;
    const patience: {
        what: string;
        more: readonly string[];
        seconds: number;
        seen: string;
        names: string[];
    }[] = [
        {
            what: "a node that was in its place before is waited for as long as a reboot takes",
            more: [away("n3", "node3")],
            seconds: 120,
            seen: "node2 is down; node3 is down",
            names: ["node2", "node3"],
        },
        {
            what: "with a new node among the missing, all of a new node's time is given",
            more: [joined("n3", "node3").replace("ready", "down")],
            seconds: 130,
            seen: "node2 is down; node3 is down",
            names: ["node2", "node3"],
        },
    ];
    for (const { what, more, seconds, seen, names } of patience) {
        test(`${what}, and what to do is said of each`, async () => {
            const run = await roster(
                { members: [leader("m1", "node1"), away("n2", "node2"), ...more] },
                [wantManager("m1", "node1"), wantWorker("n2", "node2"), wantWorker("n3", "node3")],
                130,
            );
            const said = [5, 15, 45]
                .filter((second) => second < seconds)
                .map((second) => `waiting for all nodes to be ready, ${second} s: ${seen}\n`);
            assertFailed(run, {
                stderr:
                    `${said.join("")}waited ${seconds} s for all nodes to be ready; last seen: ${seen}\n` +
                    names.map((name) => `${howToMend(name)}\n`).join(""),
                changes: [],
            });
        });
    }

    test("a swarm that has lost its quorum: what to do is said, and nothing is changed", async () => {
        const run = await roster({ members: [manager("m1", "node1")] }, [wantManager("m1", "node1")], 3);
        assertFailed(run, {
            stderr:
                "waited 3 s for all nodes to be ready; last seen: no list of members: Error response from daemon: rpc " +
                "error: code = Unknown desc = The swarm does not have a leader.\n" +
                "More than half of the managers are lost, so nothing in the swarm can be changed; its tasks run on. " +
                "Bring managers back (power their droplets on), then: pulumi up. If they are gone for good, go on from " +
                "one that is left, node1 or another: pulumi config set swarm:recoverFrom node1, then: pulumi up " +
                "--refresh\n",
            changes: [],
        });
    });

    test("a wanted member that somebody paused is opened again", async () => {
        const run = await roster(
            { members: [leader("m1", "node1"), worker("n2", "node2").replace("active", "pause")] },
            [wantManager("m1", "node1"), wantWorker("n2", "node2")],
        );
        assertDone(run, { stdout: answer(2), changes: [settled("n2", "node2", "worker", "active")] });
    });

    test("a wanted member that somebody removes meanwhile is missed by name", async () => {
        // While the promotion of the first is waited for.
        const run = await roster(
            {
                members: [leader("m1", "node1"), joined("n2", "node2"), joined("n3", "node3")],
                promotions: ["4"],
                due: ["2 members n3 1 gone"],
            },
            [wantManager("m1", "node1"), wantManager("n2", "node2"), wantWorker("n3", "node3")],
        );
        assertFailed(run, {
            stderr:
                "node1: node3 (n3) is not in the swarm's list any more; somebody has removed it. To make it anew: " +
                "cli/bin/swarm replace node3\n",
            changes: [settled("n2", "node2", "manager", "drain")],
        });
    });

    test("a promotion that does not come through fails after a minute, with what was seen", async () => {
        const run = await roster(
            { members: [leader("m1", "node1"), joined("n2", "node2")], promotions: ["1000"] },
            [wantManager("m1", "node1"), wantManager("n2", "node2")],
        );
        const seen = "role manager, as a manager unknown";
        const said = [5, 15, 45].map(
            (seconds) => `waiting for node2 to be a manager, ${seconds} s: ${seen}\n`,
        );
        assertFailed(run, {
            stderr: `${said.join("")}waited 60 s for node2 to be a manager; last seen: ${seen}\n`,
            changes: [settled("n2", "node2", "manager", "drain")],
        });
    });

    for (const text of [
        "Error response from daemon: rpc error: code = Unknown desc = update out of sequence",
        "Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader.",
        "Error response from daemon: rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status",
    ]) {
        test(`an update is sent again after "${text}"`, async () => {
            const run = await roster(
                {
                    members: [leader("m1", "node1"), joined("n2", "node2")],
                    refusals: [`node update ${text}`, `node update ${text} `],
                },
                [wantManager("m1", "node1"), wantWorker("n2", "node2")],
            );
            const change = settled("n2", "node2", "worker", "active");
            assertDone(run, { stdout: answer(2), changes: [change, change, change] });
        });
    }

    test("an update that stays out of sequence fails after half a minute", async () => {
        const text = "rpc error: code = Unknown desc = update out of sequence";
        const run = await roster(
            {
                members: [leader("m1", "node1"), joined("n2", "node2")],
                refusals: Array.from({ length: 40 }, (_, n) => `node update ${n} ${text}`),
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2")],
        );
        const change = settled("n2", "node2", "worker", "active");
        assertFailed(run, {
            stderr: `node1: docker ${change}: still after 30 s: 30 ${text}\n`,
            changes: Array.from({ length: 31 }, () => change),
        });
    });

    test("any other answer to an update is said at once", async () => {
        const run = await roster(
            {
                members: [leader("m1", "node1"), joined("n2", "node2")],
                refusals: ["node update Error response from daemon: permission denied"],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2")],
        );
        const change = settled("n2", "node2", "worker", "active");
        assertFailed(run, {
            stderr: `node1: docker ${change}: Error response from daemon: permission denied\n`,
            changes: [change],
        });
    });
});
