/**
 * Nodes are exchanged, on one cluster: for another image or size, all of a role at once, or one of them; new ones join
 * before old ones go, and nginx answers meanwhile. What cannot be exchanged is refused before anything is removed.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inDroplet } from "./support/cloud.ts";
import { Load } from "./support/load.ts";
import { healthy, type Wanted } from "./support/oracle.ts";
import { instance, LabStack, type NodeOutput, type Outputs } from "./support/stack.ts";

const settings = {
    managers: "m[1:3]",
    workers: "w[1:2]",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.124.1.0/24",
    services: { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
};

const wanted: Wanted = { managers: ["m1", "m2", "m3"], workers: ["w1", "w2"], replicas: 2 };

describe("replacement", () => {
    let stack: LabStack;
    let now: Outputs;
    before(async () => {
        stack = await LabStack.make("replacement", settings);
        await stack.upOrThrow();
        now = await healthy(stack, wanted);
    });
    after(async () => {
        await stack.remove();
    });

    /** Runs up while a client asks every node; returns the nodes that are others now. */
    async function exchange(
        more: Record<string, unknown>,
        options: readonly string[] = [],
        wish = wanted,
    ): Promise<{ replaced: string[]; stayed: NodeOutput[] }> {
        const tokens = await joinTokens(now);
        stack.configure({ ...settings, ...more });
        const load = Load.start(stack);
        try {
            await stack.upOrThrow(options);
        } finally {
            await load.stop();
            console.log(load.table());
        }
        const next = await healthy(stack, wish);
        assert.equal(next.clusterId, now.clusterId);
        assert.deepEqual(await joinTokens(next), tokens);
        const stayed = next.nodes.filter((node) =>
            now.nodes.some(({ dropletId, nodeId }) => dropletId === node.dropletId && nodeId === node.nodeId),
        );
        now = next;
        assert.deepEqual(load.failedThrough(stayed), [], "requests failed through nodes that stayed");
        const replaced = next.nodes.filter((node) => !stayed.includes(node)).map(({ name }) => name);
        return { replaced, stayed };
    }

    const joinTokens = ({ nodes }: Outputs) =>
        inDroplet(
            nodes[0]?.dropletId ?? "",
            "docker swarm join-token -q worker; docker swarm join-token -q manager",
        );

    test("another image for the managers: same cluster, same tokens, and no request fails through the workers", async () => {
        const { replaced } = await exchange({ managerImage: "18153999" });
        assert.deepEqual(replaced, ["m1", "m2", "m3"]);
        for (const { dropletId } of now.nodes.slice(0, 3)) {
            assert.equal(await inDroplet(dropletId, "ls /etc/lab-image"), "/etc/lab-image");
        }
    });

    const rolled = { managerImage: "18153999", workerImage: "18153999" };
    const grown = { ...rolled, workerSize: "s-2vcpu-4gb" };

    test("one node of a role by --target, the other by the next up: a big cluster can be rolled in portions", async () => {
        const one = await exchange({ ...rolled }, ["--target", "**:Droplet::w1", "--target-dependents"]);
        assert.deepEqual(one.replaced, ["w1"]);
        const rest = await exchange(rolled, [], { ...wanted, settled: true });
        assert.deepEqual(rest.replaced, ["w2"]);
    });

    test("one node, a manager, by --replace", async () => {
        const { replaced } = await exchange(rolled, ["--replace", "**:Droplet::m2"], {
            ...wanted,
            settled: true,
        });
        assert.deepEqual(replaced, ["m2"]);
    });

    test("another size for the workers: new droplets join before the old ones go, and no other node is touched", async () => {
        stack.configure({ ...settings, ...grown });
        assert.deepEqual(
            (await stack.preview())
                .filter((step) => !step.startsWith("create-") && !step.startsWith("delete-"))
                .sort(),
            ["replace w1", "replace w1-join", "replace w2", "replace w2-join", "update roster"],
        );
        const { replaced } = await exchange(grown);
        assert.deepEqual(replaced, ["w1", "w2"]);
    });

    test("a worker fewer, and no request fails through the nodes that stay", async () => {
        const { replaced } = await exchange({ ...grown, workers: "w2" }, [], { ...wanted, workers: ["w2"] });
        assert.deepEqual(replaced, []);
    });

    const small = { ...settings, ...grown, workers: "w2" };
    const refusals: { what: string; more: Record<string, unknown>; text: RegExp; preview: boolean }[] = [
        {
            what: "another range",
            more: { vpcIpRange: "10.124.2.0/24" },
            text: /this stack cannot change swarm:vpcIpRange: "10\.124\.2\.0\/24", but its VPC is 10\.124\.1\.0\/24\. A swarm does not stretch/,
            preview: true,
        },
        {
            what: "another region",
            more: { region: "nyc3" },
            text: /this stack cannot change swarm:region: "nyc3", but its nodes are in sgp1\. A swarm does not stretch/,
            preview: true,
        },
        {
            what: "another overlay pool",
            more: { overlayPool: "10.201.0.0/16" },
            text: /m1: overlay networks of this swarm come from 10\.200\.0\.0\/16 in pieces of \/24, which cannot be changed/,
            preview: false,
        },
    ];
    for (const { what, more, text, preview } of refusals) {
        test(`${what} is refused`, async () => {
            stack.configure({ ...small, ...more });
            if (preview) {
                const planned = await stack.pulumi(["preview"]);
                assert.notEqual(planned.status, 0, planned.text);
                assert.match(planned.text, text);
            }
            const ran = await stack.up();
            assert.notEqual(ran.status, 0, ran.text);
            assert.match(ran.text, text);
        });
    }

    test("after what was refused nothing is removed: the next up finds the same nodes", async () => {
        stack.configure(small);
        await stack.upOrThrow();
        assert.deepEqual((await healthy(stack, { ...wanted, workers: ["w2"] })).nodes, now.nodes);
    });

    test("protected managers are neither replaced nor destroyed, until they are protected no more", async () => {
        stack.configure({ ...small, protectManagers: true });
        await stack.upOrThrow();
        stack.configure({ ...small, protectManagers: true, managerImage: "18153887" });
        const replaced = await stack.up();
        assert.notEqual(replaced.status, 0, replaced.text);
        assert.match(replaced.text, /protect/);
        // As a person would, with its preview: without, the engine deletes what it can before it comes to them.
        const destroyed = await stack.pulumi(["destroy", "--yes"]);
        assert.notEqual(destroyed.status, 0, destroyed.text);
        assert.match(destroyed.text, /protect/);
        stack.configure(small);
        await stack.upOrThrow();
        assert.deepEqual((await healthy(stack, { ...wanted, workers: ["w2"] })).nodes, now.nodes);
    });

    test("a second up while one runs: refused, with whose lock it is", async () => {
        stack.configure({ ...settings, ...grown, workers: "w[2:3]" });
        const first = stack.up();
        while (globSync(`${instance.state}/.pulumi/locks/**/${stack.name}/*.json`).length === 0) {
            await sleep(50);
        }
        const second = await stack.up();
        assert.notEqual(second.status, 0, second.text);
        assert.match(second.text, /the stack is currently locked by 1 lock\(s\)/);
        assert.match(second.text, /created by \S+@\S+ \(pid \d+\)/);
        assert.equal((await first).status, 0);
        now = await healthy(stack, { ...wanted, workers: ["w2", "w3"], settled: true });
    });
});
