import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PORT, problems, TEXT, VARIABLE } from "./servicesConfig.ts";

const IMAGE =
    'an image reference such as "nginx", "nginx:1.29" or "registry.example.com:5000/team/app:2@sha256:…", ' +
    "its name in lower case";
const DURATION = 'a duration such as "500ms", "10s" or "1m30s", at most "24h"';
const HOUR = DURATION.replace("24h", "1h");
const SIZE = 'a size such as "64M" or "1.5G" (powers of 1024), or a number of bytes';
const CONSTRAINT =
    '"key==value" or "key!=value" with the key node.role, node.hostname, node.id, node.ip, node.platform.os, ' +
    "node.platform.arch, node.labels.<name> or engine.labels.<name>";
const MOUNT =
    'a string such as "type=volume,source=data,target=/data,readonly", or an object with type (volume, bind or ' +
    "tmpfs), source, target, readOnly and the type's own options: noCopy, driver, driverOptions and labels, or " +
    "propagation and nonRecursive, or size and mode";
const PATH = "an absolute path without white space, commas and double quotes";
const TARGET = `${PATH}, other than "/"`;

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
            ["isolation", "TaskTemplate.ContainerSpec.Isolation"],
            ["stdin_open", "TaskTemplate.ContainerSpec.OpenStdin"],
            ["security_opt", "TaskTemplate.ContainerSpec.Privileges"],
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
            ["depends_on", "after"],
            ["max-concurrent", "maxConcurrent"],
            ["health_check", "healthcheck"],
            ["health-cmd", "healthcheck"],
            ["no-healthcheck", "healthcheck"],
            ["cap_add", "capAdd"],
            ["extra_hosts", "hosts"],
            ["host", "hosts"],
            ["log-driver", "logDriver"],
            ["logging", "logDriver"],
            ["container-label", "containerLabels"],
            ["group_add", "groups"],
            ["ulimit", "ulimits"],
            ["sysctl", "sysctls"],
            ["dns_opt", "dnsOptions"],
            ["dns_search", "dnsSearch"],
            ["endpoint_mode", "endpointMode"],
            ["max_replicas_per_node", "maxReplicasPerNode"],
            ["replicas-max-per-node", "maxReplicasPerNode"],
            ["placement-pref", "preferences"],
            ["generic_resource", "genericResources"],
            ["pids_limit", "limits"],
            ["stop_signal", "stopSignal"],
        ].map(([key = "", own]): [unknown, string] => [
            { [key]: 1 },
            `swarm:services.web.${key}: unknown key; the nearest known one is swarm:services.web.${own}`,
        ]),
        [
            { build: "." },
            "swarm:services.web.build: unknown key; allowed: image, replicas, global, mode, maxConcurrent, ports, env, secrets, configs, command, args, " +
                "constraints, labels, mounts, networks, limits, reservations, restart, update, rollback, user, " +
                "workdir, hostname, init, readOnly, stopGracePeriod, timeout, after, before, groups, containerLabels, tty, stopSignal, " +
                "healthcheck, hosts, dns, dnsSearch, dnsOptions, sysctls, capAdd, capDrop, ulimits, oomScoreAdj, logDriver, " +
                "genericResources, preferences, maxReplicasPerNode, endpointMode, spec",
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
            {
                ports: [
                    "8000-8002:9000-9001",
                    "8002-8000:8000-8002",
                    "8000-:80",
                    "1-70000:1-70000",
                    "80-81:80",
                ],
            },
            `swarm:services.web.ports[0]: "8000-8002:9000-9001": its ranges are of different lengths; allowed: ${PORT}`,
            `swarm:services.web.ports[1]: "8002-8000:8000-8002": the range 8002-8000 runs backwards; allowed: ${PORT}`,
            `swarm:services.web.ports[2]: "8000-:80"; allowed: ${PORT}`,
            `swarm:services.web.ports[3]: "1-70000:1-70000": 70000 is not a port; allowed: ${PORT}`,
            `swarm:services.web.ports[4]: "80-81:80": its ranges are of different lengths; allowed: ${PORT}`,
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
                `allowed: a map from names without white space and "=" to ${VARIABLE}`,
        ]),
        [{ env: { A: "x\u0000" } }, `swarm:services.web.env.A: "x\\u0000"; allowed: ${VARIABLE}`],
        [{ env: { A: null } }, `swarm:services.web.env.A: null; allowed: ${VARIABLE}`],
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
            { mounts: ["source=data,target=/d", "type=tmpfs,target=/d"] },
            'swarm:services.web.mounts: "/d": is the target of two mounts; allowed: each target once',
        ],
        [
            { mounts: [{ source: "a", target: "/d" }] },
            'swarm:services.web.mounts[0].source: "a"; allowed: the name of a volume: at least two letters, digits, ' +
                "dots, hyphens and underscores, the first a letter or digit",
        ],
        [
            {
                mounts: [
                    "source=data,target=/d,volume-opt=type",
                    { type: "bind", source: "/e", target: "/e", driver: "x" },
                ],
            },
            `swarm:services.web.mounts[0]: "source=data,target=/d,volume-opt=type": gives driverOptions no "name=value"; ` +
                `allowed: ${MOUNT}`,
            'swarm:services.web.mounts[1].driver: "x": means nothing to a bind; allowed: with the type volume',
        ],
        [
            { mounts: [{ target: "/d", driver: "a b", driverOptions: { device: null }, labels: "x" }] },
            'swarm:services.web.mounts[0].driver: "a b"; allowed: the name of a volume driver such as "local"',
            `swarm:services.web.mounts[0].driverOptions.device: null; allowed: ${TEXT}`,
            `swarm:services.web.mounts[0].labels: "x"; allowed: a map from names of labels to ${TEXT}`,
        ],
        [
            { networks: [{ name: "back", aliases: ["a b"], attachable: true }, "back"] },
            'swarm:services.web.networks[0].aliases[0]: "a b"; allowed: a name of letters, digits, dots, hyphens and ' +
                "underscores, at most 63 characters",
            "swarm:services.web.networks[0].attachable: unknown key; allowed: name, aliases, driverOptions",
        ],
        [
            { networks: [{ name: "back", aliases: ["db"] }, "back"] },
            'swarm:services.web.networks: "back": stands twice, with different options; allowed: each network once',
        ],
        // Docker cleans paths before it compares them.
        ...["/d/", "//d", "/d/.", "/e/../d"].map((same): [unknown, string] => [
            { mounts: ["source=data,target=/d", `type=tmpfs,target=${same}`] },
            'swarm:services.web.mounts: "/d": is the target of two mounts; allowed: each target once',
        ]),
        ...["/", "//", "/.", "/d/.."].map((root): [unknown, string] => [
            { mounts: [{ target: root }] },
            `swarm:services.web.mounts[0].target: "${root}"; allowed: ${TARGET}`,
        ]),
        [
            { networks: ["ingress"] },
            'swarm:services.web.networks[0].name: "ingress"; allowed: the name of an overlay network: lower-case letters, ' +
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
