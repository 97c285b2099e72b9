import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClusterView, NodeView, TaskView } from "../../cli/clusterView.ts";
import { pictureOf } from "../../cli/map/picture.ts";
import { oneLine } from "../../cli/words.ts";
import { bare, large, manager, node, service, task, troubled, view } from "./mapViews.ts";

/** `node2: nginx.1 runs`, a line a node, for what the picture has on it. */
const tasksOf = (cluster: ClusterView) => {
    const { nodes, waiting } = pictureOf(cluster);
    const said = (tasks: (typeof nodes)[number]["tasks"]) =>
        tasks.map(({ label, phase }) => `${label} ${phase}`).join(", ");
    return [
        ...nodes.filter(({ tasks }) => tasks.length > 0).map(({ name, tasks }) => `${name}: ${said(tasks)}`),
        ...(waiting.length > 0 ? [`no node: ${said(waiting)}`] : []),
    ];
};

describe("the headline", () => {
    for (const [what, cluster, text] of [
        [
            "a cluster that is well",
            view(),
            "4 nodes, all ready: 1 manager, 3 workers. 1 service: 2 of 2 tasks run.",
        ],
        ["no services", bare, "4 nodes, all ready: 1 manager, 3 workers. No services."],
        [
            "all kinds of nodes",
            troubled,
            "7 nodes, 5 ready: 3 managers, 4 workers. 1 node not in the swarm. 1 droplet that nobody knows. " +
                "4 services: 5 of 10 tasks run.",
        ],
        [
            "many nodes",
            large,
            "40 nodes, all ready: 3 managers, 37 workers. 9 services: 197 of 197 tasks run.",
        ],
    ] as const) {
        test(what, () => assert.equal(pictureOf(cluster).headline, text));
    }
});

describe("nodes", () => {
    test("managers first, then workers, then droplets that are no members; by number, not by letter", () => {
        assert.deepEqual(
            pictureOf(troubled).nodes.map(({ key, name }) => `${name} ${key}`),
            [
                "node1 id-node1",
                "node2 id-node2",
                "node3 id-node3",
                "gone d-gone",
                "guest id-guest",
                "node4 id-node4",
                "node5 id-node5",
                "node10 id-node10",
                "node4 d-lost",
            ],
        );
    });

    const cases: readonly (readonly [NodeView, string, string, string])[] = [
        [manager("n", { leader: true }), "manager, leader", "ready", "good"],
        [manager("n", { availability: "drain" }), "manager", "ready, drained", "good"],
        [manager("n", { reachability: "unreachable" }), "manager", "ready, unreachable", "bad"],
        [manager("n", { wantedRole: "worker" }), "manager, worker wanted", "ready", "note"],
        [node("n", { availability: "pause" }), "worker", "ready, paused", "note"],
        [node("n", { state: "down" }), "worker", "down", "bad"],
        [
            node("n", { state: "down", dropletStatus: "off", availability: "drain" }),
            "worker",
            "down, drained, droplet off",
            "bad",
        ],
        [node("n", { dropletStatus: "absent" }), "worker", "ready, no droplet", "bad"],
        [node("n", { origin: "foreign", wantedRole: undefined }), "worker", "ready, foreign", "note"],
        [node("n", { role: undefined, state: "absent" }), "worker wanted", "not in the swarm", "bad"],
        [
            node("n", { role: undefined, wantedRole: undefined, origin: "lost", state: "absent" }),
            "droplet",
            "in neither swarm nor stack",
            "note",
        ],
    ];
    const joining: typeof cases = [
        [
            node("n", { nodeId: undefined, role: undefined, state: "absent" }),
            "worker wanted",
            "not in the swarm",
            "note",
        ],
        [node("n", { state: "unknown" }), "worker", "unknown", "note"],
        [manager("n", { reachability: "unknown" }), "manager", "ready, unknown", "note"],
    ];
    for (const [one, role, state, level] of [...cases, ...joining]) {
        test(`${role}; ${state}`, () => {
            const [card] = pictureOf(view({ nodes: [one], tasks: [] })).nodes;
            assert.deepEqual([card?.role, card?.state, card?.level], [role, state, level]);
        });
    }

    test("while a node is replaced its two cards say which is which", () => {
        const nodes = [
            node("node2"),
            node("node2", { nodeId: "b", dropletId: "2", wantedRole: undefined }),
            node("node3"),
        ];
        assert.deepEqual(
            pictureOf(view({ nodes, tasks: [] })).nodes.map(({ name, which }) => [name, which]),
            [
                ["node2", "old"],
                ["node2", "new"],
                ["node3", undefined],
            ],
        );
    });

    test("tasks are on the one that is ready, when two have a name", () => {
        const old = node("node2", { nodeId: "old", state: "down" });
        const cluster = view({
            nodes: [old, node("node2", { nodeId: "new" })],
            tasks: [task("nginx.1", "node2")],
        });
        assert.deepEqual(
            pictureOf(cluster).nodes.map(({ key, tasks }) => [key, tasks.map(({ phase }) => phase)]),
            [
                ["old", []],
                ["new", ["runs"]],
            ],
        );
    });
});

describe("tasks", () => {
    const failed = (more: Partial<TaskView> = {}) =>
        task("nginx.2", "node3", { state: "failed", desired: "shutdown", error: "exit 1", ...more });
    for (const [what, tasks, expected] of [
        ["one that runs", [task("nginx.1", "node2")], ["node2: nginx.1 runs"]],
        ["one that starts", [task("nginx.1", "node2", { state: "preparing" })], ["node2: nginx.1 starts"]],
        [
            "one that waits for its turn",
            [task("nginx.1", "node2", { state: "ready", desired: "ready" })],
            ["node2: nginx.1 starts"],
        ],
        [
            "one without a node",
            [task("nginx.1", undefined, { state: "pending" })],
            ["no node: nginx.1 waits"],
        ],
        ["one that is to go", [task("nginx.1", "node2", { desired: "shutdown" })], ["node2: nginx.1 leaves"]],
        ["one that has gone", [task("nginx.1", "node2", { desired: "shutdown", state: "shutdown" })], []],
        ["one of an old spec that has ended", [task("nginx.1", "node2", { state: "complete" })], []],
        ["one that failed, with nothing in its place", [failed()], ["node3: nginx.2 failed"]],
        [
            "one that failed, with another that starts",
            [failed(), task("nginx.2", "node2", { state: "starting" })],
            ["node2: nginx.2 starts", "node3: nginx.2 failed"],
        ],
        [
            "one that failed once, and runs elsewhere now",
            [failed(), task("nginx.2", "node2")],
            ["node2: nginx.2 runs"],
        ],
        [
            "the last of several failures",
            [
                failed({ since: "2026-11-26T12:00:02Z", node: "node4" }),
                failed({ since: "2026-11-26T12:00:09Z" }),
                failed({ since: "2026-11-26T12:00:01Z", node: "node1" }),
            ],
            ["node3: nginx.2 failed"],
        ],
        [
            "one that was refused and not replaced yet",
            [task("nginx.1", "node2", { state: "rejected" })],
            ["node2: nginx.1 failed"],
        ],
        ["one whose node is not there any more", [failed({ node: undefined })], ["no node: nginx.2 failed"]],
        [
            "numbers in their order",
            [task("nginx.10", "node2"), task("nginx.9", "node2")],
            ["node2: nginx.9 runs, nginx.10 runs"],
        ],
    ] as const) {
        test(what, () => assert.deepEqual(tasksOf(view({ tasks })), expected));
    }

    test("nobody knows of a task on a node that is down, whether it was to run there or not", () => {
        const nodes = [manager("node1"), node("node2", { state: "down" })];
        for (const desired of ["running", "shutdown"]) {
            const tasks = [task("nginx.1", "node2", { desired })];
            assert.deepEqual(tasksOf(view({ nodes, tasks })), ["node2: nginx.1 unknown"]);
        }
        const tasks = [
            task("nginx.1", "node2", { desired: "shutdown", state: "failed" }),
            task("nginx.1", "node1"),
        ];
        assert.deepEqual(tasksOf(view({ nodes, tasks })), ["node1: nginx.1 runs"]);
    });

    test("errors, a line each; many of the same are counted", () => {
        assert.deepEqual(pictureOf(troubled).errors, [
            "api.1 on node10: task: non-zero exit (1)",
            "api.2: no suitable node (insufficient resources on 3 nodes)",
        ]);
        const tasks = [1, 2, 3, 4, 5].map((slot) =>
            task(`nginx.${slot}`, undefined, { state: "pending", error: "no" }),
        );
        assert.deepEqual(pictureOf(view({ tasks })).errors, ["5 tasks of nginx: no"]);
        assert.deepEqual(pictureOf(view({ tasks: tasks.slice(3) })).errors, ["nginx.4, nginx.5: no"]);
    });
});

describe("services", () => {
    const entry = (cluster: ClusterView) => {
        const [first] = pictureOf(cluster).services;
        return [first?.state, first?.level, ...(first?.more ?? [])];
    };
    for (const [more, expected] of [
        [{}, ["2 of 2 run", "good"]],
        [{ running: 1 }, ["1 of 2 run", "note"]],
        [{ running: 0 }, ["0 of 2 run", "bad"]],
        [{ wanted: 0, running: 0 }, ["0 of 0 run", "good"]],
        [{ mode: "global", ports: ["80:80/tcp"] }, ["2 of 2 run", "good", "global", "80:80/tcp"]],
        [{ updateState: "completed" }, ["2 of 2 run", "good"]],
        [{ updateState: "updating" }, ["2 of 2 run", "good", "updating"]],
        [{ updateState: "paused" }, ["2 of 2 run", "note", "update paused"]],
        [{ updateState: "rollback_completed" }, ["2 of 2 run", "note", "rollback completed"]],
    ] as const) {
        test(expected.join(", "), () => {
            assert.deepEqual(entry(view({ services: [service("nginx", 2, more)] })), expected);
        });
    }

    test("one that is gone while its tasks leave", () => {
        const tasks = [task("nginx.1", "node2", { desired: "remove" })];
        assert.deepEqual(entry(view({ services: [], tasks })), ["removed", "note"]);
    });

    test("a service keeps its mark when others come", () => {
        const before = pictureOf(view());
        const after = pictureOf(view({ services: [service("api", 1), service("nginx", 2)] }), before);
        assert.deepEqual(after.services[1]?.mark, before.services[0]?.mark);
    });
});

describe("text from elsewhere", () => {
    test("does not steer a terminal, or turn its direction", () => {
        assert.equal(oneLine("a\u001b[31mb\r\nc\u202ed\u0000\ud800"), "ab cd\ufffd");
        const error = "\u001b]0;title\u0007exit";
        const tasks = [task("nginx.1", "node2", { state: "failed", error })];
        const cluster = view({ tasks, problems: ["one\ntwo"] });
        assert.deepEqual(pictureOf(cluster).errors, ["nginx.1 on node2: exit"]);
        assert.deepEqual(pictureOf(cluster).problems, ["one two"]);
    });
});
