/** What a preview says where the swarm is not what the config says, and the config is what it was. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import { planText } from "../../cli/plan/text.ts";
import { beside } from "./beside.ts";
import { previewWith } from "./plans.ts";

/** As `swarm plan` prints it, where the look has found that the scripts of these commands have something to mend. */
async function planOfDrift(...names: readonly string[]): Promise<string> {
    const preview = await previewWith("no-change", (raw) => {
        const steps = raw.steps.filter(({ urn }) => names.some((name) => urn.endsWith(`Command::${name}`)));
        assert.equal(steps.length, names.length);
        for (const step of steps) Object.assign(step, { op: "update", diffReasons: ["environment"] });
        const warning =
            "Swarm and config differ; pulumi up makes the swarm what the config says:\n  - nginx: 5 replicas in the swarm, 2 in the config";
        raw.diagnostics = [{ message: warning, severity: "warning" }];
    });
    return planText(planOf(preview, beside));
}

const rest = `quorum     1 manager bears no loss, as before
cost       24.00 USD a month, as before
warning:
  Swarm and config differ; pulumi up makes the swarm what the config says:
    - nginx: 5 replicas in the swarm, 2 in the config
`;

test("a service that was changed or removed by hand, as docs/plan.md shows it", async () => {
    const page = readFileSync(path.join(import.meta.dirname, "..", "..", "docs", "plan.md"), "utf8");
    const text = await planOfDrift("nginx");
    assert.ok(page.includes(text), text);
    assert.equal(
        text,
        `stack      dev: 1 service changes
order      1. services, each until it has converged: nginx
${rest.replace("\ncost", "\nservices   ~ nginx: the swarm has it otherwise than the config; it is set right\ncost")}`,
    );
});

/** Commands whose scripts have something to mend, and what there is to do. */
const drifts: readonly (readonly [what: string, names: readonly string[], text: string])[] = [
    [
        "a role, an availability or a label that was changed by hand",
        ["roster"],
        `stack      dev: no node, service or port changes
order      1. roles, availability and labels of members are set right, and what is no longer wanted is removed
`,
    ],
    [
        "a node that was removed from the swarm joins again",
        ["node2-join"],
        `stack      dev: 1 node comes
nodes      + node2: worker, its droplet is there already
order      1. join as workers, all at once, without tasks yet: node2
`,
    ],
    [
        "autolock that was switched by hand",
        ["swarm"],
        `stack      dev: no node, service or port changes
order      1. autolock is set right
`,
    ],
];
for (const [what, names, text] of drifts) {
    test(what, async () => assert.equal(await planOfDrift(...names), `${text}${rest}`));
}
