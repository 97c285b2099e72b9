import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClusterView, NodeView, TaskView } from "../../cli/clusterView.ts";
import { changesBetween, pictureOf } from "../../cli/map/picture.ts";
import { oneLine } from "../../cli/words.ts";
import { bare, manager, node, service, task, troubled, view } from "./mapViews.ts";

/** `node2: nginx.1 running`, a line a node, for what the picture has on it. */
const tasksOf = (cluster: ClusterView) => {
    const { nodes, waiting } = pictureOf(cluster);
    const said = (tasks: (typeof nodes)[number]["tasks"]) =>
        tasks.map(({ label, phase }) => `${label} ${phase}`).join(", ");
    return [
        ...nodes.filter(({ tasks }) => tasks.length > 0).map(({ name, tasks }) => `${name}: ${said(tasks)}`),
        ...(waiting.length > 0 ? [`no node: ${said(waiting)}`] : []),
    ];
};

describe("nodes", () => {
    test("managers first, then workers, then droplets that are no members; by number, not by letter", () => {
        assert.deepEqual(
            pictureOf(troubled).nodes.map(({ key, name }) => `${name} ${key}`),
            [
                "node1 d-node1",
                "node2 d-node2",
                "node3 d-node3",
                "gone d-gone",
                "guest id-guest",
                "node4 d-node4",
                "node5 d-node5",
                "node10 d-node10",
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
            pictureOf(view({ nodes, tasks: [] })).nodes.map(({ name }) => name),
            ["node2 (old)", "node2 (new)", "node3"],
        );
    });

    test("tasks are on the one that is ready, when two have a name", () => {
        const old = node("node2", { dropletId: "old", state: "down" });
        const cluster = view({
            nodes: [old, node("node2", { dropletId: "new" })],
            tasks: [task("nginx.1", "node2")],
        });
        assert.deepEqual(
            pictureOf(cluster).nodes.map(({ key, tasks }) => [key, tasks.map(({ phase }) => phase)]),
            [
                ["old", []],
                ["new", ["running"]],
            ],
        );
    });
});

describe("tasks", () => {
    const failed = (more: Partial<TaskView> = {}) =>
        task("nginx.2", "node3", { state: "failed", desired: "shutdown", error: "exit 1", ...more });
    for (const [what, tasks, expected] of [
        ["one that running", [task("nginx.1", "node2")], ["node2: nginx.1 running"]],
        [
            "one that starting",
            [task("nginx.1", "node2", { state: "preparing" })],
            ["node2: nginx.1 starting"],
        ],
        [
            "one that waits for its turn",
            [task("nginx.1", "node2", { state: "ready", desired: "ready" })],
            ["node2: nginx.1 starting"],
        ],
        [
            "one without a node",
            [task("nginx.1", undefined, { state: "pending" })],
            ["no node: nginx.1 waiting"],
        ],
        [
            "one that is to go",
            [task("nginx.1", "node2", { desired: "shutdown" })],
            ["node2: nginx.1 leaving"],
        ],
        ["one that has gone", [task("nginx.1", "node2", { desired: "shutdown", state: "shutdown" })], []],
        ["one of an old spec that has ended", [task("nginx.1", "node2", { state: "complete" })], []],
        ["one that failed, with nothing in its place", [failed()], ["node3: nginx.2 failed"]],
        [
            "one that failed, with another that starting",
            [failed(), task("nginx.2", "node2", { state: "starting" })],
            ["node2: nginx.2 starting", "node3: nginx.2 failed"],
        ],
        [
            "one that failed once, and runs elsewhere now",
            [failed(), task("nginx.2", "node2")],
            ["node2: nginx.2 running"],
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
            ["node2: nginx.9 running, nginx.10 running"],
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
        assert.deepEqual(tasksOf(view({ nodes, tasks })), ["node1: nginx.1 running"]);
    });
});

describe("services", () => {
    const entry = (cluster: ClusterView) => {
        const [first] = pictureOf(cluster).services;
        return [first?.words, first?.level];
    };
    for (const [more, ...expected] of [
        [{}, "2 of 2 run, nginx:1.0", "good"],
        [{ running: 1 }, "1 of 2 run, nginx:1.0", "note"],
        [{ running: 0 }, "0 of 2 run, nginx:1.0", "bad"],
        [{ wanted: 0, running: 0 }, "0 of 0 run, nginx:1.0", "good"],
        [{ mode: "global", ports: ["80:80/tcp"] }, "2 of 2 run, nginx:1.0, global, 80:80/tcp", "good"],
        [{ updateState: "completed" }, "2 of 2 run, nginx:1.0", "good"],
        [{ updateState: "updating" }, "2 of 2 run, nginx:1.0, updating", "good"],
        [{ updateState: "paused" }, "2 of 2 run, nginx:1.0, update paused", "note"],
        [{ updateState: "rollback_completed" }, "2 of 2 run, nginx:1.0, rollback completed", "note"],
    ] as const) {
        test(expected.join(", "), () => {
            assert.deepEqual(entry(view({ services: [service("nginx", 2, more)] })), expected);
        });
    }
});

const two = view();

describe("changes in words", () => {
    const cases: readonly (readonly [string, ClusterView, ClusterView, readonly string[]])[] = [
        ["nothing", two, two, []],
        ["nothing, with much amiss", troubled, troubled, []],
        [
            "a replica more, without a node",
            two,
            view({
                services: [service("nginx", 3, { image: "nginx:1.27", ports: ["80:80/tcp"], running: 2 })],
                tasks: [
                    ...two.tasks,
                    task("nginx.3", undefined, { state: "pending", error: "no suitable node" }),
                ],
            }),
            [
                "nginx: 2 of 3 run, nginx:1.27, 80:80/tcp; before: 2 of 2 run, nginx:1.27, 80:80/tcp",
                "nginx.3 is new: waiting: no suitable node",
            ],
        ],
        [
            "one moves, with the old task still there",
            two,
            view({
                tasks: [
                    task("nginx.1", "node2"),
                    task("nginx.2", "node4", { desired: "shutdown" }),
                    task("nginx.2", "node3"),
                ],
            }),
            ["nginx.2: running on node3; before: running on node4"],
        ],
        ["one has gone", two, view({ tasks: [task("nginx.1", "node2")] }), ["nginx.2 is gone"]],
        [
            "one failed",
            two,
            view({
                tasks: [
                    task("nginx.1", "node2"),
                    task("nginx.2", "node4", { state: "failed", desired: "shutdown", error: "exit 1" }),
                ],
            }),
            ["nginx.2: failed on node4: exit 1; before: running on node4"],
        ],
        [
            "of a global service each node has one",
            view({ tasks: [task("nginx", "node2"), task("nginx", "node3")] }),
            view({ tasks: [task("nginx", "node2"), task("nginx", "node4")] }),
            ["nginx on node3 is gone", "nginx on node4 is new: running"],
        ],
        [
            "another leads, a node is drained",
            two,
            view({
                nodes: [manager("node1"), ...two.nodes.slice(1, 3), node("node4", { availability: "drain" })],
            }),
            [
                "node1: manager, ready; before: manager, leader, ready",
                "node4: worker, ready, drained; before: worker, ready",
            ],
        ],
        [
            "a droplet joins: the same node, though only its member has a node ID",
            view({
                nodes: [...two.nodes, node("node5", { nodeId: undefined, role: undefined, state: "absent" })],
            }),
            view({ nodes: [...two.nodes, node("node5")] }),
            ["node5: worker, ready; before: worker wanted, not in the swarm"],
        ],
        [
            "a node is replaced: the new one is there, then the old one goes",
            view({
                nodes: [
                    ...two.nodes,
                    node("node4", { nodeId: "new", dropletId: "d-new", wantedRole: undefined }),
                ],
            }),
            view({ nodes: [...two.nodes.slice(0, 3), node("node4", { nodeId: "new", dropletId: "d-new" })] }),
            ["node4 (old) is gone"],
        ],
        ["no services any more", two, bare, ["nginx is gone", "nginx.1 is gone", "nginx.2 is gone"]],
    ];
    for (const [what, before, after, expected] of cases) {
        test(what, () => assert.deepEqual(changesBetween(pictureOf(before), pictureOf(after)), expected));
    }
});

describe("text from elsewhere", () => {
    test("does not steer a terminal, or turn its direction", () => {
        assert.equal(oneLine("a\u001b[31mb\r\nc\u202ed\u0000\ud800"), "ab cd\ufffd");
        const error = "\u001b]0;title\u0007exit";
        const tasks = [task("nginx.1", "node2", { state: "failed", error })];
        const cluster = view({ tasks, problems: ["one\ntwo"] });
        assert.equal(pictureOf(cluster).nodes[1]?.tasks[0]?.error, "exit");
        assert.deepEqual(pictureOf(cluster).problems, ["one two"]);
    });
});
