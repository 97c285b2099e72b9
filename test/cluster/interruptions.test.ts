/**
 * Runs that are interrupted: each kind of interruption at least once, spread over first up, scale-out, scale-in and
 * replacement, at the moments that leave something half done. After each, one plain `up` reaches the wanted state.
 *
 * What this does not prove: all kinds at all steps. `make test-long` does.
 */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { removeFaults } from "./support/cloud.ts";
import { interrupted, lostOf, recover } from "./support/interrupt.ts";
import { type Interruption, KINDS, type Kind, textOf } from "./support/interruption.ts";
import { healthy, type Wanted } from "./support/oracle.ts";
import { LabStack, type Outputs, type Ran } from "./support/stack.ts";

const config = (managers: string, workers: string, more: Record<string, unknown> = {}) => ({
    managers,
    workers,
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.127.0.0/24",
    services: { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
    ...more,
});

const UP = ["up", "--yes", "--skip-preview"];

/** Kinds of interruptions that have come. */
const come = new Set<Kind>();

async function interrupts(stack: LabStack, args: readonly string[], what: Interruption): Promise<Ran> {
    const ran = await interrupted(stack, args, what);
    assert.ok(ran.hit, `${textOf(what)}: the moment never came:\n${ran.text}`);
    come.add(what.kind);
    return ran;
}

/**
 * Runs an engine command that is interrupted, and one plain up after it. Before that up, nothing that was left
 * behind is touched; the up names each droplet of those that the state does not know.
 */
async function survives(
    t: TestContext,
    stack: LabStack,
    what: Interruption,
    wanted: Wanted,
    options: readonly string[] = [],
): Promise<Outputs & { readonly lost: readonly string[] }> {
    const ran = await interrupts(stack, [...UP, ...options], what);
    const left = await lostOf(stack);
    const { ran: second, cancelled, lost } = await recover(stack);
    for (const { name, id } of left) {
        assert.match(second.text, new RegExp(`- ${name}, ID ${id}, made `), "a lost droplet is not named");
    }
    const names = lost.map(({ name }) => name).sort();
    t.diagnostic(
        `${textOf(what)}: status ${ran.status} after ${ran.seconds.toFixed(1)} s; ` +
            `${cancelled ? "cancel, " : ""}up in ${second.seconds.toFixed(1)} s; lost: ${names.join(", ") || "none"}`,
    );
    return { ...(await healthy(stack, { ...wanted, settled: true })), lost: names };
}

describe("interruptions, with one manager", () => {
    let stack: LabStack;
    let cluster: string;
    const wanted = (...workers: string[]): Wanted => ({ managers: ["m1"], workers, replicas: 2 });
    before(async () => {
        stack = await LabStack.make("broken", config("m1", "w[1:2]"));
    });
    after(async () => {
        await removeFaults();
        await stack.remove();
    });

    test("first up: the keys' plugin is killed as it makes the first of them", async () => {
        const ran = await interrupts(stack, UP, { kind: "kill tls", at: /^creating PrivateKey/ });
        assert.notEqual(ran.status, 0, ran.text);
    });

    test("first up: the answer about the VPC is lost, then the CLI is killed before that about a droplet", async (t) => {
        await interrupts(stack, UP, {
            kind: "API dropped after",
            request: { method: "POST", path: "/v2/vpcs" },
        });
        const request = { method: "POST", path: "/v2/droplets", body: { name: "w1" } } as const;
        const outputs = await survives(
            t,
            stack,
            { kind: "kill CLI unanswered", request },
            wanted("w1", "w2"),
        );
        assert.ok(outputs.lost.includes("w1"), `${outputs.lost}`);
        cluster = outputs.clusterId;
    });

    test("a change of the firewall: the connection is dropped before the API has done it", async (t) => {
        stack.configure(config("m1", "w[1:2]", { sshFrom: ["0.0.0.0/0", "::/0"] }));
        const request = { method: "PUT", pattern: "^/v2/firewalls/" } as const;
        await survives(t, stack, { kind: "API dropped before", request }, wanted("w1", "w2"));
    });

    test("scale-out: SIGINT twice while a worker joins", async (t) => {
        stack.configure(config("m1", "w[1:3]"));
        const what: Interruption = { kind: "SIGINT twice", at: /^creating Command w3-join/ };
        await survives(t, stack, what, wanted("w1", "w2", "w3"));
    });

    test("scale-out: 500 after a droplet was made; the plugin makes another, and the first is lost", async (t) => {
        // With a task on each node: there is something to see off in the next test.
        const nginx = { image: "nginx", replicas: 5, ports: ["80:80"] };
        stack.configure(config("m1", "w[1:4]", { services: { nginx } }));
        const request = { method: "POST", path: "/v2/droplets", body: { name: "w4" } } as const;
        const wish = { ...wanted("w1", "w2", "w3", "w4"), replicas: 5 };
        const outputs = await survives(t, stack, { kind: "API 500 after", request }, wish);
        assert.deepEqual(outputs.lost, ["w4"]);
    });

    test("scale-in: the connection is cut while the roster sees a worker off", async (t) => {
        stack.configure(config("m1", "w[1:3]"));
        await survives(
            t,
            stack,
            { kind: "SSH cut", at: /roster updating .*emptying w4/, node: "m1" },
            wanted("w1", "w2", "w3"),
        );
    });

    test("scale-in: DigitalOcean's plugin is killed while a droplet is deleted", async (t) => {
        stack.configure(config("m1", "w[1:2]"));
        const what: Interruption = { kind: "kill digitalocean", at: /^deleting Droplet w3/ };
        await survives(t, stack, what, wanted("w1", "w2"));
    });

    test("replacement: the command plugin is killed while the new worker joins", async (t) => {
        stack.configure(config("m1", "w[1:2]", { workerImage: "18153999" }));
        const what: Interruption = { kind: "kill command", at: /^creating replacement Command w1-join/ };
        await survives(t, stack, what, wanted("w1", "w2"));
    });

    test("replacement: the API fails at every deletion of an old worker", async (t) => {
        stack.configure(config("m1", "w[1:2]", { workerImage: "18153887" }));
        const request = { method: "DELETE", pattern: "^/v2/droplets/", times: null } as const;
        const outputs = await survives(t, stack, { kind: "API 500 before", request }, wanted("w1", "w2"));
        assert.equal(outputs.clusterId, cluster);
    });

    test("destroy: SIGINT half-way; the next one removes the rest", async () => {
        await interrupts(stack, ["destroy", "--yes", "--skip-preview"], {
            kind: "SIGINT",
            at: /^deleting Droplet/,
        });
        // The droplet that was being deleted may be gone, which the state has not been told.
        await stack.destroyOrThrow("--refresh");
        assert.deepEqual(await stack.resources(), []);
    });
});

describe("interruptions, with three managers", () => {
    let stack: LabStack;
    let cluster: string;
    const wanted: Wanted = { managers: ["m1", "m2", "m3"], workers: ["w1"], replicas: 2 };
    before(async () => {
        stack = await LabStack.make("broken3", config("m[1:3]", "w1"));
    });
    after(async () => {
        await removeFaults();
        await stack.remove();
    });

    test("first up: the connection is cut while the swarm is initialised", async (t) => {
        const what: Interruption = { kind: "SSH cut", at: /^creating Command swarm/, node: "m1" };
        cluster = (await survives(t, stack, what, wanted)).clusterId;
    });

    test("replacement of a manager: the CLI is killed while the roster demotes the old one", async (t) => {
        const what: Interruption = { kind: "kill CLI", at: /roster updating .*removing m2/ };
        await survives(t, stack, what, wanted, ["--replace", "**:Droplet::m2"]);
    });

    test("replacement of the seed: SIGINT while it joins through the others", async (t) => {
        const what: Interruption = { kind: "SIGINT", at: /^updating Command swarm/ };
        const outputs = await survives(t, stack, what, wanted, ["--replace", "**:Droplet::m1"]);
        assert.equal(outputs.clusterId, cluster);
    });
});

test("each kind of interruption has come", () => {
    assert.deepEqual([...come].sort(), [...KINDS].sort());
});
