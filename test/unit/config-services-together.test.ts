import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { PORT, problems, stack, TEXT, VARIABLE } from "./servicesConfig.ts";

const QUOTES = "write it in quotes, since it may not arrive as it was written";
const SERVICE_NAME =
    "lower-case letters, digits and inner hyphens, at most 63 characters, not digits alone: containers find the " +
    "service by this name";
const ONCE = "each port once in the stack: a node has it only once";
const OWN = "any published port but 22/tcp, 2377/tcp, 7946/tcp, 7946/udp and 4789/udp";

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
            'swarm:services.web: "nginx"; allowed: an object with image, replicas, global, mode, maxConcurrent, ports, env, secrets, configs, command, args, ' +
                "constraints, labels, mounts, networks, limits, reservations, restart, update, rollback, user, workdir, " +
                "hostname, init, readOnly, stopGracePeriod, timeout, after, before, groups, containerLabels, tty, stopSignal, healthcheck, " +
                "hosts, dns, dnsSearch, dnsOptions, sysctls, capAdd, capDrop, ulimits, oomScoreAdj, logDriver, " +
                "genericResources, preferences, maxReplicasPerNode, endpointMode and spec",
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
            { web: publish(...Array.from({ length: 41 }, (_, i) => `${8000 + 2 * i}:80`)) },
            {},
            'swarm:services: "41 published ports and ranges of ports"; allowed: at most 40 in the stack, since a ' +
                "DigitalOcean firewall takes 50 rules; ports that follow one another are one range",
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
                `swarm:services.web.env.ID: ${number}; allowed: ${VARIABLE}; ${QUOTES}`,
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
                `swarm:services.web.env.ID: ${shown}; allowed: ${VARIABLE}; ${QUOTES}`,
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
            `swarm:services.web.env.ID: [secret]; allowed: ${VARIABLE}; ${QUOTES}`,
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
