/** Where the cluster, the cloud and the stack differ, in words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drift } from "../../cli/drift.ts";
import { healthOf } from "../../cli/health.ts";
import { nodeTable } from "../../cli/nodeTable.ts";
import { sources, view } from "./recordings.ts";

const clusterId = "8z6vnr2jkuv9f35j6ip7h10hn";
const texts = (differences: readonly { readonly text: string }[]) => differences.map(({ text }) => text);

describe("where cluster and stack differ", () => {
    const { swarm, droplets } = sources("healthy");
    const nodes = swarm?.nodes ?? [];
    const withNodes = (changed: typeof nodes) => ({ swarm: swarm && { ...swarm, nodes: changed } });
    const member = (index: number) => nodes[index] as (typeof nodes)[number];
    const indexOf = (name: string) => nodes.findIndex(({ Description }) => Description.Hostname === name);

    test("a node that is not in the swarm", () => {
        const now = view(
            "healthy",
            withNodes(nodes.filter(({ Description }) => Description.Hostname !== "node4")),
        );
        assert.deepEqual(texts(drift(now, clusterId)), [
            "node4 is in the stack and not in the swarm; pulumi up --refresh, or: swarm doctor",
        ]);
        assert.match(nodeTable(now), /node4 .* \(worker\) {2}- {10}absent {2}- /);
    });

    test("a droplet that is gone", () => {
        const now = view("healthy", { droplets: droplets?.filter(({ name }) => name !== "node4") });
        assert.deepEqual(texts(drift(now, clusterId)), [
            "node4: its droplet 217891710 is gone from the cloud; pulumi up --refresh makes it anew",
        ]);
    });

    test("a role that was changed by hand", () => {
        const changed = nodes.with(indexOf("node4"), {
            ...member(indexOf("node4")),
            Spec: { ...member(indexOf("node4")).Spec, Role: "manager" },
            ManagerStatus: { Reachability: "reachable" },
        });
        assert.deepEqual(texts(drift(view("healthy", withNodes(changed)), clusterId)), [
            "node4 is a manager and should be a worker; pulumi up",
        ]);
    });

    test("members that the stack did not make, or has no longer; a droplet that is lost", () => {
        const template = member(indexOf("node4"));
        const stranger = {
            ...template,
            ID: "foreign1",
            Spec: { ...template.Spec, Labels: {} },
            Description: { Hostname: "laptop", Engine: { EngineVersion: "27.0.1" } },
            Status: { State: "ready", Addr: "10.144.0.77" },
        };
        const former = {
            ...template,
            ID: "former1",
            Spec: { ...template.Spec, Labels: { "swarm.stack": "swarm-lab-cli", "swarm.node": "node5" } },
            Status: { State: "down", Addr: "10.144.0.78" },
        };
        const lost = { ...droplets?.[0], id: 99, name: "node6", privateIp: "10.144.0.79" } as NonNullable<
            typeof droplets
        >[number];
        const now = view("healthy", {
            ...withNodes([...nodes, stranger, former]),
            droplets: [...(droplets ?? []), lost],
        });
        const found = drift(now, clusterId);
        assert.deepEqual(texts(found), [
            "laptop (foreign1) is a member that the stack did not make; it is left alone",
            "node5 (former1, down) is a member that the stack no longer has; pulumi up removes it",
            "node6 (droplet 99) carries the stack's tag and is in neither state nor swarm; see: swarm orphans",
        ]);
        assert.deepEqual(
            found.map(({ degrades }) => degrades),
            [false, true, true],
        );
        assert.deepEqual(
            now.nodes
                .slice(4)
                .map(({ name, origin, state, dropletStatus }) => [name, origin, state, dropletStatus]),
            [
                ["laptop", "foreign", "ready", undefined],
                ["node5", "stack", "down", undefined],
                ["node6", "lost", "absent", "active"],
            ],
        );
        assert.deepEqual(healthOf({ view: now, clusterId }).notes, [
            "laptop (foreign1) is a member that the stack did not make; it is left alone",
            "engine versions differ: 26.1.5+dfsg1 on node[1:5]; 27.0.1 on laptop",
        ]);
    });

    test("a lost droplet that has joined is one line, not two", () => {
        const template = member(indexOf("node4"));
        const joined = { ...template, ID: "joined1", Status: { State: "ready", Addr: "10.144.0.79" } };
        const lost = { ...droplets?.[0], id: 99, name: "node4", privateIp: "10.144.0.79" } as NonNullable<
            typeof droplets
        >[number];
        const now = view("healthy", {
            ...withNodes([...nodes, joined]),
            droplets: [...(droplets ?? []), lost],
        });
        assert.deepEqual(
            now.nodes
                .slice(4)
                .map(({ name, origin, dropletId, dropletStatus }) => [
                    name,
                    origin,
                    dropletId,
                    dropletStatus,
                ]),
            [["node4", "stack", "99", "active"]],
        );
    });

    test("another cluster under the same addresses", () => {
        assert.deepEqual(texts(drift(view("healthy"), "somethingelse")), [
            "the managers are in the cluster 8z6vnr2jkuv9f35j6ip7h10hn, while the stack made somethingelse",
        ]);
    });
});
