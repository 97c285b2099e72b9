/** deploy.sh: in which order it does what, and what it says and hides when a plan does not fit. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { misfitText, PlanFit } from "../../.github/scripts/text/planFit.ts";
import { Bench, type Reply } from "./support/bench.ts";

/** As the engine printed it, but for the script in between. */
const DIFFERS = [
    "Previewing update (dev):",
    "    command:remote:Command nginx  error: resource urn:pulumi:dev::swarm::swarm:index:Services$command:remote:Command::nginx violates plan: properties changed: ~~stdin[{&{{# shellcheck shell=sh",
    "    pulumi:pulumi:Stack swarm-dev  ",
    "Diagnostics:",
    "  command:remote:Command (nginx):",
    "    error: resource urn:pulumi:dev::swarm::swarm:index:Services$command:remote:Command::nginx violates plan: properties changed: ~~stdin[{&{{# shellcheck shell=sh",
    "    set -eu",
    "    env PASSWORD=hunter2",
    "    }}}]",
    "",
    "Resources:",
    "    22 unchanged",
    "    1 errored",
    "",
].join("\n");

const UNPLANNED = [
    "Previewing update (dev):",
    "    tls:index:PrivateKey w2-host  error: create is not allowed by the plan: no steps were expected for this resource",
    "Diagnostics:",
    "  tls:index:PrivateKey (w2-host):",
    "    error: create is not allowed by the plan: no steps were expected for this resource",
    "  digitalocean:index:Droplet (w1):",
    "    error: replace is not allowed by the plan: this resource is constrained to update",
    "  pulumi:pulumi:Stack (swarm-dev):",
    "    error: expected resource operations for urn:pulumi:dev::swarm::swarm:index:Nodes$digitalocean:index/droplet:Droplet::w3 but none were seen",
    "",
].join("\n");

const UP_DONE = "Previewing update (dev):\nUpdating (dev):\nResources:\n    ~ 1 updated\nDuration: 9s\n";

describe("deploy.sh", () => {
    let bench: Bench;
    beforeEach(() => {
        bench = new Bench();
        mkdirSync(bench.file("out"));
        writeFileSync(bench.file("out", "plan.json"), "{}");
        bench.stand("swarm", [
            { when: "wait", err: "waiting: node1 is down\n" },
            { when: "status", out: "stack  dev, healthy\n" },
        ]);
    });
    afterEach(() => bench.remove());

    const pulumi = (up: Omit<Reply, "when">) =>
        bench.stand("pulumi", [
            { when: "up", ...up },
            { when: "stack output --json", out: '{"nodes":[],"services":{}}' },
        ]);

    test("up from the plan, then wait, then every node is asked; the status goes to the summary", async () => {
        pulumi({ out: UP_DONE });
        const ran = await bench.run("deploy.sh", ["out"]);
        assert.equal(ran.status, 0, ran.err);
        assert.deepEqual(bench.read("calls").trim().split("\n"), [
            "pulumi up --stack dev --non-interactive --color never --policy-pack policy --yes --suppress-progress --plan out/plan.json",
            "swarm wait --stack dev --timeout 300",
            "pulumi stack output --json --stack dev",
            "swarm status --stack dev",
        ]);
        assert.ok(ran.out.startsWith(UP_DONE), ran.out);
        assert.match(ran.out, /The stack dev has no service with a published TCP port/);
        assert.equal(bench.read("summary"), "```text\nstack  dev, healthy\n```\n");
        assert.ok(!existsSync(bench.file("out", "misfit.md")));
    });

    test("the time to wait", async () => {
        pulumi({ out: UP_DONE });
        await bench.run("deploy.sh", ["out"], { env: { WAIT_SECONDS: "60" } });
        assert.equal(bench.calls("swarm")[0], "wait --stack dev --timeout 60");
    });

    test("up fails: its status, the cluster's state, and neither wait nor smoke test", async () => {
        pulumi({ out: "Updating (dev):\nerror: not converged after 300 s\n", status: 1 });
        const ran = await bench.run("deploy.sh", ["out"]);
        assert.equal(ran.status, 1);
        assert.match(ran.out, /error: not converged after 300 s/);
        assert.equal(ran.err, '"pulumi up" ended with status 1. The cluster now:\nstack  dev, healthy\n');
        assert.deepEqual(bench.calls("swarm"), ["status --stack dev"]);
    });

    test("a plan that no longer fits: what and why, and no value of the program's", async () => {
        pulumi({ out: DIFFERS, status: 1 });
        const ran = await bench.run("deploy.sh", ["out"]);
        assert.equal(ran.status, 1);
        assert.equal(
            ran.err,
            "**The approved plan no longer fits, so nothing was changed.**\n\n" +
                "What would differ from it:\n\n" +
                "- nginx (command:remote:Command): its stdin would be another\n\n" +
                "Why: since the preview that was approved, the state or the cloud has changed, by another deployment, by a " +
                "`pulumi up` from somewhere else, or by hand; or commit or config are not those of the preview.\n\n" +
                'What to do: "Re-run all jobs" makes a new plan, to be read and approved again.\n',
        );
        assert.equal(bench.read("summary"), ran.err);
        assert.equal(
            ran.out,
            "Previewing update (dev):\n" +
                "    command:remote:Command nginx  error: resource urn:pulumi:dev::swarm::swarm:index:Services$command:remote:Command::nginx violates plan: its stdin would be another\n" +
                "Resources:\n    22 unchanged\n    1 errored\n",
        );
        assert.deepEqual(bench.calls("swarm"), []);
    });

    test("the cluster does not become healthy: the wait's status, and no smoke test", async () => {
        pulumi({ out: UP_DONE });
        bench.stand("swarm", [{ when: "wait", err: "swarm: waited 300 s\n", status: 2 }]);
        const ran = await bench.run("deploy.sh", ["out"]);
        assert.equal(ran.status, 2);
        assert.match(ran.err, /swarm: waited 300 s/);
        assert.deepEqual(bench.calls("pulumi").length, 1);
    });

    test("degraded again at the very end: that is shown, and is no success", async () => {
        pulumi({ out: UP_DONE });
        bench.stand("swarm", [
            { when: "wait" },
            { when: "status", out: "stack  dev, degraded\n", status: 1 },
        ]);
        const ran = await bench.run("deploy.sh", ["out"]);
        assert.equal(ran.status, 1);
        assert.match(ran.out, /\nstack {2}dev, degraded\n$/);
        assert.equal(bench.read("summary"), "```text\nstack  dev, degraded\n```\n");
    });

    test("no plan, no up", async () => {
        pulumi({ out: UP_DONE });
        writeFileSync(bench.file("out", "plan.json"), "");
        const ran = await bench.run("deploy.sh", ["out"]);
        assert.deepEqual(
            [ran.status, ran.err],
            [1, "There is no plan in out: preview.sh --save-plan makes out/plan.json.\n"],
        );
        assert.deepEqual(bench.calls("pulumi"), []);
    });
});

describe("where program and plan part", () => {
    const through = (text: string) => {
        const fit = new PlanFit();
        const shown = text
            .split("\n")
            .map((line) => fit.line(line))
            .filter((line) => line !== undefined);
        return { fit, shown };
    };

    test("steps that were not planned, planned otherwise, or did not come up", () => {
        const { fit, shown } = through(UNPLANNED);
        assert.deepEqual(fit.misfits, [
            { resource: "w2-host (tls:index:PrivateKey)", how: "to create it was not planned" },
            {
                resource: "w1 (digitalocean:index:Droplet)",
                how: "the plan allows update, and not to replace",
            },
            {
                resource: "w3 (digitalocean:index/droplet:Droplet)",
                how: "what was planned for it did not come up",
            },
        ]);
        assert.equal(shown.join("\n"), UNPLANNED);
    });

    test("every line of a value is hidden, until the end", () => {
        const { shown } = through(DIFFERS);
        assert.doesNotMatch(shown.join("\n"), /hunter2|set -eu|shellcheck/);
    });

    test("values that look like the engine's own lines are shown no more than others", () => {
        const { shown } = through(
            `${DIFFERS}\n    12 monkeys\n    3 unchanged secrets\nUpdating secrets\nResources: hunter3`,
        );
        assert.deepEqual(shown.slice(-3), ["Resources:", "    22 unchanged", "    1 errored"]);
    });

    test("another reason than a property", () => {
        const { fit, shown } = through(
            "    error: resource urn:pulumi:dev::swarm::a:b:C$d:e:F::x violates plan: provider changed (expected secret)",
        );
        assert.deepEqual(fit.misfits, [{ resource: "x (d:e:F)", how: "its provider would be another" }]);
        assert.doesNotMatch(shown.join("\n"), /secret/);
    });

    test("the text says whether anything was done", () => {
        const { fit } = through(`Updating (dev):\n${UNPLANNED}`);
        assert.match(
            misfitText(fit.misfits, fit.began) as string,
            /^\*\*The approved plan stopped fitting on the way\.\*\* What had been done/,
        );
        assert.equal(misfitText([], true), undefined);
    });
});
