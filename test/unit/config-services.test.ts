import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";

/** One manager and three workers, any of which may run tasks. */
const stack = { sshFrom: ["203.0.113.7/32"] };

function problems(services: unknown, rest: Record<string, unknown> = {}): readonly string[] {
    const result = parseSettings({ ...stack, ...rest, services });
    return "problems" in result ? result.problems : [];
}

const TEXT = "any text without NUL";
const IMAGE =
    'an image reference such as "nginx", "nginx:1.29" or "registry.example.com:5000/team/app:2@sha256:…", ' +
    "its name in lower case";
const PORT =
    '"published:target", "published:target/udp", or { published, target, protocol: tcp or udp, ' +
    "mode: ingress or host }, with ports from 1 to 65535";
const DURATION = 'a duration such as "500ms", "10s" or "1m30s", at most "24h"';
const HOUR = DURATION.replace("24h", "1h");
const SIZE = 'a size such as "64M" or "1.5G" (powers of 1024), or a number of bytes';
const CONSTRAINT =
    '"key==value" or "key!=value" with the key node.role, node.hostname, node.id, node.ip, node.platform.os, ' +
    "node.platform.arch, node.labels.<name> or engine.labels.<name>";
const MOUNT =
    'a string such as "type=volume,source=data,target=/data,readonly", or an object with type (volume, bind or ' +
    "tmpfs), source, target, readOnly and the type's own options: noCopy, propagation, or size and mode";
const PATH = "an absolute path without white space, commas and double quotes";
const TARGET = `${PATH}, other than "/"`;
const QUOTES = "write it in quotes, since it may not arrive as it was written";
const SERVICE_NAME =
    "lower-case letters, digits and inner hyphens, at most 63 characters, not digits alone: containers find the " +
    "service by this name";
const ONCE = "each port once in the stack: a node has it only once";
const OWN = "any published port but 22/tcp, 2377/tcp, 7946/tcp, 7946/udp and 4789/udp";

describe("an option of a service is refused with", () => {
    const rows: [options: unknown, ...texts: string[]][] = [
        [
            { prots: [] },
            "swarm:services.web.prots: unknown key; the nearest known one is swarm:services.web.ports",
        ],
        [
            { replica: 2 },
            "swarm:services.web.replica: unknown key; the nearest known one is swarm:services.web.replicas",
        ],
        // What Docker has and this has not, or calls otherwise.
        ...[
            ["healthcheck", "TaskTemplate.ContainerSpec.Healthcheck"],
            ["secrets", "TaskTemplate.ContainerSpec.Secrets"],
            ["configs", "TaskTemplate.ContainerSpec.Configs"],
            ["cap_add", "TaskTemplate.ContainerSpec.CapabilityAdd"],
            ["stopSignal", "TaskTemplate.ContainerSpec.StopSignal"],
            ["log-driver", "TaskTemplate.LogDriver"],
            ["endpoint_mode", "EndpointSpec.Mode"],
            ["max_replicas_per_node", "TaskTemplate.Placement.MaxReplicas"],
        ].map(([key = "", path]): [unknown, string] => [
            { [key]: 1 },
            `swarm:services.web.${key}: unknown key; allowed: swarm:services.web.spec.${path}, ` +
                "as Docker's Engine API has it",
        ]),
        ...[
            ["environment", "env"],
            ["entrypoint", "command"],
            ["volumes", "mounts"],
            ["stop_grace_period", "stopGracePeriod"],
            ["read_only", "readOnly"],
            ["Replicas", "replicas"],
        ].map(([key = "", own]): [unknown, string] => [
            { [key]: 1 },
            `swarm:services.web.${key}: unknown key; the nearest known one is swarm:services.web.${own}`,
        ]),
        [
            { build: "." },
            "swarm:services.web.build: unknown key; allowed: image, replicas, global, ports, env, command, args, " +
                "constraints, labels, mounts, networks, limits, reservations, restart, update, rollback, user, " +
                "workdir, hostname, init, readOnly, stopGracePeriod, timeout, spec",
        ],
        [{ image: undefined }, `swarm:services.web.image: not set; allowed: ${IMAGE}`],
        [{ image: "Nginx" }, `swarm:services.web.image: "Nginx"; allowed: ${IMAGE}`],
        [{ image: "nginx:" }, `swarm:services.web.image: "nginx:"; allowed: ${IMAGE}`],
        [{ replicas: -1 }, "swarm:services.web.replicas: -1; allowed: a whole number from 0 to 1000"],
        [{ replicas: "two" }, 'swarm:services.web.replicas: "two"; allowed: a whole number from 0 to 1000'],
        [{ replicas: 1.5 }, "swarm:services.web.replicas: 1.5; allowed: a whole number from 0 to 1000"],
        [
            { global: true, replicas: 2 },
            "swarm:services.web.replicas: 2: stands beside global: true; allowed: either replicas or global: true",
        ],
        [{ ports: "80:80" }, `swarm:services.web.ports: "80:80"; allowed: a list of ports, each ${PORT}`],
        [
            { ports: ["80", "80:80/sctp", "0:80", "80:65536", 80] },
            `swarm:services.web.ports[0]: "80"; allowed: ${PORT}`,
            `swarm:services.web.ports[1]: "80:80/sctp"; allowed: ${PORT}`,
            `swarm:services.web.ports[2]: "0:80": 0 is not a port; allowed: ${PORT}`,
            `swarm:services.web.ports[3]: "80:65536": 65536 is not a port; allowed: ${PORT}`,
            `swarm:services.web.ports[4]: 80; allowed: ${PORT}`,
        ],
        [
            { ports: [{ published: 0, protocol: "sctp", mod: "host" }] },
            "swarm:services.web.ports[0].published: 0; allowed: a whole number from 1 to 65535",
            "swarm:services.web.ports[0].target: not set; allowed: a whole number from 1 to 65535",
            'swarm:services.web.ports[0].protocol: "sctp"; allowed: tcp or udp',
            "swarm:services.web.ports[0].mod: unknown key; the nearest known one is swarm:services.web.ports[0].mode",
        ],
        ...["A B", "A=B", "", "A\u0000"].map((name): [unknown, string] => [
            { env: { [name]: "x" } },
            `swarm:services.web.env: ${JSON.stringify({ [name]: "x" })}: ${JSON.stringify(name)} cannot be a name; ` +
                `allowed: a map from names without white space and "=" to ${TEXT}`,
        ]),
        [{ env: { A: "x\u0000" } }, `swarm:services.web.env.A: "x\\u0000"; allowed: ${TEXT}`],
        [{ env: { A: null } }, `swarm:services.web.env.A: null; allowed: ${TEXT}`],
        [
            { command: "nginx -g x" },
            `swarm:services.web.command: "nginx -g x"; allowed: a list of arguments, each ${TEXT}`,
        ],
        [{ args: ["ok", "a\u0000b"] }, `swarm:services.web.args[1]: "a\\u0000b"; allowed: ${TEXT}`],
        [
            {
                constraints: [
                    "node.rol==worker",
                    "node.role=worker",
                    "node.role==boss",
                    "node.id==",
                    "node.id==é",
                ],
            },
            'swarm:services.web.constraints[0]: "node.rol==worker": unknown key "node.rol", the nearest known one is ' +
                `node.role; allowed: ${CONSTRAINT}`,
            `swarm:services.web.constraints[1]: "node.role=worker"; allowed: ${CONSTRAINT}`,
            'swarm:services.web.constraints[2]: "node.role==boss": the role is neither manager nor worker; ' +
                `allowed: ${CONSTRAINT}`,
            `swarm:services.web.constraints[3]: "node.id==": has no value; allowed: ${CONSTRAINT}`,
            'swarm:services.web.constraints[4]: "node.id==é": has a character in its value that Docker refuses; ' +
                `allowed: ${CONSTRAINT}`,
        ],
        ...["swarm.stack", "swarm.image", "swarm.node", "a b"].map((name): [unknown, string] => [
            { labels: { [name]: "x" } },
            `swarm:services.web.labels: {"${name}":"x"}: "${name}" cannot be a name; allowed: a map from names without ` +
                `white space and "=", other than swarm.stack, swarm.image and swarm.node, to ${TEXT}`,
        ]),
        [
            { mounts: ["type=bind,source=data,target=/d", "type=tmpfs,dst=d", { type: "npipe" }] },
            `swarm:services.web.mounts[0].source: "data"; allowed: ${PATH}`,
            `swarm:services.web.mounts[1].target: "d"; allowed: ${TARGET}`,
            'swarm:services.web.mounts[2].type: "npipe"; allowed: volume, bind or tmpfs',
        ],
        [
            { mounts: ["source=a,src=b,target=/d", "tgt=/d", "target", 7] },
            `swarm:services.web.mounts[0]: "source=a,src=b,target=/d": gives source twice; allowed: ${MOUNT}`,
            `swarm:services.web.mounts[1]: "tgt=/d": unknown option "tgt"; allowed: ${MOUNT}`,
            `swarm:services.web.mounts[2]: "target": gives target no value; allowed: ${MOUNT}`,
            `swarm:services.web.mounts[3]: 7; allowed: ${MOUNT}`,
        ],
        [
            {
                mounts: [
                    { target: "/a b", propagation: "shared", redonly: true },
                    "type=tmpfs,source=a,target=/b",
                ],
            },
            'swarm:services.web.mounts[0].propagation: "shared": means nothing to a volume; allowed: with the type bind',
            `swarm:services.web.mounts[0].target: "/a b"; allowed: ${TARGET}`,
            "swarm:services.web.mounts[0].redonly: unknown key; the nearest known one is " +
                "swarm:services.web.mounts[0].readOnly",
            'swarm:services.web.mounts[1].source: "a": means nothing to a tmpfs; allowed: with the type volume or bind',
        ],
        [
            { mounts: ["source=a,target=/d", "type=tmpfs,target=/d"] },
            'swarm:services.web.mounts: "/d": is the target of two mounts; allowed: each target once',
        ],
        // Docker cleans paths before it compares them.
        ...["/d/", "//d", "/d/.", "/e/../d"].map((same): [unknown, string] => [
            { mounts: ["source=a,target=/d", `type=tmpfs,target=${same}`] },
            'swarm:services.web.mounts: "/d": is the target of two mounts; allowed: each target once',
        ]),
        ...["/", "//", "/.", "/d/.."].map((root): [unknown, string] => [
            { mounts: [{ target: root }] },
            `swarm:services.web.mounts[0].target: "${root}"; allowed: ${TARGET}`,
        ]),
        [
            { networks: ["ingress"] },
            'swarm:services.web.networks[0]: "ingress"; allowed: the name of an overlay network: lower-case letters, ' +
                "digits and inner hyphens, at most 63 characters, and none of ingress, bridge, host, none",
        ],
        [
            { limits: { cpus: "half", memory: "3M" } },
            'swarm:services.web.limits.cpus: "half"; allowed: a number of CPUs such as 0.5, at least 0.001, or 0 for none',
            `swarm:services.web.limits.memory: "3M"; allowed: ${SIZE}, at least 4M, or 0 for none`,
        ],
        ...[511, 1777, "888", "17777"].map((mode): [unknown, string] => [
            { mounts: [{ type: "tmpfs", target: "/t", mode }] },
            `swarm:services.web.mounts[0].mode: ${JSON.stringify(mode)}; allowed: octal permissions in quotes, such as "1777"`,
        ]),
        // Rounded down, each would be 0, which is no limit at all.
        [
            { limits: { memory: 0.5 }, reservations: { memory: "0.0005K" } },
            `swarm:services.web.limits.memory: 0.5: is less than a byte; allowed: ${SIZE}, at least 4M, or 0 for none`,
            'swarm:services.web.reservations.memory: "0.0005K": is less than a byte; allowed: ' +
                `${SIZE}, at least 4M, or 0 for none`,
        ],
        [
            { mounts: [{ type: "tmpfs", target: "/t", size: 0.9 }] },
            `swarm:services.web.mounts[0].size: 0.9: is less than a byte; allowed: ${SIZE}`,
        ],
        [
            { limits: { cpus: 0.5, memory: "64M" }, reservations: { cpus: 1, memory: "1G" } },
            "swarm:services.web.reservations.cpus: 1: is above the limit, so that no task could start; " +
                "allowed: at most limits.cpus, 0.5",
            "swarm:services.web.reservations.memory: 1073741824: is above the limit, so that no task could start; " +
                "allowed: at most limits.memory, 67108864",
        ],
        [
            { restart: { condition: "always", delay: "5 s", maxAttempts: -1, window: "1d" } },
            'swarm:services.web.restart.condition: "always"; allowed: any, on-failure or none',
            `swarm:services.web.restart.delay: "5 s"; allowed: ${DURATION}`,
            "swarm:services.web.restart.maxAttempts: -1; allowed: a whole number from 0 to 1000000",
            `swarm:services.web.restart.window: "1d"; allowed: ${DURATION}`,
        ],
        [
            { update: { order: "first", failureAction: "stop", maxFailureRatio: 2, delay: "25h" } },
            `swarm:services.web.update.delay: "25h": is too long; allowed: ${DURATION}`,
            'swarm:services.web.update.order: "first"; allowed: stop-first or start-first',
            'swarm:services.web.update.failureAction: "stop"; allowed: pause, continue or rollback',
            "swarm:services.web.update.maxFailureRatio: 2; allowed: a share of tasks from 0 to 1",
        ],
        [
            { rollback: { failureAction: "rollback" } },
            'swarm:services.web.rollback.failureAction: "rollback"; allowed: pause or continue',
        ],
        [
            { user: "a b" },
            'swarm:services.web.user: "a b"; allowed: a user or user:group, by name or number, such as "1000:1000"',
        ],
        [
            { workdir: "srv" },
            `swarm:services.web.workdir: "srv"; allowed: an absolute path, any text without line breaks and NUL`,
        ],
        [
            { hostname: "{{.Task" },
            'swarm:services.web.hostname: "{{.Task"; allowed: a host name, perhaps with Docker\'s placeholders such as ' +
                '"web-{{.Task.Slot}}"',
        ],
        [{ init: 1 }, "swarm:services.web.init: 1; allowed: true or false"],
        [{ readOnly: "no" }, 'swarm:services.web.readOnly: "no"; allowed: true or false'],
        [{ stopGracePeriod: 10 }, `swarm:services.web.stopGracePeriod: 10; allowed: ${HOUR}`],
        [
            { stopGracePeriod: "61m" },
            `swarm:services.web.stopGracePeriod: "61m": is too long; allowed: ${HOUR}`,
        ],
        [{ timeout: 0 }, "swarm:services.web.timeout: 0; allowed: a whole number of seconds from 1 to 3600"],
    ];
    for (const [options, ...texts] of rows) {
        test(JSON.stringify(options), () => {
            assert.deepEqual(problems({ web: { image: "nginx", ...(options as object) } }), texts);
        });
    }
});

describe("services are refused with", () => {
    const publish = (...ports: unknown[]) => ({ image: "nginx", ports });
    const rows: [services: unknown, rest: Record<string, unknown>, ...texts: string[]][] = [
        [
            { web_1: { image: "nginx" } },
            {},
            `swarm:services: "web_1": is not the name of a service; allowed: ${SERVICE_NAME}`,
        ],
        [
            { 80: { image: "nginx" } },
            {},
            `swarm:services: "80": is not the name of a service; allowed: ${SERVICE_NAME}`,
        ],
        [
            { web: "nginx" },
            {},
            'swarm:services.web: "nginx"; allowed: an object with image, replicas, global, ports, env, command, args, ' +
                "constraints, labels, mounts, networks, limits, reservations, restart, update, rollback, user, workdir, " +
                "hostname, init, readOnly, stopGracePeriod, timeout and spec",
        ],
        [
            { a: publish("80:80"), b: publish("80:8080", "80:80/udp") },
            {},
            `swarm:services.b.ports: "80/tcp": published by a and b; allowed: ${ONCE}`,
        ],
        [
            {
                a: publish("80:80"),
                b: publish({ published: 80, target: 80, mode: "host" }),
                c: publish("80:1"),
            },
            {},
            `swarm:services.c.ports: "80/tcp": published by a, b and c; allowed: ${ONCE}`,
        ],
        [
            { a: publish("80:80", { published: "80", target: 81 }) },
            {},
            `swarm:services.a.ports: "80/tcp": published 2 times by a; allowed: ${ONCE}`,
        ],
        ...(
            [
                ["22:22", "22/tcp", "SSH"],
                ["2377:80", "2377/tcp", "the swarm's managers"],
                ["7946:80", "7946/tcp", "the swarm's gossip"],
                ["7946:80/udp", "7946/udp", "the swarm's gossip"],
                ["4789:80/udp", "4789/udp", "the overlay networks"],
            ] as const
        ).map(([port, key, use]): [unknown, Record<string, unknown>, string] => [
            { web: publish(port) },
            {},
            `swarm:services.web.ports: "${key}": the nodes need this port themselves, for ${use}; allowed: ${OWN}`,
        ]),
        [
            { web: publish(...Array.from({ length: 41 }, (_, i) => `${8000 + i}:80`)) },
            {},
            'swarm:services: "41 published ports"; allowed: at most 40 in the stack, since a DigitalOcean firewall ' +
                "takes 50 rules",
        ],
        [
            { web: { ...publish({ published: 80, target: 80, mode: "host" }), replicas: 5 } },
            {},
            "swarm:services.web.replicas: 5: port 80/tcp is published in mode host, which each node can do once, and " +
                "the nodes that can run the service are 4: node[1:4]; allowed: at most 4, or more nodes, or mode ingress",
        ],
        [
            {
                web: {
                    ...publish({ published: 80, target: 80, mode: "host" }),
                    replicas: 2,
                    constraints: ["node.role == worker", "node.hostname!=NODE5"],
                },
            },
            { managers: "node[1:3]", workers: "node[4:5]", managerAvailability: "active" },
            "swarm:services.web.replicas: 2: port 80/tcp is published in mode host, which each node can do once, and " +
                "the nodes that can run the service are 1: node4; allowed: at most 1, or more nodes, or mode ingress",
        ],
        [
            {
                web: {
                    ...publish({ published: 80, target: 80, mode: "host" }),
                    replicas: 3,
                    constraints: ["node.role == worker"],
                },
            },
            { managers: "node[1:3]", workers: "node[4:5]" },
            "swarm:services.web.replicas: 3: port 80/tcp is published in mode host, which each node can do once, and " +
                "the nodes that can run the service are 2: node[4:5]; allowed: at most 2, or more nodes, or mode ingress",
        ],
        [
            { web: { image: "nginx", constraints: ["node.role==manager"] } },
            { managers: "node[1:3]", workers: "node4" },
            'swarm:services.web.constraints: ["node.role==manager"]: leave no node to run the service, managers being ' +
                "drained; allowed: constraints that at least one node meets",
        ],
        ...["node.hostname", "node.labels.swarm.node"].map(
            (key): [unknown, Record<string, unknown>, string] => [
                { web: { image: "nginx", constraints: [`${key}==node9`] } },
                {},
                `swarm:services.web.constraints: ["${key}==node9"]: leave no node to run the service; ` +
                    "allowed: constraints that at least one node meets",
            ],
        ),
        // Updates that cannot end in time.
        ...(
            [
                [
                    { replicas: 20, update: { delay: "60s" } },
                    300,
                    1261,
                    "20 × 60 s of delay, for 20 tasks, 1",
                    61,
                ],
                [
                    { replicas: 20, update: { delay: "60s", parallelism: 6 } },
                    300,
                    301,
                    "4 × 60 s of delay, for 20 tasks, 6",
                    61,
                ],
                [
                    { replicas: 1, timeout: 60, update: { delay: "1m", monitor: "10s" } },
                    60,
                    121,
                    "1 × 60 s of delay, for 1 task, 1",
                    61,
                ],
                [
                    { replicas: 9, timeout: 5, update: { delay: "2500ms", parallelism: 0 } },
                    5,
                    8,
                    "1 × 2.5 s of delay, for 9 tasks, all",
                    5,
                ],
                [
                    { global: true, timeout: 45, update: { delay: "10s", monitor: "10s" } },
                    45,
                    51,
                    "4 × 10 s of delay, for 4 tasks, 1",
                    11,
                ],
                [{ timeout: 30, update: { monitor: "5m" } }, 30, 300, "", 300],
                [{ timeout: 5, update: { monitor: 0 } }, 5, 5, "", 5],
            ] as const
        ).map(([options, timeout, least, delays, watching]): [unknown, Record<string, unknown>, string] => [
            { web: { image: "nginx", ...options } },
            {},
            `swarm:services.web.timeout: ${timeout}: an update takes more than ${least} s: ` +
                `${delays}${delays && " at a time, and "}${watching} s of watching at its end; allowed: ` +
                `from ${least + 1} to 3600 seconds, or a shorter update.delay or update.monitor, or more update.parallelism`,
        ]),
        [
            { web: { image: "nginx", replicas: 2, timeout: 3600, update: { delay: "30m" } } },
            {},
            "swarm:services.web.timeout: 3600: an update takes more than 5401 s: 2 × 1800 s of delay, for 2 tasks, 1 " +
                "at a time, and 1801 s of watching at its end; allowed: a shorter update.delay or update.monitor, or " +
                "more update.parallelism",
        ],
        // A new task that waits for the old one's port.
        [
            {
                web: {
                    ...publish({ published: 80, target: 80, mode: "host" }),
                    global: true,
                    update: { order: "start-first" },
                    rollback: { order: "start-first" },
                },
            },
            {},
            ...["update", "rollback"].map(
                (rollout) =>
                    `swarm:services.web.${rollout}.order: "start-first": port 80/tcp is published in mode host, which ` +
                    "each node can do once: a new task would wait for ever for the old one to give the port up; " +
                    "allowed: stop-first, or mode ingress",
            ),
        ],
        [
            {
                web: {
                    ...publish({ published: 53, target: 53, protocol: "udp", mode: "host" }),
                    replicas: 3,
                    constraints: ["node.role==worker"],
                    update: { order: "start-first" },
                },
            },
            {},
            'swarm:services.web.update.order: "start-first": port 53/udp is published in mode host, which each node ' +
                "can do once, and each of the 3 nodes that can run the service has a task of it: a new task would " +
                "wait for ever for the old one to give the port up; allowed: stop-first, or mode ingress, or fewer " +
                "replicas than nodes",
        ],
    ];
    for (const [services, rest, ...texts] of rows) {
        test(`${JSON.stringify(services).slice(0, 120)} ${JSON.stringify(rest)}`, () => {
            assert.deepEqual(problems(services, rest), texts);
        });
    }
});

describe("a value that may not be the one that was written is refused, as the engine hands it over", () => {
    const refused = (number: string) => problems(`{"web":{"image":"nginx","env":{"ID":${number}}}}`);
    for (const number of [
        "1056789012345678901",
        "-9007199254740993",
        "9007199254740992",
        // Too large for the engine as well, which rounds such a number by itself.
        "12345678901234567000000",
    ]) {
        test(`env ${number}`, () => {
            assert.deepEqual(refused(number), [
                `swarm:services.web.env.ID: ${number}; allowed: ${TEXT}; ${QUOTES}`,
            ]);
        });
    }

    for (const [number, shown] of [
        ["0.30000000000000004", "0.30000000000000004"],
        ["1e+21", "1e+21"],
        ["1e-7", "1e-7"],
        ['"2026-01-02 00:00:00 +0000 UTC"', '"2026-01-02 00:00:00 +0000 UTC"'],
    ] as const) {
        test(`env ${number}`, () => {
            assert.deepEqual(refused(number), [
                `swarm:services.web.env.ID: ${shown}; allowed: ${TEXT}; ${QUOTES}`,
            ]);
        });
    }

    test("wherever it stands, and its digits with it in what is said of its neighbours", () => {
        assert.deepEqual(
            problems(
                '{"web":{"image":"nginx","replicas":1056789012345678901,"args":[1056789012345678901],' +
                    '"ports":{"a":1056789012345678901}}}',
            ),
            [
                `swarm:services.web.replicas: 1056789012345678901; allowed: a whole number from 0 to 1000; ${QUOTES}`,
                `swarm:services.web.ports: {"a":"1056789012345678901"}; allowed: a list of ports, each ${PORT}`,
                `swarm:services.web.args[0]: 1056789012345678901; allowed: ${TEXT}; ${QUOTES}`,
            ],
        );
    });

    test("also where its value is secret: what to do is said, the number is not", () => {
        const services = '{"web":{"image":"nginx","env":{"ID":1056789012345678901}}}';
        const result = parseSettings({ ...stack, services }, ["services"]);
        assert.deepEqual("problems" in result && result.problems, [
            `swarm:services.web.env.ID: [secret]; allowed: ${TEXT}; ${QUOTES}`,
        ]);
    });

    for (const [number, text] of [
        ["9007199254740991", "9007199254740991"],
        ["-12", "-12"],
        ["0.25", "0.25"],
        ["123456.789012345", "123456.789012345"],
        ['"1056789012345678901"', "1056789012345678901"],
        ['"2026-01-02"', "2026-01-02"],
    ] as const) {
        test(`while ${number} is taken`, () => {
            const result = parseSettings({
                ...stack,
                services: `{"web":{"image":"nginx","env":{"ID":${number}}}}`,
            });
            assert.equal("settings" in result && result.settings.services[0]?.env.ID, text);
        });
    }
});

describe("an update that can end is taken", () => {
    const host = { published: 80, target: 80, mode: "host" };
    const rows: Record<string, unknown>[] = [
        { replicas: 20, timeout: 1262, update: { delay: "60s" } },
        { replicas: 20, timeout: 302, update: { delay: "60s", parallelism: 6 } },
        { timeout: 6 },
        // Nothing is updated, and so nothing is waited for.
        { replicas: 0, timeout: 5, update: { delay: "60s" } },
        // One node, or as many as have the label: what is not known is no reason to refuse.
        { global: true, timeout: 22, update: { delay: "10s" }, constraints: ["node.role==manager"] },
        { global: true, timeout: 22, update: { delay: "10s" }, constraints: ["node.labels.disk==ssd"] },
        // A fourth node is free for the new task.
        { replicas: 3, ports: [host], update: { order: "start-first" } },
        { replicas: 4, ports: [host] },
        { global: true, ports: ["80:80"], update: { order: "start-first" } },
        { global: true, ports: [host] },
    ];
    for (const options of rows) {
        test(JSON.stringify(options), () => {
            assert.deepEqual(problems({ web: { image: "nginx", ...options } }), []);
        });
    }
});
