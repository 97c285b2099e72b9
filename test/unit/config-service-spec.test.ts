import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import type { ServiceSpec } from "../../model/settings.ts";

/** One manager and three workers, any of which may run tasks. */
const stack = { sshFrom: ["203.0.113.7/32"] };

function spec(options: Record<string, unknown>): ServiceSpec {
    const result = parseSettings({ ...stack, services: { web: { image: "nginx", ...options } } });
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    const [service] = result.settings.services;
    assert.ok(service !== undefined);
    return service;
}

test("the ports of the cluster are free with the other protocol", () => {
    const ports = ["22:22/udp", "2377:1/udp", "4789:1"];
    assert.deepEqual(
        spec({ ports }).ports.map((port) => `${port.published}/${port.protocol}`),
        ["22/udp", "2377/udp", "4789/tcp"],
    );
});

test("labels and variables may be called anything that Docker takes, but for the program's own three", () => {
    const names = [
        "traefik.http.routers.x.tls.domains[0].main",
        "swarm.cronjob.enable",
        "swarm.stacks",
        "com.example/größe",
        "1A",
        "Logging:LogLevel:Default",
        "npm_config_@scope:registry",
    ];
    const values = Object.fromEntries(names.map((name) => [name, "x"]));
    assert.deepEqual(spec({ labels: values }).labels, values);
    assert.deepEqual(spec({ env: values }).env, values);
});

const LOCAL = { driver: "", driverOptions: {}, labels: {} };

describe("a service in canonical form", () => {
    test("goes on with an update of what is meant to end, unless it says otherwise", () => {
        for (const [condition, said, failureAction] of [
            ["any", undefined, "pause"],
            ["on-failure", undefined, "pause"],
            ["none", undefined, "continue"],
            ["none", "pause", "pause"],
        ]) {
            const options = { restart: { condition }, update: said ? { failureAction: said } : {} };
            assert.equal(spec(options).update.failureAction, failureAction, `${condition}, ${said}`);
        }
    });

    test("has Docker's defaults", () => {
        const rollout = {
            parallelism: 1,
            delayMs: 0,
            monitorMs: 5000,
            order: "stop-first",
            failureAction: "pause",
            maxFailureRatio: 0,
        };
        assert.deepEqual(spec({}), {
            name: "web",
            image: "nginx",
            mode: { kind: "replicated", replicas: 1 },
            ports: [],
            env: {},
            secrets: [],
            configs: [],
            command: [],
            args: [],
            constraints: [],
            labels: {},
            mounts: [],
            networks: [],
            limits: { cpus: 0, memoryBytes: 0, pids: 0 },
            reservations: { cpus: 0, memoryBytes: 0 },
            restart: { condition: "any", delayMs: 5000, maxAttempts: 0, windowMs: 0 },
            update: rollout,
            rollback: rollout,
            user: "",
            workdir: "",
            hostname: "",
            init: false,
            readOnly: false,
            after: [],
            before: [],
            fields: {},
            spec: {},
            stopGracePeriodMs: 10_000,
            timeout: 300,
        });
    });

    test("has every option that was given", () => {
        const rollout = {
            parallelism: 2,
            delay: "1s",
            monitor: "2s",
            order: "start-first",
            maxFailureRatio: 0.25,
        };
        const rolled = {
            parallelism: 2,
            delayMs: 1000,
            monitorMs: 2000,
            order: "start-first",
            maxFailureRatio: 0.25,
        };
        assert.deepEqual(
            spec({
                image: "registry.example.com:5000/team/app:2",
                replicas: 2,
                ports: ["443:443", { published: 53, target: 5353, protocol: "udp", mode: "host" }, "53:53"],
                env: { B: true, A: 'a "b" c', "discovery.type": 1 },
                command: ["sh", "-c"],
                args: ["echo $HOME; sleep 1", 5],
                constraints: ["node.labels.zone == a", "node.role!=manager"],
                labels: { "com.example/x": "y" },
                mounts: [
                    "type=volume,src=data,dst=/data,volume-nocopy",
                    {
                        type: "bind",
                        source: "/etc/hosts",
                        target: "/hosts",
                        readOnly: true,
                        propagation: "rslave",
                    },
                    "type=tmpfs,destination=/tmp,tmpfs-size=64m,tmpfs-mode=0700",
                    "target=/anonymous,ro=true",
                ],
                networks: ["front", "back", "front"],
                limits: { cpus: "1.5", memory: "256M", pids: "100" },
                reservations: { cpus: 0.25, memory: 67108864 },
                restart: { condition: "on-failure", delay: "1m30s", maxAttempts: "3", window: "1h" },
                update: { ...rollout, failureAction: "rollback" },
                rollback: { ...rollout, failureAction: "continue" },
                user: "1000:www-data",
                workdir: "/srv/app dir",
                hostname: "web-{{.Task.Slot}}.{{.Node.Hostname}}",
                init: "true",
                readOnly: true,
                stopGracePeriod: "1m",
                timeout: "60",
            }),
            {
                name: "web",
                image: "registry.example.com:5000/team/app:2",
                mode: { kind: "replicated", replicas: 2 },
                ports: [
                    { published: 53, target: 53, protocol: "tcp", mode: "ingress" },
                    { published: 53, target: 5353, protocol: "udp", mode: "host" },
                    { published: 443, target: 443, protocol: "tcp", mode: "ingress" },
                ],
                env: { A: 'a "b" c', B: "true", "discovery.type": "1" },
                secrets: [],
                configs: [],
                command: ["sh", "-c"],
                args: ["echo $HOME; sleep 1", "5"],
                constraints: ["node.labels.zone==a", "node.role!=manager"],
                labels: { "com.example/x": "y" },
                mounts: [
                    {
                        type: "volume",
                        source: "data",
                        target: "/data",
                        readOnly: false,
                        noCopy: true,
                        ...LOCAL,
                    },
                    {
                        type: "bind",
                        source: "/etc/hosts",
                        target: "/hosts",
                        readOnly: true,
                        propagation: "rslave",
                        nonRecursive: false,
                    },
                    { type: "tmpfs", target: "/tmp", sizeBytes: 67108864, mode: "0700" },
                    {
                        type: "volume",
                        source: "",
                        target: "/anonymous",
                        readOnly: true,
                        noCopy: false,
                        ...LOCAL,
                    },
                ],
                networks: [
                    { name: "back", aliases: [], driverOptions: {} },
                    { name: "front", aliases: [], driverOptions: {} },
                ],
                limits: { cpus: 1.5, memoryBytes: 268435456, pids: 100 },
                reservations: { cpus: 0.25, memoryBytes: 67108864 },
                restart: { condition: "on-failure", delayMs: 90_000, maxAttempts: 3, windowMs: 3_600_000 },
                update: { ...rolled, failureAction: "rollback" },
                rollback: { ...rolled, failureAction: "continue" },
                user: "1000:www-data",
                workdir: "/srv/app dir",
                hostname: "web-{{.Task.Slot}}.{{.Node.Hostname}}",
                init: true,
                readOnly: true,
                after: [],
                before: [],
                fields: {},
                spec: {},
                stopGracePeriodMs: 60_000,
                timeout: 60,
            },
        );
        assert.deepEqual(spec({ global: true }).mode, { kind: "global" });
        assert.deepEqual(Object.keys(spec({ env: { B: "1", A: "2", C: "3" } }).env), ["A", "B", "C"]);
    });

    test("stands in the order of names", () => {
        const result = parseSettings({
            ...stack,
            services: { b: { image: "x" }, a: { image: "x" }, "a-1": { image: "x" } },
        });
        assert.ok("settings" in result);
        assert.deepEqual(
            result.settings.services.map((service) => service.name),
            ["a", "a-1", "b"],
        );
    });
});
