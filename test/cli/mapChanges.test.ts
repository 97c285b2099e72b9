import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClusterView } from "../../cli/clusterView.ts";
import { changesBetween } from "../../cli/map/changes.ts";
import { pictureOf } from "../../cli/map/picture.ts";
import { bare, manager, node, service, task, troubled, view } from "./mapViews.ts";

const two = view();
const slots = (...hosts: readonly string[]) => hosts.map((host, index) => task(`nginx.${index + 1}`, host));

const cases: readonly (readonly [string, ClusterView, ClusterView, readonly string[]])[] = [
    ["nothing", two, two, []],
    ["nothing, with much amiss", troubled, troubled, []],
    [
        "a replica more, first without a node",
        two,
        view({
            services: [service("nginx", 3, { image: "nginx:1.27", ports: ["80:80/tcp"], running: 2 })],
            tasks: [
                ...two.tasks,
                task("nginx.3", undefined, { state: "pending", error: "no suitable node" }),
            ],
        }),
        ["nginx: 3 tasks wanted, before 2.", "nginx.3 waits for a node: no suitable node."],
    ],
    [
        "it starts: no news yet",
        two,
        view({ tasks: [...two.tasks, task("nginx.3", "node3", { state: "ready" })] }),
        [],
    ],
    ["it runs", two, view({ tasks: [...two.tasks, task("nginx.3", "node3")] }), ["nginx.3 runs on node3."]],
    [
        "it moves, with the old task still there",
        two,
        view({
            tasks: [
                task("nginx.1", "node2"),
                task("nginx.2", "node4", { desired: "shutdown" }),
                task("nginx.2", "node3"),
            ],
        }),
        ["nginx.2 runs on node3, before on node4."],
    ],
    [
        "it has moved between two looks",
        two,
        view({ tasks: slots("node2", "node3") }),
        ["nginx.2 runs on node3, before on node4."],
    ],
    [
        "it was exchanged on its node",
        two,
        view({ tasks: [task("nginx.1", "node2"), task("nginx.2", "node4", { id: "new" })] }),
        ["nginx.2 runs on node4."],
    ],
    ["it has gone", two, view({ tasks: slots("node2") }), ["nginx.2 ended on node4."]],
    [
        "it failed",
        two,
        view({
            tasks: [
                task("nginx.1", "node2"),
                task("nginx.2", "node4", {
                    state: "failed",
                    desired: "shutdown",
                    error: "task: non-zero exit (1)",
                }),
            ],
        }),
        ["nginx.2 failed on node4: task: non-zero exit (1)."],
    ],
    [
        "many at once",
        view({ tasks: [] }),
        view({ tasks: slots("node2", "node3", "node3", "node4") }),
        ["4 tasks of nginx run: 1 on node2, 2 on node3, 1 on node4."],
    ],
    [
        "a node goes down",
        two,
        view({
            nodes: [
                manager("node1", { leader: true }),
                node("node2"),
                node("node3"),
                node("node4", { state: "down" }),
            ],
            tasks: [
                task("nginx.1", "node2"),
                task("nginx.2", "node4", { desired: "shutdown" }),
                task("nginx.2", "node3"),
            ],
        }),
        [
            "nginx.2 does not answer on node4.",
            "nginx.2 runs on node3, before on node4.",
            "node4: down, before ready.",
        ],
    ],
    [
        "another leads, a worker is a manager, a node is drained",
        two,
        view({
            nodes: [
                manager("node1"),
                manager("node2", { leader: true }),
                node("node3", { availability: "drain" }),
                node("node4"),
            ],
        }),
        [
            "node1: manager, before manager, leader.",
            "node2: manager, leader, before worker.",
            "node3: ready, drained, before ready.",
        ],
    ],
    [
        "a node more, one less",
        two,
        view({ nodes: [manager("node1", { leader: true }), node("node2"), node("node4"), node("node5")] }),
        ["node3 is gone.", "node5 is new: worker, ready."],
    ],
    [
        "a droplet joins: the same node, though only its member has a node ID",
        view({
            nodes: [...two.nodes, node("node5", { nodeId: undefined, role: undefined, state: "absent" })],
        }),
        view({ nodes: [...two.nodes, node("node5")] }),
        ["node5: worker, before worker wanted.", "node5: ready, before not in the swarm."],
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
        ["the old node4 is gone."],
    ],
    [
        "a service comes, another goes",
        two,
        view({ services: [service("api", 1)], tasks: [task("api", "node3")] }),
        [
            "nginx is gone.",
            "api is new: 1 task wanted.",
            "nginx.1 ended on node2.",
            "nginx.2 ended on node4.",
            "api runs on node3.",
        ],
    ],
    [
        "a service is removed while its tasks leave",
        two,
        view({ services: [], tasks: two.tasks.map((one) => ({ ...one, desired: "remove" })) }),
        ["nginx is removed."],
    ],
    [
        "another image, updating",
        two,
        view({
            services: [
                service("nginx", 2, { image: "nginx:1.28", ports: ["80:80/tcp"], updateState: "updating" }),
            ],
        }),
        ["nginx: image nginx:1.28, before nginx:1.27.", "nginx: updating."],
    ],
    [
        "no services any more",
        two,
        bare,
        ["nginx is gone.", "nginx.1 ended on node2.", "nginx.2 ended on node4."],
    ],
];

describe("changes in words", () => {
    for (const [what, before, after, expected] of cases) {
        test(what, () => assert.deepEqual(changesBetween(pictureOf(before), pictureOf(after)), expected));
    }
});
