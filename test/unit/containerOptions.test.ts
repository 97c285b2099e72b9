/** Options of a service that are one field of the Engine API's spec each: what they become, and their nonsense. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { CONTAINER_OPTION_NAMES, type ContainerOption } from "../../model/containerOptions.ts";
import { engineSpec, fieldAt, type JsonObject, specText } from "../../model/engineSpec.ts";

type Options = Record<string, unknown>;

const parsed = (options: Options, rest: Options = {}) =>
    parseSettings({
        sshFrom: ["203.0.113.7/32"],
        minDockerVersion: "27.0.0",
        ...rest,
        services: { web: { image: "nginx", ...options } },
    });

function sent(options: Options): JsonObject {
    const result = parsed(options);
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    const [service] = result.settings.services;
    assert.ok(service);
    return JSON.parse(specText(engineSpec(service)));
}

const CONTAINER = "TaskTemplate.ContainerSpec";

/** The option's value, the field, and what it holds; undefined for what is not sent. */
const rows: readonly (readonly [ContainerOption | "limits", unknown, string, unknown])[] = [
    ["groups", ["video", 2000], `${CONTAINER}.Groups`, ["video", "2000"]],
    ["groups", [], `${CONTAINER}.Groups`, undefined],
    [
        "containerLabels",
        { "com.example/b": "two\nlines", a: true },
        `${CONTAINER}.Labels`,
        { a: "true", "com.example/b": "two\nlines" },
    ],
    ["tty", true, `${CONTAINER}.TTY`, true],
    ["tty", "false", `${CONTAINER}.TTY`, undefined],
    ["stopSignal", "SIGQUIT", `${CONTAINER}.StopSignal`, "SIGQUIT"],
    ["stopSignal", 15, `${CONTAINER}.StopSignal`, "15"],
    [
        "healthcheck",
        {
            test: "curl -f http://127.0.0.1/ || exit 1",
            interval: "1m30s",
            timeout: "500ms",
            retries: 5,
            startPeriod: "10s",
            startInterval: "1s",
        },
        `${CONTAINER}.Healthcheck`,
        {
            Test: ["CMD-SHELL", "curl -f http://127.0.0.1/ || exit 1"],
            Interval: 90_000_000_000,
            Timeout: 500_000_000,
            Retries: 5,
            StartPeriod: 10_000_000_000,
            StartInterval: 1_000_000_000,
        },
    ],
    [
        "healthcheck",
        { test: ["CMD", "nc", "-z", "127.0.0.1", 80] },
        `${CONTAINER}.Healthcheck`,
        { Test: ["CMD", "nc", "-z", "127.0.0.1", "80"] },
    ],
    // The image's own test, with another interval.
    ["healthcheck", { interval: "5s" }, `${CONTAINER}.Healthcheck`, { Interval: 5_000_000_000 }],
    ["healthcheck", { disable: true }, `${CONTAINER}.Healthcheck`, { Test: ["NONE"] }],
    ["healthcheck", {}, `${CONTAINER}.Healthcheck`, undefined],
    [
        "hosts",
        ["legacy.example.com:192.0.2.7", "six:2001:db8::7", "seven:[2001:db8::8]"],
        `${CONTAINER}.Hosts`,
        ["192.0.2.7 legacy.example.com", "2001:db8::7 six", "2001:db8::8 seven"],
    ],
    [
        "dns",
        ["192.0.2.53", "2001:db8::53"],
        `${CONTAINER}.DNSConfig`,
        { Nameservers: ["192.0.2.53", "2001:db8::53"] },
    ],
    ["dnsSearch", ["example.com", "."], `${CONTAINER}.DNSConfig`, { Search: ["example.com", "."] }],
    ["dnsOptions", ["ndots:2", "rotate"], `${CONTAINER}.DNSConfig`, { Options: ["ndots:2", "rotate"] }],
    [
        "sysctls",
        { "net.ipv4.ip_local_port_range": "1024 65000", "net.core.somaxconn": 1024 },
        `${CONTAINER}.Sysctls`,
        { "net.core.somaxconn": "1024", "net.ipv4.ip_local_port_range": "1024 65000" },
    ],
    [
        "capAdd",
        ["SYS_TIME", "net_admin", "CAP_NET_ADMIN"],
        `${CONTAINER}.CapabilityAdd`,
        ["CAP_NET_ADMIN", "CAP_SYS_TIME"],
    ],
    ["capDrop", ["NET_RAW", "all"], `${CONTAINER}.CapabilityDrop`, ["ALL"]],
    [
        "ulimits",
        { nproc: 512, nofile: "1024:4096", memlock: -1, core: "0:-1" },
        `${CONTAINER}.Ulimits`,
        [
            { Name: "core", Soft: 0, Hard: -1 },
            { Name: "memlock", Soft: -1, Hard: -1 },
            { Name: "nofile", Soft: 1024, Hard: 4096 },
            { Name: "nproc", Soft: 512, Hard: 512 },
        ],
    ],
    ["oomScoreAdj", -500, `${CONTAINER}.OomScoreAdj`, -500],
    ["logDriver", "local", "TaskTemplate.LogDriver", { Name: "local" }],
    [
        "logDriver",
        { name: "json-file", options: { "max-size": "10m", "max-file": 3 } },
        "TaskTemplate.LogDriver",
        { Name: "json-file", Options: { "max-file": "3", "max-size": "10m" } },
    ],
    [
        "limits",
        { pids: 100, memory: "64M" },
        "TaskTemplate.Resources.Limits",
        { MemoryBytes: 67108864, Pids: 100 },
    ],
    [
        "genericResources",
        { gpu: 2, ssd: "1" },
        "TaskTemplate.Resources.Reservations",
        {
            GenericResources: [
                { DiscreteResourceSpec: { Kind: "gpu", Value: 2 } },
                { DiscreteResourceSpec: { Kind: "ssd", Value: 1 } },
            ],
        },
    ],
    [
        "preferences",
        ["spread=node.labels.zone", "spread=engine.labels.rack"],
        "TaskTemplate.Placement.Preferences",
        [
            { Spread: { SpreadDescriptor: "node.labels.zone" } },
            { Spread: { SpreadDescriptor: "engine.labels.rack" } },
        ],
    ],
    ["maxReplicasPerNode", 2, "TaskTemplate.Placement", { Platforms: [], MaxReplicas: 2 }],
    ["maxReplicasPerNode", 0, "TaskTemplate.Placement", { Platforms: [] }],
    ["endpointMode", "dnsrr", "EndpointSpec", { Mode: "dnsrr" }],
    ["endpointMode", "vip", "EndpointSpec", { Mode: "vip" }],
];

describe("an option becomes", () => {
    for (const [option, given, field, value] of rows) {
        test(`${option}: ${JSON.stringify(given)}`, () =>
            assert.deepEqual(fieldAt(sent({ [option]: given }), field), value));
    }

    test("just that, and nothing else of the spec is another", () => {
        const plain = specText(sent({}));
        for (const [option, given, field] of rows.filter(([, , , value]) => value !== undefined)) {
            const other = sent({ [option]: given });
            const path = field.split(".");
            const last = path.pop() as string;
            const top = (path.length > 0 ? fieldAt(other, path.join(".")) : other) as Record<string, unknown>;
            const before = fieldAt(sent({}), field);
            if (before === undefined) delete top[last];
            else top[last] = before;
            assert.equal(specText(other), plain, option);
        }
    });

    test("and each has a row", () => {
        const tried = new Set(rows.map(([option]) => option));
        assert.deepEqual(
            CONTAINER_OPTION_NAMES.filter((option) => !tried.has(option)),
            [],
        );
    });
});

const at = "swarm:services.web";
const TEST =
    'a command for the shell, or a list such as ["CMD", "wget", "-q", "http://127.0.0.1/"] or ["CMD-SHELL", "..."]';
const DURATION = 'a duration such as "500ms", "10s" or "1m30s", at most "24h"';
const CAPABILITY = 'a capability such as "NET_ADMIN", or ALL';
const LIMIT =
    'a number, or "soft:hard" such as "1024:4096", soft at most hard; -1 for no limit, of both or of hard alone';
const LIMITS =
    "a map from limits (core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, " +
    `sigpending, stack), each to ${LIMIT}`;
const HOST = '"name:address" such as "legacy.example.com:192.0.2.7"';
const SYSCTLS =
    "a map from kernel parameters that a container has for itself (net.*, fs.mqueue.*, kernel.msg*, kernel.sem, " +
    'kernel.shm*) to their values in quotes or as numbers, such as { "net.core.somaxconn": 1024 }';
const PREFERENCE =
    '"spread=node.labels.<name>" or "spread=engine.labels.<name>", by which tasks are spread over the values of the label';
const SIGNAL = 'a signal such as "SIGQUIT", or its number from 1 to 64';

const refused: readonly (readonly [Options, ...string[]])[] = [
    [{ groups: ["a b"] }, `${at}.groups[0]: "a b"; allowed: a group by name or number`],
    [{ groups: "video" }, `${at}.groups: "video"; allowed: a list, each a group by name or number`],
    [
        { containerLabels: { "com.docker.swarm.task": "x" } },
        `${at}.containerLabels: {"com.docker.swarm.task":"x"}: "com.docker.swarm.task" cannot be a name; allowed: a map ` +
            `from names without white space and "=", none of Docker's own com.docker.swarm, to any text without NUL`,
    ],
    [{ tty: "yes" }, `${at}.tty: "yes"; allowed: true or false`],
    [{ stopSignal: "SIGSTOPP" }, `${at}.stopSignal: "SIGSTOPP"; allowed: ${SIGNAL}`],
    [{ stopSignal: 65 }, `${at}.stopSignal: 65; allowed: ${SIGNAL}`],
    [
        { healthcheck: "curl localhost" },
        `${at}.healthcheck: "curl localhost"; allowed: an object with test, interval, timeout, retries, startPeriod, ` +
            "startInterval and disable",
    ],
    [
        { healthcheck: { test: ["curl", "localhost"] } },
        `${at}.healthcheck.test: ["curl","localhost"]: does not begin with CMD or CMD-SHELL; allowed: ${TEST}`,
    ],
    [{ healthcheck: { test: "" } }, `${at}.healthcheck.test: ""; allowed: ${TEST}`],
    [{ healthcheck: { test: ["CMD"] } }, `${at}.healthcheck.test: ["CMD"]; allowed: ${TEST}`],
    [
        { healthcheck: { interval: 10, retries: -1, start_period: "1s" } },
        `${at}.healthcheck.interval: 10; allowed: ${DURATION}`,
        `${at}.healthcheck.retries: -1; allowed: a whole number from 0 to 1000`,
        `${at}.healthcheck.start_period: unknown key; the nearest known one is ${at}.healthcheck.startPeriod`,
    ],
    [
        { healthcheck: { disable: true, retries: 2 } },
        `${at}.healthcheck.disable: true: stands beside retries; allowed: either disable: true or a check`,
    ],
    [{ hosts: ["192.0.2.7 db"] }, `${at}.hosts[0]: "192.0.2.7 db"; allowed: ${HOST}`],
    [{ hosts: ["db:host-gateway"] }, `${at}.hosts[0]: "db:host-gateway"; allowed: ${HOST}`],
    [
        { dns: ["dns.example.com"] },
        `${at}.dns[0]: "dns.example.com"; allowed: the IP address of a name server`,
    ],
    [
        { dnsSearch: ["a b"], dnsOptions: ["ndots 2"] },
        `${at}.dnsSearch[0]: "a b"; allowed: a domain such as "example.com", or "." for none`,
        `${at}.dnsOptions[0]: "ndots 2"; allowed: an option of resolv.conf such as "ndots:2"`,
    ],
    [
        { sysctls: { "vm.max_map_count": 262144 } },
        `${at}.sysctls: {"vm.max_map_count":262144}: "vm.max_map_count" cannot be a name; allowed: ${SYSCTLS}`,
    ],
    [{ capAdd: ["net-admin"] }, `${at}.capAdd[0]: "net-admin"; allowed: ${CAPABILITY}`],
    [
        { capAdd: ["NET_ADMIN"], capDrop: ["cap_net_admin", "MKNOD"] },
        `${at}.capDrop: "CAP_NET_ADMIN": stands in capAdd as well; allowed: each capability in one of them`,
    ],
    [
        { ulimits: { files: 1024 } },
        `${at}.ulimits: {"files":1024}: "files" cannot be a name; allowed: ${LIMITS}`,
    ],
    [
        { ulimits: { nofile: "many", nproc: "2:1" } },
        `${at}.ulimits.nofile: "many"; allowed: ${LIMIT}`,
        `${at}.ulimits.nproc: "2:1": its soft limit is above its hard one; allowed: ${LIMIT}`,
    ],
    [{ oomScoreAdj: 1001 }, `${at}.oomScoreAdj: 1001; allowed: a whole number from -1000 to 1000`],
    [
        { logDriver: { name: "json file", options: { "max-size": null }, option: {} } },
        `${at}.logDriver.name: "json file"; allowed: the name of a driver such as "json-file"`,
        `${at}.logDriver.options.max-size: null; allowed: any text without NUL`,
        `${at}.logDriver.option: unknown key; the nearest known one is ${at}.logDriver.options`,
    ],
    [
        { logDriver: 5 },
        `${at}.logDriver: 5; allowed: the name of a driver such as "json-file", or an object with name and options`,
    ],
    [{ limits: { pids: "many" } }, `${at}.limits.pids: "many"; allowed: a whole number from 0 to 4194304`],
    [
        { genericResources: { gpu: 0 } },
        `${at}.genericResources.gpu: 0; allowed: a whole number from 1 to 1000000`,
    ],
    [
        { preferences: ["node.labels.zone"] },
        `${at}.preferences[0]: "node.labels.zone"; allowed: ${PREFERENCE}`,
    ],
    [{ maxReplicasPerNode: -1 }, `${at}.maxReplicasPerNode: -1; allowed: a whole number from 0 to 1000`],
    [
        { maxReplicasPerNode: 1, global: true },
        `${at}.maxReplicasPerNode: 1: stands beside global: true; allowed: with replicas`,
    ],
    [{ endpointMode: "dns" }, `${at}.endpointMode: "dns"; allowed: vip or dnsrr`],
    [
        { endpointMode: "dnsrr", ports: ["80:80"] },
        `${at}.endpointMode: "dnsrr": port 80/tcp is published in mode ingress, which needs the service's own address; ` +
            "allowed: vip, or ports in mode host",
    ],
    [
        { tty: true, spec: { TaskTemplate: { ContainerSpec: { TTY: true } } } },
        `${at}.spec.TaskTemplate.ContainerSpec.TTY: true: is what tty makes, which is given as well; allowed: one of them`,
    ],
];

describe("an option is refused with", () => {
    for (const [options, ...texts] of refused) {
        test(JSON.stringify(options), () => {
            const result = parsed(options);
            assert.deepEqual("problems" in result && result.problems, texts);
        });
    }
});

describe("an option that the oldest engine that may join does not know is refused", () => {
    const versions: readonly (readonly [Options, string, string, unknown, string])[] = [
        [{ healthcheck: { startInterval: "1s" } }, "20.10.24", "healthcheck.startInterval", "1s", "25.0.0"],
        [{ oomScoreAdj: 5 }, "26.1.5", "oomScoreAdj", 5, "27.0.0"],
        [{ capAdd: ["NET_ADMIN"] }, "19.03.5", "capAdd", ["CAP_NET_ADMIN"], "20.10.0"],
        [{ mode: "global-job" }, "19.03.5", "mode", "global-job", "20.10.0"],
        [{ maxReplicasPerNode: 1 }, "18.09.0", "maxReplicasPerNode", 1, "19.03.0"],
    ];
    for (const [options, minDockerVersion, path, value, since] of versions) {
        test(JSON.stringify(options), () => {
            const result = parsed(options, { minDockerVersion });
            assert.deepEqual("problems" in result && result.problems, [
                `${at}.${path}: ${JSON.stringify(value)}: an engine before ${since} takes no notice of it, and ` +
                    `swarm:minDockerVersion is ${minDockerVersion}; allowed: with a swarm:minDockerVersion of at least ${since}`,
            ]);
            const other = parsed(options, { minDockerVersion: since });
            assert.deepEqual("problems" in other ? other.problems : [], []);
        });
    }
});
