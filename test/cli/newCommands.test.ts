/** What the commands on tasks and nodes read and say: processors and memory, addresses, rollbacks, power, formats. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Access } from "../../cli/access.ts";
import { addressOf } from "../../cli/commands/forward.ts";
import { switchDroplet } from "../../cli/commands/power.ts";
import { readUsage, usageText } from "../../cli/commands/top.ts";
import type { DockerApi } from "../../cli/dockerApi.ts";
import { placeOf } from "../../cli/places.ts";
import { afterRollback } from "../../cli/scaling.ts";
import { yamlText } from "../../cli/yaml.ts";
import { sources } from "./recordings.ts";

const ID = "a".repeat(64);

test("top: what a node answers, and what is not of that form", () => {
    const task = "x".repeat(25);
    const answer = (stats: string) => `2\n0.25\n1000000\n600000\n${ID} ${stats}\n${ID} other 1% 1B\n`;
    const found = readUsage("node4", answer(`nginx.2.${task} 0.51% 3.4MiB / 964MiB`));
    assert.equal(
        usageText({ nodes: [found.node, { name: "node5", problem: "no SSH" }], tasks: found.tasks }, true),
        [
            "NODE   PROCESSORS  LOAD  MEMORY",
            "node4  2           0.25  391MiB / 977MiB",
            "node5  -           -     -",
            "",
            "TASK     NODE   CPU    MEMORY           CONTAINER",
            "nginx.2  node4  0.51%  3.4MiB / 964MiB  aaaaaaaaaaaa",
            "",
        ].join("\n"),
    );
    assert.equal(readUsage("n", answer(`agent.${task}.${task} 1% 1B`)).tasks[0]?.task, "agent");
    assert.deepEqual(readUsage("n", answer(`nginx.2.${task} $(id) 1B`)).tasks, []);
});

test("forward: the address by which a node reaches a container", () => {
    const bridged = { [ID]: { IPv4Address: "172.18.0.3/16" } };
    assert.equal(addressOf(ID, { ingress: { IPAddress: "10.0.0.5" } }, bridged), "172.18.0.3");
    assert.equal(addressOf(ID, { host: {} }, {}), "127.0.0.1");
    assert.equal(addressOf(ID, { bridge: { IPAddress: "172.17.0.2" } }, {}), "172.17.0.2");
    assert.equal(addressOf(ID, { internal: { IPAddress: "10.0.9.2" } }, {}), undefined);
    assert.equal(addressOf(ID, {}, { [ID]: { IPv4Address: "1.2.3.4;id/16" } }), undefined);
});

test("rollback: which lines of the config keep it", () => {
    const spec = (image: string, replicas: number) =>
        ({
            Mode: { Replicated: { Replicas: replicas } },
            TaskTemplate: { ContainerSpec: { Image: image } },
        }) as unknown as Parameters<typeof afterRollback>[1];
    const first =
        "nginx is as it was before its last update. The config still wants the newer one, and the next pulumi up sets it again, unless the config is changed:\n";
    assert.equal(
        afterRollback("nginx", spec("nginx:2@sha256:1", 3), spec("nginx:1", 2)),
        `${first}    pulumi config set --path swarm:services.nginx.image nginx:1   (now nginx:2)\n` +
            "    pulumi config set --path swarm:services.nginx.replicas 2   (now 3)\n",
    );
    assert.equal(
        afterRollback("nginx", spec("nginx:1", 2), spec("nginx:1", 2)),
        `${first}    swarm:services.nginx: what the last change of it has set\n`,
    );
});

describe("exec and forward: which task", () => {
    const { state, swarm } = sources("healthy");
    const access = { state } as Access;
    const services = swarm?.services ?? [];
    const tasks = (swarm?.tasks ?? []).map((task) => ({
        ...task,
        Status: { ...task.Status, ContainerStatus: { ContainerID: ID } },
    }));
    const api = (found: unknown[]) =>
        ({ get: async (path: string) => (path === "/services" ? services : found) }) as unknown as DockerApi;

    test("the first, a replica, the one on a node, and none", async () => {
        const first = await placeOf(api(tasks), access, "nginx");
        assert.deepEqual([first.label, first.container], ["nginx.1", ID]);
        assert.equal((await placeOf(api(tasks), access, "nginx.2")).label, "nginx.2");
        assert.equal((await placeOf(api(tasks), access, `nginx.${first.node.name}`)).label, "nginx.1");
        await assert.rejects(
            placeOf(api(tasks), access, "nginx.9"),
            /^CliError: no task nginx\.9 runs; there are: nginx\.1 on /,
        );
        await assert.rejects(placeOf(api(tasks), access, "nginks"), { status: 64 });
    });

    test("a container that is no ID goes into no command", async () => {
        const bad = tasks.map((task) => ({
            ...task,
            Status: { ...task.Status, ContainerStatus: { ContainerID: "a; id" } },
        }));
        await assert.rejects(placeOf(api(bad), access, "nginx"), /there are: none/);
    });
});

describe("power", () => {
    const node = { name: "node3", dropletId: "7" };
    const cloud = (...states: string[]) => {
        const asked: unknown[] = [];
        return {
            asked,
            get: async () => {
                const status = states.length > 1 ? states.shift() : states[0];
                return (status && { droplet: { status } }) as never;
            },
            create: async (path: string, body: unknown) => asked.push(path, body) as never,
        };
    };

    test("asks once, and waits; asks nothing of one that is so", async () => {
        const off = cloud("active", "active", "off");
        await switchDroplet(off, node, "off", { pause: 1 });
        assert.deepEqual(off.asked, ["/v2/droplets/7/actions", { type: "shutdown" }]);
        const on = cloud("active");
        await switchDroplet(on, node, "on");
        assert.deepEqual(on.asked, []);
    });

    test("an end to the waiting, and a droplet that is gone", async () => {
        await assert.rejects(switchDroplet(cloud("off"), node, "on", { pause: 1, looks: 2 }), {
            message: "waited 0 s for node3 (droplet 7) to be on; last seen: off",
        });
        await assert.rejects(switchDroplet(cloud(""), node, "on"), /is gone; have it made anew/);
    });
});

test("YAML: every text in quotes, so that none is taken for something else", () => {
    assert.equal(
        yamlText({ a: [{ b: "no", c: [] }, "x: y\n"], d: { "e f": 1 }, g: null }),
        'a:\n  - b: "no"\n    c: []\n  - "x: y\\n"\nd:\n  "e f": 1\ng: null\n',
    );
});
