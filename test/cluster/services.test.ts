/**
 * A service reaches exactly what the config says from wherever it was: after a row of changes its spec is the very
 * one that it has when it is made anew. And what is no longer declared goes.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inDroplet, nginxAnswers } from "./support/cloud.ts";
import { LabStack } from "./support/stack.ts";

const base = { managers: "s1", workers: "", sshFrom: ["0.0.0.0/0"], vpcIpRange: "10.131.0.0/24" };

type Spec = Record<string, unknown>;

/** In this order: each differs from the one before in many options at once, given and taken away. */
const forms: { what: string; web: Spec }[] = [
    { what: "plain", web: { image: "nginx", replicas: 1, ports: ["8081:80"] } },
    {
        what: "with much of everything",
        web: {
            image: "nginx",
            replicas: 2,
            // Two published ports that lead to one port of the container, of which one goes later.
            ports: ["8081:80", "8082:80", { published: 8083, target: 8083, mode: "ingress" }],
            env: { GREETING: 'it\'s "quoted" $HOME', SECOND: "a=b" },
            labels: { "com.example.tier": "web" },
            args: ["nginx", "-g", "daemon off; # it's one argument"],
            constraints: ["node.role==manager"],
            mounts: ["type=volume,source=cache,target=/var/cache/nginx", "type=tmpfs,target=/scratch"],
            networks: ["front"],
            limits: { cpus: 0.5, memory: "128M" },
            reservations: { memory: "16M" },
            restart: { condition: "on-failure", delay: "2s", maxAttempts: 5 },
            update: { parallelism: 2, order: "start-first", failureAction: "rollback" },
            hostname: "web",
            init: true,
            stopGracePeriod: "3s",
        },
    },
    {
        what: "with other values, and some gone",
        web: {
            image: "nginx:stable",
            replicas: 1,
            ports: ["8081:80"],
            env: { SECOND: "c", THIRD: "" },
            args: ["nginx", "-g", "daemon off;"],
            mounts: ["type=volume,source=other,target=/var/cache/nginx"],
            networks: ["front", "back"],
            limits: { memory: "256M" },
        },
    },
    { what: "plain again", web: { image: "nginx", replicas: 1, ports: ["8081:80"] } },
];

describe("services", () => {
    let stack: LabStack;
    let seed: string;
    before(async () => {
        stack = await LabStack.make("services", { ...base, services: {} });
        await stack.upOrThrow();
        seed = (await stack.outputs()).nodes[0]?.dropletId ?? "";
    });
    after(() => stack.remove());

    const deploy = async (services: Record<string, Spec>) => {
        stack.configure({ ...base, services });
        await stack.upOrThrow();
    };

    const updated = new Map<string, unknown>();

    for (const { what, web } of forms) {
        test(`becomes ${what} by an update`, async () => {
            await deploy({ web });
            updated.set(what, await specOf(seed));
            const { publicIp } = (await stack.outputs()).nodes[0] as { publicIp: string };
            await nginxAnswers(publicIp, 8081);
        });
    }

    test("plain again is what plain was", () => {
        assert.deepEqual(updated.get("plain again"), updated.get("plain"));
    });

    for (const { what, web } of forms.slice(1)) {
        test(`made anew ${what}, it is the same`, async () => {
            await deploy({});
            assert.equal(await inDroplet(seed, "docker service ls -q"), "");
            assert.equal(await inDroplet(seed, "docker network ls -q --filter label=swarm.stack"), "");
            await deploy({ web });
            assert.deepEqual(await specOf(seed), updated.get(what));
        });
    }

    test("a service becomes global, and replicated again", async () => {
        const { replicas: _, ...rest } = (forms[0] as { web: Spec }).web;
        await deploy({ web: { ...rest, global: true } });
        assert.equal(
            await inDroplet(seed, "docker service ls --format '{{.Mode}} {{.Replicas}}'"),
            "global 1/1",
        );
        await deploy({ web: forms[0]?.web as Spec });
        assert.equal(
            await inDroplet(seed, "docker service ls --format '{{.Mode}} {{.Replicas}}'"),
            "replicated 1/1",
        );
    });
});

/** The service's spec with its lists in one order and without what counts changes; networks by name. */
async function specOf(seed: string): Promise<unknown> {
    const spec = JSON.parse(await inDroplet(seed, "docker service inspect --format '{{json .Spec}}' web"));
    const networks = JSON.parse(
        `{${await inDroplet(seed, 'docker network ls --no-trunc --format \'"{{.ID}}":"{{.Name}}"\' | paste -sd,')}}`,
    );
    return tidy(spec, networks);
}

function tidy(value: unknown, networks: Record<string, string>): unknown {
    if (typeof value === "string") return networks[value] ?? value;
    if (Array.isArray(value)) {
        const items = value.map((item) => tidy(item, networks));
        // The order of arguments counts; that of everything else in a spec does not.
        return items.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
    }
    if (value === null || typeof value !== "object") return value;
    const entries = Object.entries(value)
        .filter(([key]) => key !== "ForceUpdate")
        .map(
            ([key, inner]) =>
                [key, key === "Args" || key === "Command" ? inner : tidy(inner, networks)] as const,
        )
        // Docker leaves an empty list or object away, or not, depending on how it came to be empty.
        .filter(([, inner]) => !(inner && typeof inner === "object" && Object.keys(inner).length === 0));
    return Object.fromEntries(entries.filter(([, inner]) => inner !== null && inner !== undefined));
}
