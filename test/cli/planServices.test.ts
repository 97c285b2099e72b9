/** What a preview says of services: from the very input that the program sends to the script. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import type { Effect, ServiceChange } from "../../cli/plan/services.ts";
import { plainText } from "../../cli/plan/words.ts";
import { payload } from "../../components/remote.ts";
import { engineSpec, specText } from "../../model/engineSpec.ts";
import { readServices as configured } from "../../model/services.ts";
import type { ServiceSpec } from "../../model/settings.ts";
import { beside } from "./beside.ts";
import { previewFrom } from "./planMade.ts";

type Options = Record<string, unknown>;

function spec(options: Options): ServiceSpec {
    const { specs, problems } = configured({ web: options }, false);
    assert.deepEqual(problems, []);
    return specs[0] as ServiceSpec;
}

function stdin(options: Options): string {
    const service = spec(options);
    return payload(
        "service",
        [
            ["node", "node1"],
            ["limit", service.timeout],
        ],
        specText(engineSpec(service)),
    );
}

const URN = "urn:pulumi:dev::swarm::swarm:index:Services$command:remote:Command::web";

interface Step {
    readonly op: string;
    /** What the script reads; `[secret]` as the engine has it. */
    readonly before?: string;
    readonly after?: string;
    readonly reasons?: readonly string[];
}

/** A preview of one service's change. */
function previewOf({ op, before, after, reasons }: Step) {
    const state = (text: string) => ({ type: "command:remote:Command", inputs: { stdin: text } });
    return previewFrom([
        {
            op,
            urn: URN,
            ...(before !== undefined && { oldState: state(before) }),
            ...(after !== undefined && { newState: state(after) }),
            ...(reasons && { diffReasons: reasons }),
        },
    ]);
}

const preview = (before: Options, after: Options) =>
    previewOf({ op: "update", before: stdin(before), after: stdin(after), reasons: ["stdin"] });

function only(step: Step): ServiceChange {
    const { services } = planOf(previewOf(step), beside);
    assert.equal(services.length, 1);
    return services[0] as ServiceChange;
}

const textOf = ({ details }: ServiceChange) => details.map(plainText).join(", ");

function change(before: Options, after: Options): ServiceChange {
    const plan = planOf(preview(before, after), beside);
    assert.equal(plan.services.length, 1);
    return plan.services[0] as ServiceChange;
}

const base = { image: "nginx", replicas: 2, ports: ["80:80"] };

/** What changes, what is said of it, and what it does to tasks that run. */
const differences: readonly (readonly [options: Options, details: string, effect: Effect])[] = [
    [{ image: "nginx:1.29" }, "image nginx → nginx:1.29", "roll"],
    [{ replicas: 3 }, "replicas 2 → 3", "more"],
    [{ replicas: 0 }, "replicas 2 → 0", "fewer"],
    [{ ports: ["80:8080"] }, "- port 80/tcp to 80/tcp, + port 80/tcp to 8080/tcp", "roll"],
    [{ ports: [] }, "- port 80/tcp to 80/tcp", "roll"],
    [
        { ports: [{ published: 80, target: 80, mode: "host" }] },
        "- port 80/tcp to 80/tcp, + port 80/tcp to 80/tcp (on the nodes with a task)",
        "roll",
    ],
    [{ ports: ["80:80", "53:53/udp"] }, "+ port 53/udp to 53/udp", "roll"],
    [{ env: { A: "1" } }, "+ variable A", "roll"],
    [{ labels: { team: "web" } }, "+ label team", "none"],
    [{ constraints: ["node.role==worker"] }, "+ constraint node.role==worker", "misplaced"],
    [{ networks: ["back"] }, "+ network back", "roll"],
    [{ mounts: ["source=data,target=/data"] }, "+ mount /data", "roll"],
    [{ command: ["sh", "-c"] }, "+ command", "roll"],
    [{ args: ["--password=hunter2"] }, "+ args", "roll"],
    [{ limits: { memory: "64M" } }, "limits.memory none → 64M", "roll"],
    [{ limits: { cpus: 0.5 } }, "limits.cpus none → 0.5", "roll"],
    [{ reservations: { memory: 5000000 } }, "reservations.memory none → 5000000", "roll"],
    [{ restart: { condition: "on-failure" } }, "restart.condition any → on-failure", "roll"],
    [{ update: { parallelism: 2 } }, "update.parallelism 1 → 2", "none"],
    [{ rollback: { order: "start-first" } }, "rollback.order stop-first → start-first", "none"],
    [{ user: "nobody" }, "user none → nobody", "roll"],
    [{ hostname: "web" }, "hostname none → web", "roll"],
    [{ init: true }, "init false → true", "roll"],
    [{ readOnly: true }, "readOnly false → true", "roll"],
    [{ stopGracePeriod: "30s" }, "stopGracePeriod 10s → 30s", "roll"],
    [
        { spec: { TaskTemplate: { ContainerSpec: { OpenStdin: true } } } },
        "+ TaskTemplate.ContainerSpec.OpenStdin",
        "roll",
    ],
    [
        { logDriver: { name: "json-file", options: { "max-size": "1m" } } },
        "logDriver.name none → json-file, + logDriver.options",
        "roll",
    ],
    [
        { healthcheck: { test: "true", retries: 5 } },
        "+ healthcheck.test, healthcheck.retries none → 5",
        "roll",
    ],
    [{ hosts: ["db:192.0.2.7"] }, 'hosts none → ["192.0.2.7 db"]', "roll"],
    [{ containerLabels: { a: "b" } }, "+ container label a", "roll"],
    [
        { preferences: ["spread=node.labels.zone"], maxReplicasPerNode: 2 },
        "preferences none → Spread.SpreadDescriptor=node.labels.zone, maxReplicasPerNode none → 2",
        "misplaced",
    ],
    [{ endpointMode: "dnsrr", ports: [] }, "- port 80/tcp to 80/tcp, endpointMode vip → dnsrr", "roll"],
    [{ timeout: 60 }, "timeout 300s → 60s", "none"],
    [
        { replicas: undefined, global: true },
        "replicated → global, for which it is removed and made again",
        "anew",
    ],
    [{ replicas: 5, image: "a:1" }, "image nginx → a:1, replicas 2 → 5", "roll"],
];

describe("differences between a service's options", () => {
    for (const [options, details, effect] of differences) {
        test(JSON.stringify(options), () => {
            const found = change(base, { ...base, ...options });
            assert.equal(textOf(found), details);
            assert.equal(found.effect, effect);
            assert.equal(found.change, "changes");
        });
    }

    test("the other way round, with names and without values", () => {
        const env = { A: "hunter2", B: "2" };
        const found = change({ ...base, env }, { ...base, env: { A: "swordfish" } });
        assert.equal(textOf(found), "variable A has another value, - variable B");
        assert.doesNotMatch(JSON.stringify(found), /hunter2|swordfish/);
    });

    test("the order of mounts, which is another spec to the swarm", () => {
        const mounts = ["source=aa,target=/a", "source=bb,target=/b"];
        const found = change({ ...base, mounts }, { ...base, mounts: mounts.toReversed() });
        assert.deepEqual([textOf(found), found.effect], ["the mounts are in another order", "roll"]);
    });

    test("another script, the same options: nothing of the service changes", () => {
        assert.deepEqual(change(base, base).details, []);
        assert.equal(change(base, base).change, "confirmed");
    });
});

describe("services whose options are not both to be seen", () => {
    const own = stdin(base);
    const older = own.replace(/\nspec\n[\s\S]*(?=\n#: end\n)/, "\nimage nginx\nflag --replicas=2");
    assert.notEqual(older, own);
    const cases: readonly [name: string, step: Step, change: string, details: string, effect: Effect][] = [
        [
            "a new one",
            {
                op: "create",
                after: stdin({ ...base, env: { A: "hunter2" }, mounts: ["source=data,target=/data"] }),
            },
            "comes",
            "image nginx, replicas 2, port 80/tcp to 80/tcp, variable A, mount /data",
            "none",
        ],
        [
            "a new one, global",
            { op: "create", after: stdin({ image: "nginx", global: true }) },
            "comes",
            "image nginx, mode global",
            "none",
        ],
        [
            "an older program's",
            { op: "update", before: older, after: own, reasons: ["stdin"] },
            "changes",
            "its options cannot be read here, so they cannot be shown",
            "unknown",
        ],
        [
            "secret ones",
            { op: "update", before: "[secret]", after: "[secret]", reasons: ["stdin"] },
            "changes",
            "its options are kept secret, so they cannot be shown",
            "unknown",
        ],
        [
            "a new secret one",
            { op: "create", after: "[secret]" },
            "comes",
            "its options are kept secret, so they cannot be shown",
            "none",
        ],
        ["one that goes, an older program's", { op: "delete", before: older }, "goes", "", "none"],
        [
            "one whose command is replaced, in a swarm that stays",
            { op: "replace", before: own, after: own },
            "confirmed",
            "",
            "none",
        ],
        [
            "one that the swarm has otherwise",
            { op: "update", before: own, after: own, reasons: ["environment"] },
            "mended",
            "",
            "unknown",
        ],
        [
            "one that the swarm has otherwise, and the config, too",
            {
                op: "update",
                before: own,
                after: stdin({ ...base, replicas: 3 }),
                reasons: ["environment", "stdin"],
            },
            "changes",
            "replicas 2 → 3",
            "more",
        ],
        [
            "a secret one that the swarm has otherwise",
            { op: "update", before: "[secret]", after: "[secret]", reasons: ["environment"] },
            "mended",
            "",
            "unknown",
        ],
    ];
    for (const [name, step, kind, details, effect] of cases) {
        test(name, () => {
            const found = only(step);
            assert.deepEqual([found.change, textOf(found), found.effect], [kind, details, effect]);
            assert.doesNotMatch(JSON.stringify(found), /hunter2/);
        });
    }
});

const warnings = (before: Options, after: Options) =>
    planOf(preview(before, after), beside).warnings.map(plainText);

describe("warnings of services", () => {
    test("a single replica that is stopped first", () => {
        const one = { ...base, replicas: 1 };
        assert.deepEqual(warnings(one, { ...one, image: "a" }), [
            "one replica, which is stopped before the new one starts, so away for that moment: web",
        ]);
        assert.deepEqual(warnings(one, { ...one, image: "a", update: { order: "start-first" } }), []);
        assert.deepEqual(warnings(one, { ...one, labels: { a: "b" } }), []);
    });

    test("another mode", () => {
        assert.deepEqual(warnings(base, { image: "nginx", global: true, ports: ["80:80"] }), [
            "away while being made again: web",
        ]);
    });
});
