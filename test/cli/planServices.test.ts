/** What a preview says of services: from the very lines that the program sends to the script. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import { readPreview } from "../../cli/plan/preview.ts";
import type { Effect, ServiceChange } from "../../cli/plan/services.ts";
import { plainText } from "../../cli/plan/words.ts";
import { payload } from "../../components/remote.ts";
import { serviceLines } from "../../model/scriptInput.ts";
import { readServices as configured } from "../../model/services.ts";
import type { ServiceSpec } from "../../model/settings.ts";
import { beside } from "./beside.ts";

type Options = Record<string, unknown>;

function spec(options: Options): ServiceSpec {
    const { specs, problems } = configured({ web: options }, false);
    assert.deepEqual(problems, []);
    return specs[0] as ServiceSpec;
}

const stdin = (options: Options) =>
    payload("service", [["node", "node1"], ["stack", "swarm-dev"], ...serviceLines(spec(options))]);

const URN = "urn:pulumi:dev::swarm::swarm:index:Services$command:remote:Command::web";

/** A preview of one service's update. */
function preview(before: Options, after: Options) {
    const state = (options: Options) => ({
        urn: URN,
        type: "command:remote:Command",
        inputs: { stdin: stdin(options) },
    });
    return readPreview(
        JSON.stringify({
            config: {
                "swarm:managers": "node1",
                "swarm:workers": "node[2:3]",
                "swarm:image": "i",
                "swarm:size": "s-1vcpu-1gb",
                "swarm:services": JSON.stringify({ web: after }),
            },
            steps: [{ op: "update", urn: URN, oldState: state(before), newState: state(after) }],
        }),
        "made up",
    );
}

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
    [{ command: ["sh", "-c"] }, "another command", "roll"],
    [{ args: ["--password=hunter2"] }, "other arguments", "roll"],
    [{ limits: { memory: "64M" } }, "limit-memory none → 64 MiB", "roll"],
    [{ limits: { cpus: 0.5 } }, "limit-cpu 0 → 0.5", "roll"],
    [{ reservations: { memory: 5000000 } }, "reserve-memory none → 5000000", "roll"],
    [{ restart: { condition: "on-failure" } }, "restart-condition any → on-failure", "roll"],
    [{ update: { parallelism: 2 } }, "update-parallelism 1 → 2", "none"],
    [{ rollback: { order: "start-first" } }, "rollback-order stop-first → start-first", "none"],
    [{ user: "nobody" }, "user none → nobody", "roll"],
    [{ hostname: "web" }, "hostname none → web", "roll"],
    [{ init: true }, "init false → true", "roll"],
    [{ readOnly: true }, "read-only false → true", "roll"],
    [{ stopGracePeriod: "30s" }, "stop-grace-period 10000ms → 30000ms", "roll"],
    [{ timeout: 60 }, "has 300 s → 60 s to converge", "none"],
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
            assert.equal(found.details.map(plainText).join(", "), details);
            assert.equal(found.effect, effect);
            assert.equal(found.change, "changes");
        });
    }

    test("the other way round, with names and without values", () => {
        const env = { A: "hunter2", B: "2" };
        const found = change({ ...base, env }, { ...base, env: { A: "swordfish" } });
        assert.equal(found.details.map(plainText).join(", "), "variable A has another value, - variable B");
        assert.doesNotMatch(JSON.stringify(found), /hunter2|swordfish/);
    });

    test("another script, the same options: nothing of the service changes", () => {
        assert.deepEqual(change(base, base).details, []);
        assert.equal(change(base, base).change, "confirmed");
    });
});

const warnings = (before: Options, after: Options) =>
    planOf(preview(before, after), beside).warnings.map(plainText);

describe("warnings of services", () => {
    test("more replicas than nodes that take them, only where this change makes it so", () => {
        const text = (count: number, nodes: string) =>
            `web has ${count} replicas for ${nodes} its tasks, so the loss of a node takes several at once`;
        assert.deepEqual(warnings(base, { ...base, replicas: 4 }), [text(4, "3 nodes that take")]);
        assert.deepEqual(warnings({ ...base, replicas: 5 }, { ...base, replicas: 6 }), []);
        assert.deepEqual(warnings(base, { ...base, constraints: ["node.role==manager"] }), [
            text(2, "1 node that takes"),
        ]);
    });

    test("a single replica that is stopped first", () => {
        const one = { ...base, replicas: 1 };
        assert.deepEqual(warnings(one, { ...one, image: "a" }), [
            "web has one replica, which is stopped before the new one starts: away for that moment",
        ]);
        assert.deepEqual(warnings(one, { ...one, image: "a", update: { order: "start-first" } }), []);
        assert.deepEqual(warnings(one, { ...one, labels: { a: "b" } }), []);
    });

    test("another mode", () => {
        assert.deepEqual(warnings(base, { image: "nginx", global: true, ports: ["80:80"] }), [
            "web is away while being made again",
        ]);
    });
});
