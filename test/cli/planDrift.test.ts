/** What a preview says where the swarm is not what the config says, and the config is what it was. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import { readPreview } from "../../cli/plan/preview.ts";
import { planText } from "../../cli/plan/text.ts";
import { payload } from "../../components/remote.ts";
import { engineSpec, specText } from "../../model/engineSpec.ts";
import { readServices } from "../../model/services.ts";
import { beside } from "./beside.ts";
import { memberLines } from "./planMade.ts";

const services = { web: { image: "nginx", replicas: 2 } };
const [web] = readServices(services, false).specs;
assert.ok(web);
const roles = { managers: ["node1"], workers: ["node2", "node3"] };
const stdins: Readonly<Record<string, string>> = {
    "Swarm$command:remote:Command::swarm": payload("swarm", [["autolock", "false"]]),
    "Swarm$command:remote:Command::node2-join": payload("join", [["node", "node2"]]),
    "Swarm$command:remote:Command::roster": payload(
        "roster",
        memberLines(roles).map((line) => ["member", line] as const),
    ),
    "Services$command:remote:Command::web": payload(
        "service",
        [["limit", web.timeout]],
        specText(engineSpec(web)),
    ),
};

/** The look's warning comes with a preview of each. */
const WARNING =
    "Swarm and config differ; pulumi up makes the swarm what the config says:\n  - web: 5 replicas in the swarm, 2 in the config";

/** As `swarm plan` prints it, where the look has found that the scripts of these commands have something to mend. */
function planOfDrift(...commands: readonly (readonly [name: string, reason: string])[]): string {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const steps = commands.map(([name, reason]) => {
        const found = Object.entries(stdins).find(([key]) => key.endsWith(`::${name}`));
        assert.ok(found, name);
        const inputs = { stdin: found[1] };
        const state = (environment?: string) => ({
            type: "command:remote:Command",
            inputs: { ...inputs, ...(environment && { environment }) },
        });
        return {
            op: "update",
            urn: `urn:pulumi:dev::swarm::swarm:index:${found[0]}`,
            oldState: state(),
            newState: state(unknown),
            diffReasons: [reason],
        };
    });
    const config = {
        "swarm:managers": "node1",
        "swarm:workers": "node[2:3]",
        "swarm:image": "i",
        "swarm:size": "s-1vcpu-1gb",
        "swarm:services": JSON.stringify(services),
    };
    const diagnostics = [{ message: WARNING, severity: "warning" }];
    return planText(planOf(readPreview(JSON.stringify({ config, steps, diagnostics }), "made up"), beside));
}

const rest = `cost       18.00 USD a month, as before
`;
const said = `warning:
  Swarm and config differ; pulumi up makes the swarm what the config says:
    - web: 5 replicas in the swarm, 2 in the config
`;

test("a service that was changed or removed by hand, as docs/plan.md shows it", () => {
    const page = readFileSync(path.join(import.meta.dirname, "..", "..", "docs", "plan.md"), "utf8");
    const text = planOfDrift(["web", "environment"]);
    assert.ok(page.includes(text), text);
    assert.equal(
        text,
        `stack      dev: 1 service is set right
order      1. services are set right, each until it has converged: web
tasks      web: whether its tasks are exchanged cannot be told
quorum     1 manager bears no loss, as before
services   ~ web: the swarm has it otherwise than the config; it is set right
${rest}${said}`,
    );
});

test("a role, an availability or a label that was changed by hand", () => {
    assert.equal(
        planOfDrift(["roster", "environment"]),
        `stack      dev: members are set right
order      1. roles, availability and labels of members are set right, and what is no longer wanted is removed
tasks      tasks move from members that were to have none, and from those that are removed
quorum     1 manager bears no loss, as before
${rest}${said}`,
    );
});

test("a node that was removed from the swarm joins again", () => {
    assert.equal(
        planOfDrift(["node2-join", "environment"], ["roster", "stdin"]),
        `stack      dev: 1 node joins
nodes      + node2: worker, whose droplet is there already
order      1. node2 joins, without tasks yet
           2. opened to tasks: node2
tasks      no task that runs is touched
           node2 takes new tasks; none moves there by itself, but for global services
quorum     1 manager bears no loss, as before
${rest}${said}`,
    );
});

test("autolock that was switched by hand", () => {
    assert.equal(
        planOfDrift(["swarm", "environment"]),
        `stack      dev: autolock is set right
order      1. autolock, which the swarm has otherwise than the config, is set right
tasks      no task that runs is touched
quorum     1 manager bears no loss, as before
${rest}${said}`,
    );
});
