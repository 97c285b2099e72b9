/** What the roster makes of services and networks, and how it waits for tasks. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { waitedInVain } from "./fakeDaemon.ts";
import {
    answer,
    assertDone,
    assertFailed,
    demoted,
    joined,
    leader,
    manager,
    paused,
    roster,
    seenOff,
    settled,
    wantManager,
    wantWorker,
    worker,
} from "./fakeSwarm.ts";

describe("services and networks", () => {
    const world = { members: [leader("m1", "node1"), joined("n2", "node2")] };
    const wanted: Line[] = [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "web"]];
    const labelled = settled("n2", "node2", "worker", "active");

    test("a service of this stack that is not wanted goes before anything else, any other stays", async () => {
        const run = await roster(
            {
                ...world,
                services: [
                    "s1 web replicated swarm-dev",
                    "s2 web2 replicated swarm-dev",
                    "s3 theirs replicated swarm-prod",
                    "s4 hand replicated -",
                ],
                containers: ["web2 here"],
            },
            wanted,
        );
        assertDone(run, {
            stderr: "removing service web2\n",
            stdout: answer(2),
            changes: ["service rm web2", labelled],
        });
        assert.equal(
            run.files.services,
            "s1 web replicated swarm-dev\ns3 theirs replicated swarm-prod\ns4 hand replicated -\n",
        );
    });

    test("a network that is not wanted goes once it is free, any other stays", async () => {
        const run = await roster(
            {
                ...world,
                networks: [
                    "inner swarm-dev in-use-by-task-t1",
                    "old swarm-dev in-use-by-task-t1",
                    "theirs swarm-prod free",
                    "hand - free",
                ],
                due: ["2 networks old 3 free"],
            },
            [...wanted, ["network", "inner -"]],
        );
        assertDone(run, {
            stdout: answer(2),
            changes: ["network rm old", "network rm old", "network rm old", labelled],
        });
        assert.equal(
            run.files.networks,
            "inner swarm-dev in-use-by-task-t1\ntheirs swarm-prod free\nhand - free\n",
        );
    });

    test("a network that the stack made under another name, or before it had a mark, is its own still", async () => {
        // The stack is swarm-dev here, so its mark is what comes last.
        const networks = ["renamed swarm-old-dev free", "unmarked swarm free", "theirs swarm-dev-prod free"];
        const run = await roster({ ...world, networks }, wanted);
        assertDone(run, {
            stdout: answer(2),
            changes: ["network rm renamed", "network rm unmarked", labelled],
        });
    });

    test("a network that a service still has is left to that service's update", async () => {
        const run = await roster({ ...world, networks: ["old swarm-dev in-use-by-service-s1"] }, wanted);
        assertDone(run, { stdout: answer(2), changes: ["network rm old", labelled] });
    });

    test("a network that somebody else has removed meanwhile is not waited for", async () => {
        const networks = ["old swarm-dev free"];
        const refusals = ["network rm Error response from daemon: network old not found"];
        const run = await roster({ ...world, networks, refusals }, wanted);
        assertDone(run, { stdout: answer(2), changes: ["network rm old", labelled] });
    });

    test("a network of this stack that is to have other options goes, after the services on it", async () => {
        const run = await roster(
            {
                ...world,
                services: ["s1 web replicated swarm-dev", "s2 api replicated swarm-dev"],
                networks: [
                    "front swarm-dev free old s1",
                    "back swarm-dev free same s2",
                    "plain swarm-dev free",
                ],
                containers: ["web here"],
            },
            [
                ...wanted,
                ["service", "api"],
                ["network", "front new"],
                ["network", "back same"],
                ["network", "plain -"],
            ],
        );
        assertDone(run, {
            stderr: "the network front is made anew with other options, and with it the services on it: web\n",
            stdout: answer(2),
            changes: ["service rm web", "network rm front", labelled],
        });
    });

    test("but not where another's service is on it, and another's network is left alone", async () => {
        const run = await roster(
            {
                ...world,
                services: ["s1 web replicated swarm-dev", "s4 hand replicated -"],
                networks: ["theirs swarm-prod free old s1", "front swarm-dev free old s4"],
            },
            [...wanted, ["network", "theirs new"], ["network", "front -"]],
        );
        assertFailed(run, {
            stderr:
                "node1: the network front is to have other options, for which it is made anew, and services are on it that " +
                "this stack did not make: hand. Take them off it first, or name another network\n",
            changes: [],
        });
    });

    describe("a network that no service is on", () => {
        const labels = '"Labels":{"swarm.stack":"","swarm.options":"new"}';
        const lone: Line = ["network", `beside new {"Name":"beside","Driver":"overlay",${labels}}`];

        test("is made where it is missing, after one of its name that had other options", async () => {
            for (const networks of [[], ["beside swarm-dev free old"]]) {
                const run = await roster({ ...world, networks }, [...wanted, lone]);
                assert.equal(run.status, 0, run.stderr);
                assert.equal(run.files.networks, "beside swarm-dev free new\n");
            }
        });

        test("is left alone where it is there; another's of its name is said, and so is why there is none", async () => {
            const there = ["beside swarm-dev free new"];
            const run = await roster({ ...world, networks: there }, [...wanted, lone]);
            assertDone(run, { stdout: answer(2), changes: [labelled] });
            assert.ok(!run.dockerCalls.includes("system dial-stdio"));
            assertFailed(
                await roster({ ...world, networks: ["beside - in-use-by-service-s1"] }, [...wanted, lone]),
                {
                    stderr:
                        "node1: its network beside has other options in the swarm than in the config. Those of this stack are made anew " +
                        "by a whole pulumi up; another's stays as it is\n",
                    changes: [],
                },
            );
            assertFailed(
                await roster({ ...world, refusals: ["system dial-stdio no more addresses"] }, [
                    ...wanted,
                    lone,
                ]),
                {
                    stderr: "node1: its network beside cannot be made: no more addresses\n",
                    changes: [],
                },
            );
        });
    });

    test("a step in each place: the order of the whole", async () => {
        const run = await roster(
            {
                members: [
                    leader("m1", "node1").replace("drain", "active"),
                    manager("old", "node9").replace("drain", "active"),
                    joined("n2", "node2"),
                    joined("n3", "node3"),
                ],
                services: ["s1 web replicated swarm-dev", "s2 web2 replicated swarm-dev"],
                networks: ["unused swarm-dev free"],
                tasks: ["t1 s1 m1 running running", "t2 s1 old running running"],
            },
            [
                wantManager("m1", "node1"),
                wantManager("n2", "node2"),
                wantWorker("n3", "node3"),
                ["service", "web"],
            ],
        );
        assertDone(run, {
            stderr:
                "removing service web2\n" +
                "demoting node9 (old)\n" +
                "moving service web, which runs nowhere else, off the nodes that are emptied\n" +
                "waiting for the tasks of service web to run elsewhere, 5 s: 1 of 2 tasks run elsewhere\n" +
                "emptying node1 (m1, ready)\n" +
                "emptying node9 (old, ready)\n" +
                "removing node9 (old)\n",
            stdout: answer(3, "old"),
            changes: [
                "service rm web2",
                "network rm unused",
                settled("n2", "node2", "manager", "drain"),
                demoted("old"),
                settled("n3", "node3", "worker", "active"),
                paused("old"),
                paused("m1"),
                "service update --detach --force s1",
                "node update --availability drain m1",
                ...seenOff("old"),
            ],
        });
    });

    for (const [what, graces, limit] of [
        ["a minute is over", [], 60],
        ["their time to stop is over, and half a minute", ["120000000000"], 150],
    ] as const) {
        test(`a service whose tasks do not end fails the roster when ${what}, before a member is touched`, async () => {
            const run = await roster(
                {
                    ...world,
                    services: ["s2 web2 replicated swarm-dev"],
                    containers: ["web2 stuck", "web2 stuck"],
                    graces,
                },
                wanted,
            );
            assertFailed(run, {
                stderr: `removing service web2\n${waitedInVain("the tasks of web2 to end", limit, "2 tasks on node1")}`,
                changes: ["service rm web2"],
            });
        });
    }

    test("of a service that somebody else gave more, an hour to stop is waited for", async () => {
        const run = await roster(
            {
                ...world,
                services: ["s2 web2 replicated swarm-dev"],
                containers: ["web2 stuck"],
                graces: ["7200000000000"],
                pace: 100,
            },
            wanted,
        );
        assert.match(
            run.stderr,
            /\nwaited 3700 s for the tasks of web2 to end; last seen: 1 tasks on node1\n$/,
        );
        assert.equal(run.status, 1);
    });

    describe("tasks that do not run yet when all nodes are in their places", () => {
        const nodes = { members: [leader("m1", "node1"), worker("n2", "node2")] };

        test("are waited for, as those of a lost node that start elsewhere", async () => {
            const run = await roster(
                {
                    ...nodes,
                    services: ["s1 web replicated swarm-dev"],
                    tasks: ["t1 s1 n2 running running", "t2 s1 n2 starting running"],
                    due: ["7 tasks t2 4 running"],
                },
                wanted,
            );
            assertDone(run, {
                stderr: "waiting for every service's tasks to run, 5 s: web runs 1/2\n",
                stdout: answer(2),
                changes: [],
            });
        });

        test("are said, and no failure of the roster, where a minute does not help", async () => {
            const run = await roster(
                {
                    ...nodes,
                    services: ["s1 web replicated swarm-dev", "s2 db replicated swarm-dev"],
                    tasks: ["t1 s1 - pending running", "t2 s2 - pending running"],
                },
                [...wanted, ["service", "db"]],
            );
            const seen = "web runs 0/1; db runs 0/1";
            const said = [5, 15, 45].map(
                (seconds) => `waiting for every service's tasks to run, ${seconds} s: ${seen}\n`,
            );
            assertDone(run, {
                stderr:
                    `${said.join("")}waited 60 s for every service's tasks to run; last seen: ${seen}\n` +
                    "The nodes are in their places all the same; see why tasks do not run: cli/bin/swarm docker service ps SERVICE\n",
                stdout: answer(2),
                changes: [],
            });
        });

        test("and have ended well, as they were meant to, are not waited for", async () => {
            const run = await roster(
                {
                    ...nodes,
                    services: ["s1 web replicated swarm-dev"],
                    tasks: ["t1 s1 n2 complete running"],
                },
                wanted,
            );
            assertDone(run, { stdout: answer(2), changes: [] });
        });

        for (const state of ["paused", "rollback_paused"]) {
            test(`are on no way to run where the service's update has stopped as ${state}`, async () => {
                const run = await roster(
                    {
                        ...nodes,
                        services: ["s1 web replicated swarm-dev"],
                        updates: [`web ${state}`],
                        tasks: ["t1 s1 n2 ready running"],
                    },
                    wanted,
                );
                assertDone(run, { stdout: answer(2), changes: [] });
            });
        }

        test("of services that somebody else made are their business", async () => {
            const run = await roster(
                {
                    ...nodes,
                    services: ["s1 theirs replicated swarm-prod"],
                    tasks: ["t1 s1 - pending running"],
                },
                wanted,
            );
            assertDone(run, { stdout: answer(2), changes: [] });
        });
    });
});
