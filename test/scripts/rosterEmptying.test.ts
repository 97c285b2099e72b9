/** How the roster empties members that are to run no tasks: without a moment in which a service runs nowhere. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { waitedInVain } from "./fakeDaemon.ts";
import {
    answer,
    assertDone,
    assertFailed,
    demoted,
    leader,
    manager,
    paused,
    type RosterRun,
    roster,
    seenOff,
    wantManager,
    wantWorker,
    worker,
} from "./fakeSwarm.ts";
import { speak } from "./functions.ts";

let folder: string;
before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "emptying-"));
});
after(() => rmSync(folder, { recursive: true }));

const seed = leader("m1", "node1");
const nginx = "s1 nginx replicated swarm-dev";
const agent = "s2 agent global swarm-dev";
/** What a roster that fails undoes of its own. */
const opened = "The nodes that were to be emptied are open to tasks again.\n";
const activated = (id: string) => `node update --availability active ${id}`;
const moved = "service update --detach --force s1";
const moving = "moving service nginx, which runs nowhere else, off the nodes that are emptied\n";

/** The tasks that run at the end. */
const running = ({ files }: RosterRun) =>
    (files.tasks ?? "").split("\n").filter((line) => line.endsWith(" running running"));

describe("members that leave", () => {
    test("a service that also runs on one that stays is left to the drain", async () => {
        const run = await roster(
            {
                members: [seed, worker("n2", "node2"), worker("old", "node9")],
                services: [nginx],
                tasks: ["t1 s1 n2 running running", "t2 s1 old running running"],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "nginx"]],
        );
        assertDone(run, {
            stderr: "emptying node9 (old, ready)\nremoving node9 (old)\n",
            stdout: answer(2, "old"),
            changes: [paused("old"), ...seenOff("old")],
        });
    });

    test("a service that runs on no other is moved before, task after task", async () => {
        const run = await roster(
            {
                members: [seed, worker("n2", "node2"), worker("o8", "node8"), worker("o9", "node9")],
                services: [nginx, agent],
                tasks: [
                    "t1 s1 o8 running running",
                    "t2 s1 o9 running running",
                    "t3 s2 o8 running running",
                    "t4 s1 o8 failed shutdown",
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
            stderr:
                `${moving}waiting for the tasks of service nginx to run elsewhere, 5 s: 1 of 2 tasks run elsewhere\n` +
                "emptying node8 (o8, ready)\nremoving node8 (o8)\nemptying node9 (o9, ready)\nremoving node9 (o9)\n",
            stdout: answer(2, "o8 o9"),
            changes: [paused("o8"), paused("o9"), moved, ...seenOff("o8"), ...seenOff("o9")],
        });
        assert.deepEqual(running(run), [
            "t1-forced s1 n2 running running",
            "t2-forced s1 n2 running running",
        ]);
    });

    test("a service that somebody else made is moved like any other", async () => {
        const run = await roster(
            {
                members: [seed, worker("n2", "node2"), worker("old", "node9")],
                services: ["s1 theirs replicated -"],
                tasks: ["t1 s1 old running running"],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2")],
        );
        assertDone(run, {
            stderr:
                "moving service theirs, which runs nowhere else, off the nodes that are emptied\n" +
                "emptying node9 (old, ready)\nremoving node9 (old)\n",
            stdout: answer(2, "old"),
            changes: [paused("old"), moved, ...seenOff("old")],
        });
    });

    test("a service without tasks, and one whose last node is down, are not moved", async () => {
        const run = await roster(
            {
                members: [seed, worker("n2", "node2"), worker("old", "node9").replace("ready", "down")],
                services: [nginx, "s3 none replicated swarm-dev"],
                // Docker shows a task of a node that is down as running, wanted or not, and has started another.
                tasks: ["t1 s1 old running shutdown", "t2 s1 n2 running running"],
            },
            [
                wantManager("m1", "node1"),
                wantWorker("n2", "node2"),
                ["service", "nginx"],
                ["service", "none"],
            ],
        );
        assertDone(run, {
            stderr: "emptying node9 (old, down)\nremoving node9 (old)\n",
            stdout: answer(2, "old"),
            changes: [paused("old"), ...seenOff("old")],
        });
    });

    test("an update that is out of sequence is sent again", async () => {
        const run = await roster(
            {
                members: [seed, worker("n2", "node2"), worker("old", "node9")],
                services: [nginx],
                tasks: ["t1 s1 old running running"],
                refusals: ["service update rpc error: code = Unknown desc = update out of sequence"],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "nginx"]],
        );
        assertDone(run, {
            stderr: `${moving}emptying node9 (old, ready)\nremoving node9 (old)\n`,
            stdout: answer(2, "old"),
            changes: [paused("old"), moved, moved, ...seenOff("old")],
        });
    });

    test("tasks that the swarm says no node suits fail it at once: nobody is drained, and the node runs them again", async () => {
        const run = await roster(
            {
                members: [seed, worker("old", "node9")],
                services: [nginx],
                tasks: ["t1 s1 old running running", "t2 s1 old running running"],
                unsuitable: ['"no suitable node (scheduling constraints not satisfied on 2 nodes)"'],
                drain: 300,
            },
            [wantManager("m1", "node1"), ["service", "nginx"]],
        );
        const what = "the tasks of service nginx to run elsewhere";
        const seen =
            "0 of 2 tasks run elsewhere; the swarm: no suitable node (scheduling constraints not satisfied on 2 nodes)";
        assertFailed(run, {
            stderr:
                `${moving}waiting for ${what}, 5 s: ${seen}\nwaiting for ${what}, 15 s: ${seen}\n` +
                `waited 20 s for ${what}; last seen: ${seen}\n` +
                "Make room on the other nodes (more of them, fewer constraints). If this up changes nginx as well, take " +
                "that change first: pulumi up --target '**:Command::nginx'\n" +
                opened,
            changes: [paused("old"), moved, activated("old")],
        });
    });

    test("tasks that find no room fail the roster when their time is up: nobody is drained, the member stays", async () => {
        const run = await roster(
            {
                members: [seed, worker("old", "node9")],
                services: [nginx],
                tasks: ["t1 s1 old running running", "t2 s1 old running running"],
            },
            [wantManager("m1", "node1"), ["service", "nginx"]],
        );
        const what = "the tasks of service nginx to run elsewhere";
        const seen = "0 of 2 tasks run elsewhere";
        assertFailed(run, {
            stderr:
                `${moving}waiting for ${what}, 5 s: ${seen}\nwaiting for ${what}, 15 s: ${seen}\n` +
                `waited 20 s for ${what}; last seen: ${seen}\n` +
                "Make room on the other nodes (more of them, fewer constraints). If this up changes nginx as well, take " +
                "that change first: pulumi up --target '**:Command::nginx'\n" +
                opened,
            changes: [paused("old"), moved, activated("old")],
        });
    });

    for (const [what, graces, limit] of [
        ["its time is up", [], 20],
        ["the longest time to stop is over, and a minute", ["10000000000", "null", "120000000000"], 180],
    ] as const) {
        test(`a task that does not end fails the roster when ${what}, and the member stays`, async () => {
            const run = await roster(
                {
                    members: [seed, worker("n2", "node2"), worker("old", "node9")],
                    services: [nginx],
                    tasks: [
                        "t1 s1 n2 running running",
                        "t2 s1 old running running",
                        "t3 s1 old running shutdown",
                    ],
                    graces,
                },
                [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "nginx"]],
            );
            assertFailed(run, {
                stderr: `emptying node9 (old, ready)\n${waitedInVain("the tasks of node9 to run elsewhere", limit, "1 tasks still run there")}${opened}`,
                changes: [paused("old"), "node update --availability drain old", activated("old")],
            });
        });
    }
});

describe("what the emptying knows of tasks and of its connection", () => {
    const parts = ["prelude", "emptying"];

    for (const [what, where, told] of [
        ["where the old task runs still, beside the new one", "n2 old", "1 of 1 tasks run elsewhere"],
        ["where the new one runs alone", "n2", "moved"],
    ] as const) {
        test(`a service that starts new tasks first has moved or not: ${what}`, () => {
            const text = `
                leaving=' old' closing='' service_name=web
                runs_on() { printf '%s\\n' ${where}; }
                count() { printf '%s\\n' "$1" | grep -c .; }
                look_for_room() { :; }
                if service_has_moved s1 1; then echo moved; else echo "$seen"; fi`;
            assert.deepEqual(speak(parts, text), { status: 0, stdout: `${told}\n`, stderr: "" });
        });
    }

    for (const [what, caller, calls, said] of [
        ["are opened again", `${process.pid}`, "node update --availability active n2\n", opened],
        ["stay as they are where the connection is gone: the next run may be at work", "2147483647", "", ""],
    ] as const) {
        test(`nodes that were closed, and not removed, ${what}`, () => {
            const log = path.join(folder, "docker.log");
            writeFileSync(log, "");
            const text = `paused=' n2'; docker() { echo "$*" >>'${log}'; }; reopen`;
            assert.equal(speak(parts, text, { env: { caller } }).stderr, said);
            assert.equal(readFileSync(log, "utf8"), calls);
        });
    }
});

describe("right after an election, when nobody's state is known", () => {
    test("the old leader's tasks are waited for all the same", async () => {
        const run = await roster(
            {
                members: [
                    manager("m2", "node2"),
                    seed.replace("drain", "active"),
                    manager("m3", "node3"),
                    worker("n4", "node4"),
                ],
                services: [nginx, agent],
                tasks: ["t1 s1 n4 running running", "t2 s1 m1 running running", "t3 s2 m1 running running"],
            },
            [
                wantManager("m2", "node2"),
                wantManager("m3", "node3"),
                wantWorker("n4", "node4"),
                ["service", "nginx"],
                ["service", "agent"],
            ],
        );
        assertDone(run, {
            stderr: "demoting node1 (m1)\nemptying node1 (m1, unknown)\nremoving node1 (m1)\n",
            stdout: answer(3, "m1"),
            changes: [demoted("m1"), paused("m1"), ...seenOff("m1")],
        });
    });
});

describe("wanted members that are to run no tasks any more", () => {
    const open = (line: string) => line.replace("drain", "active");

    test("managers that are closed to tasks are emptied, one after another, and stay", async () => {
        const run = await roster(
            {
                members: [
                    open(seed),
                    open(manager("m2", "node2")),
                    open(manager("m3", "node3")),
                    worker("n4", "node4"),
                ],
                services: [nginx, agent],
                tasks: [
                    "t1 s1 m1 running running",
                    "t2 s1 m2 running running",
                    "t3 s1 n4 running running",
                    "t4 s2 m3 running running",
                ],
            },
            [
                wantManager("m1", "node1"),
                wantManager("m2", "node2"),
                wantManager("m3", "node3"),
                wantWorker("n4", "node4"),
                ["service", "nginx"],
                ["service", "agent"],
            ],
        );
        assertDone(run, {
            stderr: "emptying node1 (m1, ready)\nemptying node2 (m2, ready)\nemptying node3 (m3, ready)\n",
            stdout: answer(4),
            changes: [
                ...["m1", "m2", "m3"].map(paused),
                ...["m1", "m2", "m3"].map((id) => `node update --availability drain ${id}`),
            ],
        });
        assert.deepEqual(running(run), [
            "t3 s1 n4 running running",
            "t1-again s1 n4 running running",
            "t2-again s1 n4 running running",
        ]);
    });

    test("one that an interrupted run has left paused is drained all the same", async () => {
        const run = await roster({ members: [seed.replace("drain", "pause"), worker("n2", "node2")] }, [
            wantManager("m1", "node1"),
            wantWorker("n2", "node2"),
        ]);
        assertDone(run, {
            stderr: "emptying node1 (m1, ready)\n",
            stdout: answer(2),
            changes: ["node update --availability drain m1"],
        });
    });

    test("nothing of a service is moved onto them: it goes to the nodes that stay open", async () => {
        const run = await roster(
            {
                members: [open(seed), worker("old", "node9"), worker("n2", "node2")],
                services: [nginx],
                tasks: ["t1 s1 m1 running running", "t2 s1 old running running"],
            },
            [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "nginx"]],
        );
        assertDone(run, {
            stderr:
                `${moving}waiting for the tasks of service nginx to run elsewhere, 5 s: 1 of 2 tasks run elsewhere\n` +
                "emptying node1 (m1, ready)\nemptying node9 (old, ready)\nremoving node9 (old)\n",
            stdout: answer(2, "old"),
            changes: [
                paused("old"),
                paused("m1"),
                moved,
                "node update --availability drain m1",
                ...seenOff("old"),
            ],
        });
        assert.deepEqual(running(run), [
            "t1-forced s1 n2 running running",
            "t2-forced s1 n2 running running",
        ]);
    });
});
