/** A service of the config as the Engine's API takes it, to the letter; and a service's own `spec`. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { isKnownField } from "../../model/engineFields.ts";
import { engineSpec, type JsonObject, specText } from "../../model/engineSpec.ts";

type Options = Record<string, unknown>;

const parsed = (options: Options) =>
    parseSettings({
        sshFrom: ["203.0.113.7/32"],
        services: { web: { image: "nginx", ...options } },
    });

function spec(options: Options): JsonObject {
    const result = parsed(options);
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    const [service] = result.settings.services;
    assert.ok(service);
    return engineSpec(service);
}

/** As it is sent: what is undefined is not there. */
const sent = (options: Options) => JSON.parse(specText(spec(options)));

const ROLLOUT = {
    Parallelism: 1,
    FailureAction: "pause",
    Monitor: 5_000_000_000,
    MaxFailureRatio: 0,
    Order: "stop-first",
};

test("a plain service is what `docker service create` makes of it, with four values to be filled in", () => {
    assert.equal(
        specText(spec({ replicas: 2, ports: ["80:8080"] })),
        `{
 "Name": "web",
 "Labels": {
  "swarm.image": "nginx",
  "swarm.stack": ""
 },
 "TaskTemplate": {
  "ContainerSpec": {
   "Image": "nginx",
   "Init": false,
   "StopGracePeriod": 10000000000,
   "DNSConfig": {}
  },
  "Resources": {
   "Limits": {},
   "Reservations": {}
  },
  "RestartPolicy": {
   "Condition": "any",
   "Delay": 5000000000,
   "MaxAttempts": 0,
   "Window": 0
  },
  "Placement": {
   "Platforms": []
  },
  "ForceUpdate": 0,
  "Runtime": "container"
 },
 "Mode": {
  "Replicated": {
   "Replicas": 2
  }
 },
 "UpdateConfig": {
  "Parallelism": 1,
  "FailureAction": "pause",
  "Monitor": 5000000000,
  "MaxFailureRatio": 0,
  "Order": "stop-first"
 },
 "RollbackConfig": {
  "Parallelism": 1,
  "FailureAction": "pause",
  "Monitor": 5000000000,
  "MaxFailureRatio": 0,
  "Order": "stop-first"
 },
 "EndpointSpec": {
  "Mode": "vip",
  "Ports": [
   {
    "Protocol": "tcp",
    "TargetPort": 8080,
    "PublishedPort": 80,
    "PublishMode": "ingress"
   }
  ]
 }
}`,
    );
});

/** What an option adds to the container, the task, or the service. */
const container: readonly (readonly [Options, JsonObject])[] = [
    [{ command: ["/bin/sh"] }, { Command: ["/bin/sh"] }],
    [
        { args: ["-c", "echo 'it''s' $HOME\n\"two\" lines"] },
        { Args: ["-c", "echo 'it''s' $HOME\n\"two\" lines"] },
    ],
    [
        { env: { GROUPS: "a", B: "x=y z", RANDOM: "", LINES: "one\ntwo" } },
        { Env: ["B=x=y z", "GROUPS=a", "LINES=one\ntwo", "RANDOM="] },
    ],
    [{ hostname: "web-{{.Task.Slot}}" }, { Hostname: "web-{{.Task.Slot}}" }],
    [{ workdir: "/srv" }, { Dir: "/srv" }],
    [{ user: "1000:1000" }, { User: "1000:1000" }],
    [{ init: true }, { Init: true }],
    [{ readOnly: true }, { ReadOnly: true }],
    [{ stopGracePeriod: "90s" }, { StopGracePeriod: 90_000_000_000 }],
    [
        { mounts: ["type=volume,source=data,target=/data,readonly,volume-nocopy", "target=/any"] },
        {
            Mounts: [
                {
                    Type: "volume",
                    Source: "data",
                    Target: "/data",
                    ReadOnly: true,
                    VolumeOptions: { NoCopy: true },
                },
                { Type: "volume", Target: "/any" },
            ],
        },
    ],
    [
        {
            mounts: [
                "source=nfs,target=/n,volume-driver=local,volume-opt=type=nfs,volume-opt=o=addr=192.0.2.7,volume-label=a=b",
                { source: "own", target: "/o", driverOptions: { device: "tmpfs" }, labels: { tier: "x" } },
                "type=bind,source=/a,target=/c,bind-nonrecursive",
            ],
        },
        {
            Mounts: [
                {
                    Type: "volume",
                    Source: "nfs",
                    Target: "/n",
                    VolumeOptions: {
                        Labels: { a: "b" },
                        DriverConfig: { Name: "local", Options: { type: "nfs", o: "addr=192.0.2.7" } },
                    },
                },
                {
                    Type: "volume",
                    Source: "own",
                    Target: "/o",
                    VolumeOptions: { Labels: { tier: "x" }, DriverConfig: { Options: { device: "tmpfs" } } },
                },
                {
                    Type: "bind",
                    Source: "/a",
                    Target: "/c",
                    BindOptions: { NonRecursive: true },
                },
            ],
        },
    ],
    [
        { mounts: ["type=bind,source=/a,target=/c,bind-propagation=rshared"] },
        { Mounts: [{ Type: "bind", Source: "/a", Target: "/c", BindOptions: { Propagation: "rshared" } }] },
    ],
    [
        { mounts: ["type=tmpfs,target=/tmp,tmpfs-size=64M,tmpfs-mode=0750"] },
        { Mounts: [{ Type: "tmpfs", Target: "/tmp", TmpfsOptions: { SizeBytes: 67_108_864, Mode: 0o750 } }] },
    ],
];

describe("the container", () => {
    for (const [options, fields] of container) {
        test(JSON.stringify(options), () => {
            const { ContainerSpec } = sent(options).TaskTemplate;
            const before = { Image: "nginx", Init: false, StopGracePeriod: 10_000_000_000, DNSConfig: {} };
            assert.deepEqual(ContainerSpec, { ...before, ...fields });
        });
    }
});

const task: readonly (readonly [Options, string, unknown])[] = [
    [
        { limits: { cpus: 0.5, memory: "64M" }, reservations: { memory: "16M" } },
        "Resources",
        {
            Limits: { NanoCPUs: 500_000_000, MemoryBytes: 67_108_864 },
            Reservations: { MemoryBytes: 16_777_216 },
        },
    ],
    [
        { restart: { condition: "on-failure", delay: "2s", maxAttempts: 3, window: "1m" } },
        "RestartPolicy",
        { Condition: "on-failure", Delay: 2_000_000_000, MaxAttempts: 3, Window: 60_000_000_000 },
    ],
    [
        { constraints: ["node.role == worker", "node.labels.ssd!=no"] },
        "Placement",
        { Constraints: ["node.role==worker", "node.labels.ssd!=no"], Platforms: [] },
    ],
    [{ networks: ["front", "back", "front"] }, "Networks", [{ Target: "back" }, { Target: "front" }]],
    [
        { networks: [{ name: "front", aliases: ["www", "tasks.www"], driverOptions: { x: 1 } }] },
        "Networks",
        [{ Target: "front", Aliases: ["www", "tasks.www"], DriverOpts: { x: "1" } }],
    ],
];

describe("the task", () => {
    for (const [options, field, value] of task) {
        test(field, () => assert.deepEqual(sent(options).TaskTemplate[field], value));
    }
});

const whole: readonly (readonly [Options, string, unknown])[] = [
    [{ global: true }, "Mode", { Global: {} }],
    [{ mode: "global" }, "Mode", { Global: {} }],
    [{ mode: "global-job" }, "Mode", { GlobalJob: {} }],
    [{ mode: "replicated-job" }, "Mode", { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } }],
    [
        { mode: "replicated-job", replicas: 5, maxConcurrent: 2 },
        "Mode",
        { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 5 } },
    ],
    [{ mode: "replicated-job" }, "UpdateConfig", undefined],
    [{ mode: "global-job" }, "RollbackConfig", undefined],
    [{ replicas: 0 }, "Mode", { Replicated: { Replicas: 0 } }],
    [
        { labels: { "traefik.enable": "true", a: "b" } },
        "Labels",
        {
            a: "b",
            "swarm.image": "nginx",
            "swarm.stack": "",
            "traefik.enable": "true",
        },
    ],
    [
        {
            update: {
                parallelism: 0,
                delay: "1s",
                monitor: "9s",
                order: "start-first",
                failureAction: "rollback",
                maxFailureRatio: 0.25,
            },
        },
        "UpdateConfig",
        {
            Parallelism: 0,
            Delay: 1_000_000_000,
            FailureAction: "rollback",
            Monitor: 9_000_000_000,
            MaxFailureRatio: 0.25,
            Order: "start-first",
        },
    ],
    [
        { rollback: { failureAction: "continue" } },
        "RollbackConfig",
        { ...ROLLOUT, FailureAction: "continue" },
    ],
    [
        { ports: ["8000-8001:9000-9001"] },
        "EndpointSpec",
        {
            Mode: "vip",
            Ports: [
                { Protocol: "tcp", TargetPort: 9000, PublishedPort: 8000, PublishMode: "ingress" },
                { Protocol: "tcp", TargetPort: 9001, PublishedPort: 8001, PublishMode: "ingress" },
            ],
        },
    ],
    [
        { ports: ["53:53/udp", { published: 80, target: 80, mode: "host" }] },
        "EndpointSpec",
        {
            Mode: "vip",
            Ports: [
                { Protocol: "udp", TargetPort: 53, PublishedPort: 53, PublishMode: "ingress" },
                { Protocol: "tcp", TargetPort: 80, PublishedPort: 80, PublishMode: "host" },
            ],
        },
    ],
];

describe("the service", () => {
    for (const [options, field, value] of whole) {
        test(JSON.stringify(options), () => assert.deepEqual(sent(options)[field], value));
    }
});

test("a list has one order, however the config has it", () => {
    const one = specText(spec({ env: { A: "1", B: "2" }, labels: { x: "1", y: "2" }, networks: ["a", "b"] }));
    const other = specText(
        spec({ labels: { y: "2", x: "1" }, networks: ["b", "a"], env: { B: "2", A: "1" } }),
    );
    assert.equal(one, other);
});

test("the service's own spec is merged deeply into it; secrets and configs go by their names", () => {
    const healthcheck = { Test: ["CMD", "curl", "localhost"], Interval: 5_000_000_000 };
    const file = { Name: "db", UID: "0", GID: "0", Mode: 0o444 };
    const made = sent({
        env: { A: "1" },
        spec: {
            TaskTemplate: {
                ContainerSpec: { Healthcheck: healthcheck, Secrets: [{ SecretName: "db", File: file }] },
                Placement: { MaxReplicas: 2 },
                LogDriver: { Name: "json-file", Options: { "max-size": "1m" } },
            },
            EndpointSpec: { Mode: "dnsrr" },
        },
    });
    const { ContainerSpec, Placement, LogDriver } = made.TaskTemplate;
    assert.deepEqual(ContainerSpec.Env, ["A=1"]);
    assert.deepEqual(ContainerSpec.Healthcheck, healthcheck);
    assert.deepEqual(ContainerSpec.Secrets, [{ SecretName: "db", SecretID: "db", File: file }]);
    assert.deepEqual(Placement, { Platforms: [], MaxReplicas: 2 });
    assert.deepEqual(LogDriver, { Name: "json-file", Options: { "max-size": "1m" } });
    assert.deepEqual(made.EndpointSpec, { Mode: "dnsrr" });
});

const at = "swarm:services.web.spec";
const NUMBER = "a whole number from -9007199254740991 to 9007199254740991; times are nanoseconds";
const QUOTES = "write it in quotes, since it may not arrive as it was written";
const refused: readonly (readonly [spec: unknown, problem: string])[] = [
    ["x", `${at}: "x"; allowed: a map of fields of the Engine API's ServiceSpec`],
    [
        { TaskTemplate: { ContainerSpec: { Env: ["A=1"] } } },
        `${at}.TaskTemplate.ContainerSpec.Env: ["A=1"]: is what env makes; allowed: fields that no option is for`,
    ],
    [
        { Mode: { Global: {} } },
        `${at}.Mode: {"Global":{}}: is what replicas and global makes; allowed: fields that no option is for`,
    ],
    [
        { Labels: { a: "b" } },
        `${at}.Labels: {"a":"b"}: is what labels makes; allowed: fields that no option is for`,
    ],
    [
        { TaskTemplate: { ContainerSpec: { HealthCheck: {} } } },
        `${at}.TaskTemplate.ContainerSpec.HealthCheck: {}: is no field of the Engine API's ServiceSpec; did you mean ` +
            "Healthcheck?; allowed: Image, Labels, Command, Args, Hostname, Env, Dir, User, Groups, Privileges, TTY, OpenStdin, " +
            "ReadOnly, Mounts, StopSignal, StopGracePeriod, Healthcheck, Hosts, DNSConfig, Secrets, OomScoreAdj, Configs, " +
            "Isolation, Init, Sysctls, CapabilityAdd, CapabilityDrop, Ulimits",
    ],
    [
        { TaskTemplate: { ContainerSpec: { Hosts: "a b" } } },
        `${at}.TaskTemplate.ContainerSpec.Hosts: "a b"; allowed: a list of texts`,
    ],
    [
        { TaskTemplate: [] },
        `${at}.TaskTemplate: []; allowed: an object with ContainerSpec, Resources, RestartPolicy, Placement, ForceUpdate, Runtime, Networks, LogDriver`,
    ],
    [
        { TaskTemplate: { ContainerSpec: { Ulimits: { Name: "nofile" } } } },
        `${at}.TaskTemplate.ContainerSpec.Ulimits: {"Name":"nofile"}; allowed: a list of objects`,
    ],
    [
        { TaskTemplate: { ContainerSpec: { TTY: "yes", Sysctls: { a: 1 } } } },
        `${at}.TaskTemplate.ContainerSpec.TTY: "yes"; allowed: true or false`,
    ],
    [{ TaskTemplate: { LogDriver: { Name: 1 } } }, `${at}.TaskTemplate.LogDriver.Name: 1; allowed: a text`],
    [
        { TaskTemplate: { ContainerSpec: { OomScoreAdj: 0.5 } } },
        `${at}.TaskTemplate.ContainerSpec.OomScoreAdj: 0.5; allowed: ${NUMBER}`,
    ],
];

/** As they stand in the config: what they are in JavaScript depends on how it is read. */
const refusedText: readonly (readonly [spec: string, problem: string])[] = [
    [
        '{"TaskTemplate":{"ContainerSpec":{"Ulimits":[{"Name":"core","Soft":9223372036854775807}]}}}',
        `${at}.TaskTemplate.ContainerSpec.Ulimits[0].Soft: 9223372036854775807; allowed: ${NUMBER}`,
    ],
    [
        '{"TaskTemplate":{"LogDriver":{"Options":{"id":9007199254740993}}}}',
        `${at}.TaskTemplate.LogDriver.Options: {"id":"9007199254740993"}; allowed: a map from texts to texts; ${QUOTES}`,
    ],
    [
        '{"TaskTemplate":{"ContainerSpec":{"Hosts":[0.1234567890123456]}}}',
        `${at}.TaskTemplate.ContainerSpec.Hosts: [0.1234567890123456]; allowed: a list of texts; ${QUOTES}`,
    ],
    [
        '{"TaskTemplate":{"ContainerSpec":{"Isolation":"2026-01-02 00:00:00 +0000 UTC"}}}',
        `${at}.TaskTemplate.ContainerSpec.Isolation: "2026-01-02 00:00:00 +0000 UTC"; allowed: a text; ${QUOTES}`,
    ],
    [
        '{"TaskTemplate":{"Runtimes":9007199254740993}}',
        `${at}.TaskTemplate.Runtimes: 9007199254740993: is no field of the Engine API's ServiceSpec; did you mean Runtime?; ` +
            "allowed: ContainerSpec, Resources, RestartPolicy, Placement, ForceUpdate, Runtime, Networks, LogDriver",
    ],
    ...["__proto__", "constructor", "toString"].map(
        (name) =>
            [
                `{"TaskTemplate":{"LogDriver":{"${name}":{}}}}`,
                `${at}.TaskTemplate.LogDriver.${name}: {}: is no field of the Engine API's ServiceSpec; allowed: Name, Options`,
            ] as const,
    ),
    [
        '{"constructor":{}}',
        `${at}.constructor: {}: is no field of the Engine API's ServiceSpec; ` +
            "allowed: Name, Labels, TaskTemplate, Mode, UpdateConfig, RollbackConfig, EndpointSpec",
    ],
];

describe("a service's own spec that is refused", () => {
    for (const [own, problem] of refused) {
        test(JSON.stringify(own), () => {
            const result = parsed({ spec: own });
            assert.ok("problems" in result);
            assert.equal(result.problems[0], problem);
        });
    }

    for (const [own, problem] of refusedText) {
        test(own, () => {
            const result = parseSettings({
                sshFrom: ["203.0.113.7/32"],
                services: `{"web":{"image":"nginx","spec":${own}}}`,
            });
            assert.ok("problems" in result);
            assert.deepEqual(result.problems, [problem]);
        });
    }

    test("a map may have any name in it, and the largest numbers that are kept arrive", () => {
        const task = sent({
            spec: JSON.parse(
                '{"TaskTemplate":{"ContainerSpec":{"OomScoreAdj":-9007199254740991,"Sysctls":{"__proto__":"1","constructor":"2"}}}}',
            ),
        }).TaskTemplate;
        assert.equal(
            JSON.stringify([task.ContainerSpec.OomScoreAdj, task.ContainerSpec.Sysctls]),
            '[-9007199254740991,{"__proto__":"1","constructor":"2"}]',
        );
    });

    test("every problem at once", () => {
        const result = parsed({ spec: { A: 1, B: 2, Name: "x" } });
        assert.ok("problems" in result);
        assert.equal(result.problems.length, 3);
    });
});

describe("a field of the daemon's answer", () => {
    for (const [field, known] of [
        ["TaskTemplate.ContainerSpec.Ulimits.0.Soft", true],
        ["TaskTemplate.ContainerSpec.Sysctls.net.ipv4.ip_forward", true],
        ["TaskTemplate.ContainerSpec.Newer", false],
        ["TaskTemplate.Newer.Field", false],
        ["TaskTemplate.LogDriver.constructor", false],
    ] as const) {
        test(`${field} is ${known ? "known" : "newer than this program"}`, () =>
            assert.equal(isKnownField(field.split(".")), known));
    }
});
