/** Clusters to draw. */
import type { ClusterView, NodeView, ServiceView, TaskView } from "../../cli/clusterView.ts";

export const AT = "2026-11-26T12:00:00Z";

export const node = (name: string, more: Partial<NodeView> = {}): NodeView => ({
    name,
    nodeId: `id-${name}`,
    dropletId: `d-${name}`,
    role: "worker",
    wantedRole: more.role ?? "worker",
    leader: false,
    state: "ready",
    availability: "active",
    publicIp: "198.51.100.7",
    privateIp: "10.120.0.7",
    size: "s-1vcpu-1gb",
    tags: ["swarm-lab"],
    dropletStatus: "active",
    engineVersion: "26.1.5",
    origin: "stack",
    ...more,
});

export const manager = (name: string, more: Partial<NodeView> = {}): NodeView =>
    node(name, { role: "manager", reachability: "reachable", ...more });

export const service = (name: string, wanted: number, more: Partial<ServiceView> = {}): ServiceView => ({
    id: `id-${name}`,
    name,
    image: `${name}:1.0`,
    mode: "replicated",
    wanted,
    running: wanted,
    ports: [],
    ...more,
});

/** `task("nginx.2", "node3")` runs there. */
export function task(label: string, host?: string, more: Partial<TaskView> = {}): TaskView {
    const [name = "", slot] = label.split(".");
    return {
        id: `${label}@${host ?? "none"}`,
        service: name,
        ...(slot === undefined ? {} : { slot: Number(slot) }),
        ...(host === undefined ? {} : { node: host }),
        state: "running",
        desired: "running",
        since: AT,
        ...more,
    };
}

export const view = (more: Partial<ClusterView> = {}): ClusterView => ({
    stack: "lab",
    at: AT,
    clusterId: "cluster",
    leader: "node1",
    nodes: [manager("node1", { leader: true }), node("node2"), node("node3"), node("node4")],
    services: [service("nginx", 2, { image: "nginx:1.27", ports: ["80:80/tcp"] })],
    tasks: [task("nginx.1", "node2"), task("nginx.2", "node4")],
    problems: [],
    ...more,
});

/** Whatever can go wrong, at once. */
export const troubled = view({
    nodes: [
        manager("node1", { leader: true, availability: "drain" }),
        manager("node2", { availability: "drain", reachability: "unreachable", state: "down" }),
        manager("node3", { availability: "drain", role: "manager", wantedRole: "worker" }),
        node("node4"),
        node("node5", { state: "down", dropletStatus: "off" }),
        node("node10", { availability: "pause" }),
        node("gone", { state: "absent", role: undefined, nodeId: undefined }),
        node("guest", { origin: "foreign", dropletId: undefined, wantedRole: undefined, tags: [] }),
        node("node4", {
            origin: "lost",
            state: "absent",
            role: undefined,
            wantedRole: undefined,
            nodeId: undefined,
            dropletId: "d-lost",
        }),
    ],
    services: [
        service("nginx", 4, { running: 2, updateState: "rollback_paused" }),
        service("api", 2, { running: 0 }),
        service("agent", 3, { mode: "global", running: 2 }),
        service("a-service-with-a-name-as-long-as-one-can-be", 1),
    ],
    tasks: [
        task("nginx.1", "node4"),
        task("nginx.2", "node10"),
        task("nginx.3", "node5", { desired: "shutdown" }),
        task("nginx.3", "node4", { state: "preparing" }),
        task("nginx.4", "guest", { desired: "shutdown" }),
        task("nginx.5", "node4", { desired: "shutdown", state: "shutdown" }),
        task("api.1", "node4", {
            id: "old",
            state: "failed",
            desired: "shutdown",
            error: "task: non-zero exit (7)",
            since: "2026-11-26T11:00:00Z",
        }),
        task("api.1", "node10", { state: "failed", desired: "shutdown", error: "task: non-zero exit (1)" }),
        task("api.1", "node4", { id: "next", state: "ready", desired: "ready" }),
        task("api.2", undefined, {
            state: "pending",
            error: "no suitable node (insufficient resources on 3 nodes)",
        }),
        task("agent", "node4"),
        task("agent", "node10"),
        task("a-service-with-a-name-as-long-as-one-can-be.1", "node4"),
    ],
    problems: ["node2: no answer on port 22"],
});

/** As many nodes as people have, and more tasks than a box has lines. */
export const large = view({
    nodes: Array.from({ length: 40 }, (_, index) =>
        index < 3
            ? manager(`node${index + 1}`, { leader: index === 0, availability: "drain" })
            : node(`node${index + 1}`),
    ),
    services: ["web", "api", "worker", "cache", "queue", "mail", "search", "metrics", "agent"].map((name) =>
        service(name, name === "agent" ? 37 : 20, name === "agent" ? { mode: "global" } : {}),
    ),
    tasks: Array.from({ length: 37 }, (_, index) => `node${index + 4}`).flatMap((host, index) => [
        task("agent", host),
        ...["web", "api", "worker", "cache", "queue", "mail", "search", "metrics"].flatMap((name, kind) =>
            index % 8 === kind || index < 12
                ? Array.from({ length: index < 2 ? 3 : 1 }, (_, copy) =>
                      task(`${name}.${index * 3 + copy + 1}`, host),
                  )
                : [],
        ),
    ]),
});

export const bare = view({ services: [], tasks: [] });
