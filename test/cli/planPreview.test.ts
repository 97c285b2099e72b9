/** What is read as a preview, what is refused with which text, and previews of runs that were interrupted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readViolations } from "../../cli/plan/eventLog.ts";
import { planOf } from "../../cli/plan/plan.ts";
import { readPreview } from "../../cli/plan/preview.ts";
import { planText } from "../../cli/plan/text.ts";
import { plainText } from "../../cli/plan/words.ts";
import { beside } from "./beside.ts";
import type { RawPreview } from "./engine.ts";
import { policyEvents as events, planFor, previewText, previewWith } from "./plans.ts";

const IS_NOT = 'x.json is not what "pulumi preview --json" prints: ';
const HINT = "; keep standard error apart, and unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW";
const VERSION = ". This command knows the previews of Pulumi 3.259.0; is that one of another version?";
const scaleIn = await previewText("scale-in");

function changed(change: (raw: RawPreview) => void): string {
    const raw = JSON.parse(scaleIn) as RawPreview;
    change(raw);
    return JSON.stringify(raw);
}

/** Where "..." stands, the engine that runs this has words of its own. */
const refused: readonly (readonly [name: string, text: string, message: string])[] = [
    [
        "nothing",
        " \n",
        `${IS_NOT}it is empty; that preview ended before it printed anything, see its standard error`,
    ],
    ["cut off", scaleIn.slice(0, 3000), `${IS_NOT}it is no JSON, or not one alone (...)${HINT}`],
    [
        "the text for people",
        "Previewing update (dev):\n",
        `${IS_NOT}it is no JSON, or not one alone (...)${HINT}`,
    ],
    ["engine events", events, `${IS_NOT}it is no JSON, or not one alone (...)${HINT}`],
    [
        "standard error in front",
        `warning: x\n${scaleIn}`,
        `${IS_NOT}it is no JSON, or not one alone (...)${HINT}`,
    ],
    [
        "a state",
        '{"version": 3, "deployment": {}}',
        `${IS_NOT}it is other JSON, or that preview was cancelled before it began`,
    ],
    ["a list", "[]", `${IS_NOT}the whole: ...${VERSION}`],
    [
        "an operation that is not known",
        changed((raw) => {
            Object.assign(raw.steps[0] as object, { op: "teleport" });
        }),
        `${IS_NOT}steps.0.op: ...${VERSION}`,
    ],
    [
        "a resource without a proper name",
        changed((raw) => {
            Object.assign(raw.steps[0] as object, { urn: "roster" });
        }),
        `${IS_NOT}steps.0.urn: ...${VERSION}`,
    ],
    [
        "one without what stays as it is",
        changed((raw) => {
            raw.steps = raw.steps.filter(({ op }) => op !== "same");
        }),
        "x.json leaves out what stays as it is, so that what is gone cannot be told from it: make it with pulumi preview --json --show-sames",
    ],
    [
        "another project",
        scaleIn.replaceAll("::swarm::", "::shop::"),
        'x.json is a preview of the project "shop", and this command reads those of "swarm"',
    ],
];

describe("what is no preview", () => {
    for (const [name, text, message] of refused) {
        test(name, () => {
            assert.throws(
                () => readPreview(text, "x.json"),
                (error: Error & { status: number }) => {
                    const [start = "", end = ""] = message.split("...");
                    assert.equal(error.message.slice(0, start.length), start);
                    assert.equal(
                        error.message.slice(-end.length || error.message.length).slice(-end.length),
                        end,
                    );
                    assert.equal(error.status, 3);
                    return true;
                },
            );
        });
    }
});

describe("the log of events", () => {
    test("violations, mandatory ones first, each once", () => {
        assert.deepEqual(readViolations(`${events}\n${events}`, "e"), [
            {
                policy: "swarm: odd-managers",
                mandatory: true,
                text: "An even number of managers bears no more losses.\n2 managers: take one away",
            },
            { policy: "swarm: ssh-open", mandatory: false, text: "Port 22.\n22 is open to 0.0.0.0/0" },
        ]);
        assert.deepEqual(readViolations("", "e"), []);
    });

    test("what is none", () => {
        const message =
            'e is not what "pulumi preview --event-log" writes: an event of a policy cannot be read';
        for (const log of ["hello", '{"policyEvent": {}}', '{"policyEvent": ']) {
            assert.throws(() => readViolations(log, "e"), { message, status: 3 });
        }
    });
});

describe("a preview that has failed", () => {
    test("without a reason in it: where to find the reason", async () => {
        const plan = await planFor("policy", { violations: [] });
        assert.equal(plan.failed, true);
        assert.match(
            planText(plan),
            /^The preview of dev failed:\n {2}the preview failed, and its JSON does not say why\. Policies/,
        );
    });

    test("without a reason in it, where the command's own words are known", async () => {
        const plan = await planFor("policy", { violations: [], stderr: "error: plugin crashed\n" });
        assert.deepEqual(plan.errors, [{ level: "error", text: "error: plugin crashed" }]);
    });

    test("an advisory policy is no failure", async () => {
        const violations = [{ policy: "p: q", mandatory: false, text: "think again" }];
        const plan = await planFor("scale-in", { violations });
        assert.equal(plan.failed, false);
        assert.match(planText(plan), /^advice: p: q\n {2}think again\nstack {6}dev: 1 node goes\n/);
        const idle = await planFor("no-change", { violations });
        assert.equal(planText(idle), "advice: p: q\n  think again\ndev: nothing to do\n");
    });
});

describe("what the program says beside", () => {
    test("stands below the plan, with the resource that it is about", async () => {
        const preview = await previewWith("no-change", (raw) => {
            raw.diagnostics = [
                {
                    message: "warning: A droplet carries this stack's tag:\n  - node9, ID 7\n",
                    severity: "warning",
                },
                {
                    urn: "urn:pulumi:dev::swarm::a:b:C::roster",
                    message: "look \u001b[31mhere",
                    severity: "info",
                },
                { message: "  \n", severity: "info#err" },
            ];
        });
        assert.equal(
            planText(planOf(preview, beside)),
            "dev: nothing to do\nwarning:\n  A droplet carries this stack's tag:\n    - node9, ID 7\ninfo (roster):\n  look here\n",
        );
    });
});

describe("a refresh that has found something else", () => {
    test("ports: from what is there, and not from what was on record", async () => {
        const found = await plan("ssh-from", (raw) => {
            const [step] = raw.steps.filter(({ urn }) => urn.includes("firewall")) as [
                RawPreview["steps"][number],
            ];
            const rules = (sources: string[]) => [
                { portRange: "22", protocol: "tcp", sourceAddresses: sources },
            ];
            const state = (sources: string[]) => ({
                ...step.newState,
                inputs: { inboundRules: rules(sources) },
            });
            raw.steps = [
                ...raw.steps.filter((other) => other !== step),
                { ...step, op: "update", oldState: state(["10.0.0.1/32"]), newState: state(["0.0.0.0/0"]) },
                { ...step, op: "update", oldState: state(["0.0.0.0/0"]), newState: state(["10.0.0.1/32"]) },
            ];
        });
        assert.deepEqual(found.ports.changes, [
            {
                port: "22/tcp",
                change: "sources",
                before: ["0.0.0.0/0"],
                after: ["10.0.0.1/32"],
                services: [],
            },
        ]);
    });
});

const plan = async (name: string, change: (raw: RawPreview) => void) =>
    planOf(await previewWith(name, change), beside);
const steps = async (name: string, change: (raw: RawPreview) => void) =>
    (await plan(name, change)).course.steps.map(({ what }) => plainText(what));
const called = (raw: RawPreview, name: string, type = "") =>
    raw.steps.filter(({ urn }) => urn.endsWith(name && `::${name}`) && urn.includes(type));

/** As an interrupted run leaves a droplet that it has made: there, and what comes after it is not. */
function isThere(droplets: readonly RawPreview["steps"][number][]) {
    for (const step of droplets) Object.assign(step, { op: "same", oldState: step.newState });
}

describe("runs that were interrupted", () => {
    test("a droplet was made and its node did not join: it joins, and no droplet is made", async () => {
        const interrupted = (raw: RawPreview) => isThere(called(raw, "node5", "droplet:Droplet"));
        assert.deepEqual(await steps("scale-out", interrupted), [
            "new droplets made, all at once: node6",
            "join as workers, all at once, without tasks yet: node5 and node6",
            "opened to tasks: node5 and node6",
        ]);
        const { cost, nodes } = await plan("scale-out", interrupted);
        assert.deepEqual(nodes.all.map(({ change }) => change).slice(-2), ["joins", "comes"]);
        assert.deepEqual(cost, { before: 30, after: 36, meanwhile: 36 });
    });

    test("the old droplet was not deleted yet: it goes, and the node of its name stays", async () => {
        const interrupted = (raw: RawPreview) => {
            const [droplet] = called(raw, "node4", "droplet:Droplet") as [RawPreview["steps"][number]];
            const { urn, oldState } = droplet;
            raw.steps.push({ op: "delete", urn, oldState: { ...oldState, delete: true } });
        };
        const { nodes, others, changes } = await plan("no-change", interrupted);
        assert.deepEqual(others.map(plainText), ["- Droplet node4"]);
        assert.equal(changes, true);
        assert.ok(nodes.all.every(({ change }) => change === "stays"));
    });

    test("a first up that made droplets and nothing more", async () => {
        const interrupted = (raw: RawPreview) => isThere(called(raw, "", "droplet:Droplet"));
        assert.deepEqual((await steps("first-up", interrupted)).slice(1, 4), [
            "node1 initialises the swarm",
            "join as workers, all at once, without tasks yet: node2, node3 and node4",
            "opened to tasks: node1",
        ]);
    });
});

describe("what the preview does not tell", () => {
    test("a config that is kept secret: nodes by their droplets and what the last roster was told", async () => {
        const { nodes, cost } = await plan("roll-all", (raw) => {
            for (const key of Object.keys(raw.config)) raw.config[key] = "[secret]";
        });
        assert.deepEqual(
            nodes.all.map(({ name, change, after }) => `${name} ${change} ${after?.role}`),
            [
                "node1 replaced manager",
                "node2 replaced worker",
                "node3 replaced worker",
                "node4 replaced worker",
            ],
        );
        assert.deepEqual(cost, { before: 24, after: 24, meanwhile: 48 });
    });

    test("a config that the program refuses", async () => {
        const odd = (raw: RawPreview) => {
            raw.config["swarm:workers"] = "node[4:2]";
            raw.config["swarm:services"] = "{";
        };
        assert.deepEqual((await plan("no-change", odd)).nodes.managersAfter, ["node1"]);
    });

    test("a service that is called like a script of the swarm", async () => {
        const { services } = await plan("service-new", (raw) => {
            for (const step of called(raw, "api")) step.urn = step.urn.replace(/::api$/, "::swarm");
        });
        assert.deepEqual(
            services.map(({ name, change }) => `${name} ${change}`),
            ["swarm comes"],
        );
    });
});
