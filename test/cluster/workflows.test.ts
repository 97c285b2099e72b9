/**
 * The workflows' own scripts on a cluster in the lab: what a pull request shows, a deployment from its plan, a plan
 * that no longer fits, and the nightly look for drift. Only GitHub is a stand-in, which keeps comments and issues.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { environmentOf, processEnv } from "../../lab/environment.ts";
import { root } from "../../lab/instance.ts";
import { Bench, type Ran } from "../workflows/support/bench.ts";
import type { GitHub } from "../workflows/support/fakeGh.ts";
import { api, inDroplet } from "./support/cloud.ts";
import { instance, LabStack } from "./support/stack.ts";

const PASSWORDS = ["open-sesame-1", "open-sesame-2"] as const;

/** Longest that one script may take here. */
const LIMIT_MS = 8 * 60_000;

const config = {
    managers: "m1",
    workers: "w1",
    // This machine reaches the droplets from their own public network.
    sshFrom: [instance.publicCidr],
    vpcIpRange: "10.124.9.0/24",
    services: { nginx: { image: "nginx", replicas: 2, ports: ["8090:80"] } },
};

describe("the workflows' scripts", () => {
    let stack: LabStack;
    let bench: Bench;
    const log: Ran[] = [];

    before(async () => {
        stack = await LabStack.make("flows", config);
        const lab = processEnv(environmentOf(instance));
        bench = new Bench({
            GITHUB_REPOSITORY: "example/swarm",
            GH_TOKEN: "t",
            PULL_REQUEST: "7",
            RUN_URL: "https://github.example/runs/1",
        });
        bench.standGitHub({ comments: {}, issues: [], runs: [] });
        // The lab's terminal, with the stand-in for gh before all else on PATH.
        bench.extend({
            ...lab,
            PATH: `${bench.file("bin")}:${lab.PATH}`,
            PULUMI_STACK: stack.name,
            NO_COLOR: "1",
        });
    });
    after(async () => {
        bench?.remove();
        await stack?.remove();
    });

    const run = async (script: string, ...args: readonly string[]) => {
        const ran = await bench.run(script, args, { cwd: root, limitMs: LIMIT_MS });
        log.push(ran);
        return ran;
    };
    const github = () => JSON.parse(bench.read("gh.json")) as GitHub;
    const comments = () => (github().comments["7"] ?? []).map(({ body }) => body);
    /** The backend's files, with the moment of their last change. */
    const state = () =>
        readdirSync(instance.state, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => path.join(entry.parentPath, entry.name))
            .map((file) => `${file} ${statSync(file).mtimeMs}`);

    test("a pull request that breaks a rule: the comment says which, and the preview fails", async () => {
        stack.set({ sshFrom: ["0.0.0.0/0"] });
        const folder = bench.file("broken");
        const ran = await run("preview.sh", "--save-plan", folder);
        assert.notEqual(ran.status, 0);
        assert.ok(!existsSync(path.join(folder, "plan.json")));
        const posted = await run("comment.sh", path.join(folder, "comment.md"));
        assert.equal(posted.out, "Posted a comment.\n", posted.err);
        assert.match(
            comments()[0] ?? "",
            /\*\*The preview of the stack \S+ failed\*\*[\s\S]*ssh-not-from-everywhere/,
        );
        stack.configure(config);
    });

    test("a pull request: one comment says what comes; nothing changes, in the state neither", async () => {
        const had = state();
        const folder = bench.file("preview");
        const ran = await run("preview.sh", folder);
        assert.equal(ran.status, 0, ran.err + ran.out);
        assert.deepEqual(state(), had);
        const posted = await run("comment.sh", path.join(folder, "comment.md"));
        assert.match(posted.out, /^Updated the comment \d+\.\n$/, posted.err);
        assert.equal(comments().length, 1);
        const [text = ""] = comments();
        assert.equal(text.split("\n")[0], `<!-- swarm-plan: ${stack.name} -->`);
        assert.match(text, /<details><summary>Raw diff[\s\S]*digitalocean:index\/droplet:Droplet/);
        assert.match(bench.read("output"), /^changes=true$/m);
    });

    test("a deployment: up from the plan, a healthy cluster, and an answer through every node", async () => {
        const folder = bench.file("first");
        const planned = await run("preview.sh", "--save-plan", folder);
        assert.equal(planned.status, 0, planned.err + planned.out);
        const ran = await run("deploy.sh", folder);
        assert.equal(ran.status, 0, ran.err + ran.out);
        for (const { name, publicIp } of (await stack.outputs()).nodes) {
            assert.ok(
                ran.out.includes(`ok   nginx through ${name}, http://${publicIp}:8090/: HTTP 200\n`),
                ran.out,
            );
        }
        assert.match(ran.out, /^2 of 2 answers are good\.$/m);
        assert.match(bench.read("summary"), /, healthy\n/);
    });

    test("a good night: no drift, and no issue", async () => {
        const ran = await run("drift.sh", bench.file("night"));
        assert.equal(ran.status, 0, ran.err + ran.out);
        const kept = await run("issue.sh", "0", bench.file("night", "drift.md"));
        assert.equal(kept.out, "No drift, and no issue about any.\n");
    });

    test("drift in the swarm alone: preview and status name it, and an up ends it", async () => {
        const manager = (await stack.outputs()).nodes.find(({ role }) => role === "manager");
        await inDroplet(manager?.dropletId ?? "", "docker service scale --detach nginx=5");
        const ran = await run("drift.sh", bench.file("night"));
        assert.equal(ran.status, 1, ran.err + ran.out);
        const report = bench.read("night", "drift.md");
        assert.match(report, /somebody changed cloud or swarm by hand/);
        assert.match(report, /^ +- nginx: 5 replicas in the swarm, 2 in the config$/m);
        assert.match(report, /^ +~ command:remote:Command: \(update\)$/m);
        assert.match(report, /\*\*The cluster\*\*: degraded/);
        assert.match(report, /^! nginx: 5 replicas in the swarm, 2 in the stack; pulumi up$/m);
        await stack.upOrThrow();
        const after = await run("drift.sh", bench.file("night"));
        assert.equal(after.status, 0, after.err + after.out);
    });

    test("a secret option: the plan has it encrypted, and the comment not at all; the comment is the same one", async () => {
        const set = await stack.pulumi([
            "config",
            "set",
            "--secret",
            "--path",
            "swarm:services.nginx.env.PASSWORD",
            PASSWORDS[0],
        ]);
        assert.equal(set.status, 0, set.text);
        const folder = bench.file("secret");
        const ran = await run("preview.sh", "--save-plan", folder);
        assert.equal(ran.status, 0, ran.err + ran.out);
        const posted = await run("comment.sh", path.join(folder, "comment.md"));
        assert.match(posted.out, /^Updated the comment \d+\.\n$/);
        assert.equal(comments().length, 1);
        for (const file of readdirSync(folder)) {
            const text = readFileSync(path.join(folder, file), "utf8");
            assert.ok(!text.includes(PASSWORDS[0]) && !/PRIVATE KEY|SWMTKN-/.test(text), file);
        }
    });

    test("a plan that no longer fits: what and why, no value, and nothing is changed", async () => {
        await stack.pulumi([
            "config",
            "set",
            "--secret",
            "--path",
            "swarm:services.nginx.env.PASSWORD",
            PASSWORDS[1],
        ]);
        stack.set({ workers: "w[1:2]" });
        const had = await stack.export();
        const ran = await run("deploy.sh", bench.file("secret"));
        assert.notEqual(ran.status, 0, ran.out);
        assert.match(ran.err, /^\*\*The approved plan no longer fits, so nothing was changed\.\*\*\n/);
        assert.match(
            ran.err,
            /\n- (w2-host \(tls:index:PrivateKey\): to create it was not planned|nginx \(command:remote:Command\): its stdin would be another)\n/,
        );
        assert.match(ran.err, /\nWhat to do: "Re-run all jobs" makes a new plan/);
        assert.equal(await stack.export(), had);
    });

    test("only the secret differs from the plan: neither the old nor the new one is printed", async () => {
        stack.set({ workers: "w1" });
        const ran = await run("deploy.sh", bench.file("secret"));
        assert.notEqual(ran.status, 0, ran.out);
        assert.match(ran.err, /\n- nginx \(command:remote:Command\): its stdin would be another\n/);
        assert.match(ran.out, /violates plan: its stdin would be another$/m);
    });

    test("drift: one issue, updated the next night, and closed when it is gone", async () => {
        stack.configure(config);
        const { nodes } = await stack.outputs();
        const worker = nodes.find(({ name }) => name === "w1");
        const removed = await api("DELETE", `/v2/droplets/${worker?.dropletId}`);
        assert.equal(removed.status, 204);
        const looked = await run("drift.sh", bench.file("night"));
        assert.equal(looked.status, 1, looked.err + looked.out);
        for (const said of [/^Opened an issue\.\n$/, /^Updated the issue #\d+\.\n$/]) {
            assert.match((await run("issue.sh", "1", bench.file("night", "drift.md"))).out, said);
        }
        const [issue] = github().issues;
        assert.equal(github().issues.length, 1);
        assert.match(issue?.body ?? "", /a `pulumi up` of what is deployed would change something/);
        assert.match(issue?.body ?? "", /droplet:Droplet[\s\S]*w1/);
        assert.match(issue?.body ?? "", /\*\*The cluster\*\*: degraded/);
        assert.match(issue?.body ?? "", /its droplet \d+ is gone from the cloud/);
        await stack.upOrThrow(["--refresh"]);
        const ran = await run("drift.sh", bench.file("night"));
        assert.equal(ran.status, 0, ran.err + ran.out);
        assert.match(
            (await run("issue.sh", "0", bench.file("night", "drift.md"))).out,
            /^Closed the issue #\d+\.\n$/,
        );
        assert.equal(github().issues[0]?.state, "closed");
    });

    test("what cannot be looked at is no good night", async () => {
        const ran = await bench.run("drift.sh", [bench.file("blind")], {
            cwd: root,
            env: { DIGITALOCEAN_TOKEN: "dop_v1_revoked" },
        });
        assert.equal(ran.status, 2, ran.out);
        assert.match(ran.out, /\*\*Drift\*\*: unknown: `pulumi preview --refresh` ended with status \d+/);
        assert.match(ran.out, /: 401 .*Unable to authenticate you/);
    });

    test("no secret was printed by any of them", () => {
        const text =
            log.map(({ out: printed, err }) => printed + err).join("\n") +
            bench.read("summary") +
            bench.read("gh.json");
        assert.doesNotMatch(text, /PRIVATE KEY|SWMTKN-/);
        for (const secret of [...PASSWORDS, environmentOf(instance).set.DIGITALOCEAN_TOKEN as string]) {
            assert.ok(!text.includes(secret), `${secret} was printed`);
        }
    });
});
