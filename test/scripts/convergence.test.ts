/** service.sh: when a service has converged, and what is said when it has not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer, assertDone, deploy, running, there, type World } from "./fakeEngine.ts";

const task = (
    id: string,
    state: string,
    more: { desired?: string; fresh?: boolean; error?: string; node?: string } = {},
) =>
    `${id}|${more.desired ?? "running"}|${state} 3 seconds ago|${more.fresh === false ? "no" : "yes"}|web.1|${more.node ?? "node2"}|${more.error ?? ""}`;
const failed = (id: string) =>
    task(id, "Failed", { desired: "shutdown", error: '"task: non-zero exit (3)"' });

/** Whole seconds after which it has converged: two of calm, ten once a task has failed. */
const converges: readonly (readonly [
    what: string,
    options: Record<string, unknown>,
    world: World,
    slept: number,
])[] = [
    ["tasks that have just started have two seconds to prove themselves", {}, {}, 2],
    ["ten once any has failed", {}, { tasks: { 0: [task("a", "Running"), failed("b")] } }, 10],
    [
        "and again from the last that was exchanged",
        {},
        {
            tasks: {
                0: [task("a", "Running"), failed("b")],
                5: [task("c", "Running"), failed("a"), failed("b")],
            },
        },
        15,
    ],
    ["tasks that ran before are proven", {}, { service: there() }, 0],
    [
        "but not where one of this spec has failed",
        {},
        { service: there(), tasks: { 0: [task("a", "Running"), failed("b")] } },
        10,
    ],
    [
        "a failure of the spec before is none of this one's",
        {},
        {
            service: there(),
            tasks: { 0: [task("a", "Running"), task("b", "Failed", { desired: "shutdown", fresh: false })] },
        },
        0,
    ],
    [
        "while an update is under way it has not",
        {},
        { service: there(), update: { 0: "updating update in progress", 4: "completed update completed" } },
        4,
    ],
    [
        "nor while a task of the old spec is to run",
        {},
        {
            service: there(),
            tasks: { 0: [task("a", "Running", { fresh: false })], 3: [task("b", "Running")] },
        },
        5,
    ],
    [
        "nor while the one that runs is about to stop, and no update is known of yet",
        {},
        {
            service: there(),
            tasks: {
                0: [task("a", "Running", { desired: "shutdown", fresh: false })],
                2: [task("b", "Running")],
            },
        },
        4,
    ],
    [
        "nor while too few run",
        { replicas: 2 },
        {
            replicas: { 0: "1/2", 3: "2/2" },
            tasks: { 0: [task("a", "Running"), task("b", "Starting")], 3: running(2) },
        },
        5,
    ],
    ["no replicas are at once", { replicas: 0 }, { tasks: { 0: [] } }, 0],
    [
        "a global service has none in the instant of its making",
        { global: true },
        { replicas: { 0: "0/0", 2: "1/1" }, tasks: { 0: [], 2: running(1) } },
        4,
    ],
    [
        "one that is to end has, when it has ended well",
        { restart: { condition: "none" } },
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("a", "Preparing")], 4: [task("a", "Complete", { desired: "shutdown" })] },
        },
        6,
    ],
    [
        "one that has ended before with the same spec, well or not, has when its last task has",
        { restart: { condition: "none" } },
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("c", "Complete", { desired: "shutdown" }), failed("b"), failed("a")] },
        },
        2,
    ],
    [
        "on-failure too, after failures",
        { restart: { condition: "on-failure" } },
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("a", "Complete", { desired: "shutdown" }), failed("b")] },
        },
        10,
    ],
    [
        "global ones too",
        { global: true, restart: { condition: "none" } },
        {
            replicas: { 0: "0/0" },
            tasks: {
                0: [
                    task("a", "Complete", { desired: "shutdown" }),
                    task("b", "Complete", { desired: "shutdown" }),
                ],
            },
        },
        2,
    ],
];

describe("when it has converged", () => {
    for (const [what, options, world, slept] of converges) {
        test(what, async () => {
            const run = await deploy(options, { ...world }, { limit: 60 });
            assert.equal(run.status, 0, run.stderr);
            assert.equal(run.sleeps, slept, run.stderr);
        });
    }
});

const states = 'web.1 on node2: Failed 3 seconds ago: "task: non-zero exit (3)"';
const fails: readonly (readonly [
    what: string,
    options: Record<string, unknown>,
    world: World,
    stderr: string,
])[] = [
    [
        "an update that is paused",
        {},
        {
            service: there(),
            update: { 0: "paused update paused due to failure of task b" },
            tasks: { 0: [failed("b")] },
            logs: "no such file: /etc/x\n",
        },
        `service web: its update ended as paused: update paused due to failure of task b\nthe task web.1 on node2 failed with exit status 3, and wrote at last:\nno such file: /etc/x\nits tasks:\n${states}\n`,
    ],
    [
        "an update that was rolled back",
        {},
        {
            service: there(),
            update: { 0: "updating update in progress", 2: "rollback_completed rollback completed" },
        },
        "service web: its update ended as rollback_completed: rollback completed\nits tasks:\nweb.1 on node1: Running 3 seconds ago\n",
    ],
    [
        "time that has run out: what was last seen",
        { replicas: 2 },
        {
            replicas: { 0: "1/2" },
            tasks: {
                0: [task("a", "Running"), task("b", "Pending", { node: "", error: '"no suitable node"' })],
            },
        },
        "waiting for service web, 5 s: 1 of 2 tasks run\nwaiting for service web, 15 s: 1 of 2 tasks run\n" +
            "service web: not converged after 20 s: 1 of 2 tasks run\nits tasks:\n" +
            'web.1 on node2: Running 3 seconds ago\nweb.1: Pending 3 seconds ago: "no suitable node"\n',
    ],
    [
        "a task that fails and is not to be started again",
        { restart: { condition: "none" } },
        { replicas: { 0: "0/1" }, tasks: { 0: [failed("b")] }, logs: "boom\n" },
        `service web: a task has failed, and its restart condition is none\nthe task web.1 on node2 failed with exit status 3, and wrote at last:\nboom\nits tasks:\n${states}\n`,
    ],
    [
        "one that fails while an update is under way, which has its own say on failures",
        { restart: { condition: "none" } },
        {
            service: there(),
            update: { 0: "updating update in progress", 3: "paused update paused due to failure" },
            replicas: { 0: "0/1" },
            tasks: { 0: [failed("b")] },
            logs: "boom\n",
        },
        `service web: its update ended as paused: update paused due to failure\nthe task web.1 on node2 failed with exit status 3, and wrote at last:\nboom\nits tasks:\n${states}\n`,
    ],
    [
        "a task that ends and was not to",
        {},
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("b", "Complete", { desired: "shutdown" })] },
            logs: "done\n",
        },
        "waiting for service web, 5 s: 0 of 1 tasks run\nwaiting for service web, 15 s: 0 of 1 tasks run\n" +
            "service web: not converged after 20 s: 0 of 1 tasks run\n" +
            "the task web.1 on node2 ended with exit status 0, and wrote at last:\ndone\n" +
            "its tasks:\nweb.1 on node2: Complete 3 seconds ago\n",
    ],
    [
        "an image that could not be looked up, and is not there",
        { image: "nope" },
        {
            distribution: "",
            replicas: { 0: "0/1" },
            tasks: { 0: [task("b", "Rejected", { desired: "shutdown", error: '"No such image: nope"' })] },
        },
        "waiting for service web, 5 s: 0 of 1 tasks run, 1 have failed\nwaiting for service web, 15 s: 0 of 1 tasks run, 1 have failed\n" +
            'service web: not converged after 20 s: 0 of 1 tasks run, 1 have failed\nits image could not be looked up: manifest unknown: "nope" is not there\n' +
            'its tasks:\nweb.1 on node2: Rejected 3 seconds ago: "No such image: nope"\n',
    ],
];

describe("a job", () => {
    const job = { mode: "replicated-job", args: ["migrate"] };
    const MARK = "0123456789ab";
    const done = { replicas: { 0: "0/1 (1/1 completed)" } };
    const before = { service: there({ mode: "ReplicatedJob", forced: 2 }), ...done };

    test("has converged when its tasks have completed", async () => {
        const run = await deploy(job, { replicas: { 0: "0/1 (0/1 completed)", 3: "0/1 (1/1 completed)" } });
        assertDone(run, answer());
        assert.equal(run.sleeps, 3);
        assert.deepEqual(run.sent.Mode, { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } });
    });

    test("though a task fails, where the one that takes its place comes a moment later", async () => {
        const run = await deploy(job, {
            replicas: { 0: "0/1 (0/1 completed)", 4: "0/1 (1/1 completed)" },
            tasks: { 0: [failed("b")], 2: [task("c", "Running"), failed("b")] },
        });
        assertDone(run, answer());
    });

    test("on each node, of which it knows none in the instant of its making", async () => {
        const replicas = { 0: "0/0 (0/0 completed)", 2: "2/2 (0/2 completed)", 4: "0/0 (2/2 completed)" };
        const run = await deploy({ mode: "global-job" }, { replicas });
        assertDone(run, answer({ running: "2/2" }));
        assert.equal(run.sleeps, 4);
    });

    test("is not sent again where it has completed for the same", async () => {
        const run = await deploy(job, { ...before, job: MARK }, { mark: MARK });
        assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
        assert.deepEqual(run.requests, []);
    });

    for (const [what, world, host] of [
        ["for another mark", { ...before, job: "ba9876543210" }, { mark: MARK }],
        ["where it was never marked", { ...before, job: "" }, { mark: MARK }],
        [
            "where the swarm differs from the config",
            { ...before, job: MARK },
            { mark: MARK, differs: "differs now" },
        ],
        [
            "where it has not completed",
            { ...before, job: MARK, replicas: { 0: "0/1 (0/1 completed)", 3: "0/1 (1/1 completed)" } },
            { mark: MARK },
        ],
    ] as const) {
        test(`runs again, its tasks told from those before, ${what}`, async () => {
            const run = await deploy(job, world, host);
            assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
            assert.deepEqual(run.requests, ["POST /services/old1/update?version=17"]);
            assert.equal(run.sent.TaskTemplate.ForceUpdate, 3);
        });
    }

    for (const [what, tasks, stderr] of [
        [
            "that fails and is not started again",
            [failed("b")],
            "service web: the job has failed: 0 of 1 tasks have completed, 1 have failed, and no other is started\n" +
                `the task web.1 on node2 failed with exit status 3, and wrote at last:\nno such table\nits tasks:\n${states}\n`,
        ],
        [
            "that is started again, until its time is over",
            [task("c", "Running"), failed("b")],
            "waiting for service web, 5 s: 0 of 1 tasks have completed, 1 have failed\n" +
                "waiting for service web, 15 s: 0 of 1 tasks have completed, 1 have failed\n" +
                "service web: not converged after 20 s: 0 of 1 tasks have completed, 1 have failed\n" +
                "the task web.1 on node2 failed with exit status 3, and wrote at last:\nno such table\n" +
                `its tasks:\nweb.1 on node2: Running 3 seconds ago\n${states}\n`,
        ],
    ] as const) {
        test(`${what}: says which task, where, and how`, async () => {
            const world = {
                replicas: { 0: "0/1 (0/1 completed)" },
                tasks: { 0: tasks },
                logs: "no such table\n",
            };
            const run = await deploy(job, world, { limit: 20 });
            assert.equal(run.stderr, stderr);
            assert.equal(run.status, 1);
        });
    }
});

describe("what is said when it does not converge", () => {
    for (const [what, options, world, stderr] of fails) {
        test(what, async () => {
            const run = await deploy(options, world, { limit: 20 });
            assert.equal(run.stderr, stderr);
            assert.equal(run.stdout, "");
            assert.equal(run.status, 1);
        });
    }

    test("and what is not deleted because of it, where nodes are about to go", async () => {
        const world = { service: there(), update: { 0: "paused stopped" } };
        const differs = (day: number) =>
            `differs ${new Date(day).toISOString()} leaving the droplet 7 of node4, the droplet 8 of node5`;
        const run = await deploy({}, world, { differs: differs(Date.now()) });
        assert.equal(
            run.stderr.split("\n").at(-2),
            "Since it failed, this up deletes nothing: the droplet 7 of node4, the droplet 8 of node5 stay. To have them go all the same: pulumi up --continue-on-error",
        );
        // The engine sends the word again with later updates.
        const later = await deploy({}, world, { differs: differs(Date.now() - 2 * 86_400_000) });
        assert.doesNotMatch(later.stderr, /deletes nothing/);
    });
});
