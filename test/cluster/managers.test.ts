/**
 * Several managers in one cluster's life: joins in turn, promotion and demotion, another seed, an exchange of all of
 * them. Each step goes on from the cluster that the step before has left, and ends with the same questions.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { droplets, inDroplet, untilInDroplet } from "./support/cloud.ts";
import { healthy, type Wanted } from "./support/oracle.ts";
import { LabStack, type NodeOutput, type Outputs } from "./support/stack.ts";

const config = (managers: string, workers: string, more: Record<string, unknown> = {}) => ({
    managers,
    workers,
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.124.0.0/24",
    services: { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
    ...more,
});

const wanted = (managers: string, workers: string, settled = false): Wanted => ({
    managers: managers.split(","),
    workers: workers === "" ? [] : workers.split(","),
    replicas: 2,
    settled,
});

describe("managers", () => {
    let stack: LabStack;
    let first: Outputs;
    before(async () => {
        stack = await LabStack.make("managers", config("m[1:3]", "w1"));
    });
    after(async () => {
        await stack.remove();
    });

    const node = ({ nodes }: Outputs, name: string) => {
        const found = nodes.find((candidate) => candidate.name === name);
        assert.ok(found, `there is no ${name}`);
        return found;
    };

    /** Brings the stack to these names and checks that the cluster is the same one, and healthy. */
    async function becomes(managers: string, workers: string, settled = false): Promise<Outputs> {
        stack.configure(config(managers, workers));
        await stack.upOrThrow();
        const outputs = await healthy(stack, wanted(managers, workers, settled));
        assert.equal(outputs.clusterId, first.clusterId);
        return outputs;
    }

    /** The same machine, and the same member of the swarm, whatever its role has become. */
    function keeps(before: Outputs, after: Outputs, names: readonly string[]) {
        const identity = ({ name, dropletId, nodeId }: NodeOutput) => `${name} ${dropletId} ${nodeId}`;
        assert.deepEqual(
            names.map((name) => identity(node(after, name))),
            names.map((name) => identity(node(before, name))),
        );
    }

    test("three join, and keep free of tasks", async () => {
        await stack.upOrThrow();
        first = await healthy(stack, wanted("m1,m2,m3", "w1"));
    });

    test("a manager and a worker change places: droplets and members stay, the firewalls' tags follow", async () => {
        const outputs = await becomes("m1,m2,w1", "m3", true);
        keeps(first, outputs, ["m1", "m2", "m3", "w1"]);
        const { tags } = await stack.names();
        const names = async (role: "manager" | "worker") =>
            (await droplets(tags[role])).map(({ name }) => name).sort();
        assert.deepEqual(await names("manager"), ["m1", "m2", "w1"]);
        assert.deepEqual(await names("worker"), ["m3"]);
    });

    test("a worker becomes the seed: another manager promotes it, and it stays the member that it was", async () => {
        const outputs = await becomes("m3,m1,m2", "w1", true);
        keeps(first, outputs, ["m1", "m2", "m3", "w1"]);
    });

    test("the seed goes: the next manager is the seed", async () => {
        const outputs = await becomes("m1,m2,w1", "");
        keeps(first, outputs, ["m1", "m2", "w1"]);
    });

    test("a new worker joins through another manager where the seed's port is closed to it", async () => {
        const { dropletId } = node(await stack.outputs(), "m1");
        const reject = "-p tcp --dport 2377 -m conntrack --ctstate NEW -j REJECT";
        await inDroplet(dropletId, `iptables -I INPUT ${reject}`);
        stack.configure(config("m1,m2,w1", "w2"));
        await stack.upOrThrow();
        await inDroplet(dropletId, `iptables -D INPUT ${reject}`);
        const log = await inDroplet(
            node(await stack.outputs(), "w2").dropletId,
            "docker info --format '{{.Swarm.NodeID}} {{.Swarm.LocalNodeState}}'",
        );
        assert.match(log, / active$/);
        await healthy(stack, wanted("m1,m2,w1", "w2"));
    });

    test("three become one while one of the others is down: that one is demoted first", async () => {
        const before = await stack.outputs();
        await inDroplet(node(before, "m2").dropletId, "lab-service docker stop");
        await untilInDroplet(node(before, "m1").dropletId, "docker node ls", /m2 .*Down .*Unreachable/);
        const outputs = await becomes("m1", "w2");
        keeps(before, outputs, ["m1", "w2"]);
    });

    test("the only manager is exchanged for a new one", async () => {
        const before = await stack.outputs();
        const outputs = await becomes("n1", "w2");
        keeps(before, outputs, ["w2"]);
    });

    test("the only manager and a worker change places", async () => {
        const before = await stack.outputs();
        const outputs = await becomes("w2", "n1", true);
        keeps(before, outputs, ["n1", "w2"]);
    });

    test("the only manager goes, and a worker takes its place", async () => {
        await becomes("n1", "");
    });

    test("one becomes three new ones", async () => {
        await becomes("k1,k2,k3", "", true);
    });
});
