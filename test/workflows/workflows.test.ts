/** The workflows themselves: actionlint, and what every one of them has to hold. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { accessSync, constants, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { execa } from "execa";
import { parse } from "yaml";
import { root } from "../../lab/instance.ts";
import { WALK } from "../cluster/support/walk.ts";
import { ensureActionlint, VERSION } from "./support/actionlint.ts";

const files = globSync(".github/workflows/*.yml", { cwd: root }).sort();
const actions = globSync(".github/actions/*/action.yml", { cwd: root });
const scripts = globSync(".github/scripts/*.sh", { cwd: root }).sort();

interface Step {
    readonly if?: string;
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Record<string, unknown>;
    readonly env?: Record<string, string>;
}

interface Job {
    readonly if?: string;
    readonly needs?: string;
    readonly "runs-on": string;
    readonly environment?: string;
    readonly permissions?: Record<string, string>;
    readonly env?: Record<string, string>;
    readonly steps: readonly Step[];
    readonly "timeout-minutes"?: number;
}

interface Workflow {
    readonly on: Record<string, unknown>;
    readonly permissions: Record<string, string>;
    readonly concurrency: { readonly group: string; readonly "cancel-in-progress": unknown };
    readonly jobs: Record<string, Job>;
}

const text = (file: string) => readFileSync(path.join(root, file), "utf8");
const workflow = (name: string) => parse(text(`.github/workflows/${name}.yml`)) as Workflow;
const hasSecret = (value: unknown) => /secrets\./.test(JSON.stringify(value ?? ""));

test("there are the five", () => {
    assert.deepEqual(
        files.map((file) => path.basename(file)),
        ["deploy.yml", "drift.yml", "preview.yml", "test.yml", "walks.yml"],
    );
});

test(`actionlint ${VERSION} finds nothing`, async () => {
    const ran = await execa(await ensureActionlint(), ["-no-color", ...files], {
        cwd: root,
        reject: false,
        all: true,
    });
    assert.equal(ran.all, "");
    assert.equal(ran.exitCode, 0);
});

test("actionlint finds what is wrong, the shell's faults among it", async () => {
    const broken = `on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo $1 \${{ nothing.here }}\n`;
    const ran = await execa(await ensureActionlint(), ["-no-color", "-"], { input: broken, reject: false });
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stdout, /undefined variable "nothing"/);
    assert.match(ran.stdout, /SC2086/);
});

describe("where actionlint cannot be had", () => {
    const cache = mkdtempSync(path.join(tmpdir(), "swarm-actionlint-"));
    after(() => rmSync(cache, { recursive: true, force: true }));
    let asked = "";
    const server = createServer((request, answer) => {
        asked = request.url ?? "";
        answer.end("not the archive");
    });
    before(async () => {
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
    });
    after(() => server.close());

    test("every way says why, and an archive with another sum is not unpacked", async () => {
        const { port } = server.address() as AddressInfo;
        await assert.rejects(
            ensureActionlint("/nowhere", { cache, releases: `http://127.0.0.1:${port}` }),
            (error: Error) => {
                assert.match(
                    error.message,
                    /^There is no actionlint 1\.7\.12 to be had; install it or Go 1\.25:\n- go build: there is no Go on PATH\n- the project's release: actionlint_1\.7\.12_linux_(amd|arm)64\.tar\.gz has the SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}$/,
                );
                return true;
            },
        );
        assert.match(asked, /^\/v1\.7\.12\/actionlint_1\.7\.12_linux_/);
    });
});

for (const file of scripts) {
    const shell = /^# shellcheck shell=sh/.test(text(file)) ? "sourced" : "run";
    test(`${path.basename(file)}: shellcheck, dash -n${shell === "run" ? ", and it may be run" : ""}`, async () => {
        for (const [tool, ...options] of [
            ["shellcheck", "--external-sources", "--severity=style"],
            ["dash", "-n"],
        ] as const) {
            const ran = await execa(tool, [...options, file], { cwd: root, reject: false, all: true });
            assert.deepEqual([ran.exitCode, ran.all], [0, ""], tool);
        }
        if (shell === "run") accessSync(path.join(root, file), constants.X_OK);
    });
}

test("every action is pinned by a commit, with its release beside it, and by the same one everywhere", () => {
    const pins = new Map<string, string>();
    for (const file of [...files, ...actions]) {
        for (const [line] of text(file).matchAll(/^.*\buses:.*$/gm)) {
            if (/uses: \.\/\.github\/actions\/[a-z]+$/.test(line)) continue;
            const pin = /uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(line);
            assert.ok(pin, `${file}: ${line.trim()}`);
            const [, action = "", commit = ""] = pin;
            assert.equal(pins.get(action) ?? commit, commit, `${file}: ${action}`);
            pins.set(action, commit);
        }
    }
    assert.ok(pins.size >= 4);
});

for (const file of files) {
    const name = path.basename(file, ".yml");
    const { on, permissions, concurrency, jobs } = workflow(name);

    describe(name, () => {
        test("no event that runs a stranger's code with secrets", () => {
            assert.deepEqual(
                Object.keys(on).filter(
                    (event) =>
                        !["pull_request", "merge_group", "push", "schedule", "workflow_dispatch"].includes(
                            event,
                        ),
                ),
                [],
            );
        });

        test("nobody may do anything, but for what a job names; and one at a time", () => {
            assert.deepEqual(permissions, {});
            assert.ok(concurrency.group);
            const more: Record<string, Record<string, string>> = {
                "preview/comment": { "pull-requests": "write" },
                "drift/deploying": { actions: "read" },
                "deploy/reviewers": { actions: "read" },
                "drift/issue": { issues: "write" },
            };
            for (const [id, job] of Object.entries(jobs)) {
                assert.deepEqual(job.permissions, { contents: "read", ...more[`${name}/${id}`] }, id);
                assert.ok(job["timeout-minutes"], `${id} has no end`);
            }
        });

        test("secrets are in the environment of single steps, which use no action; and in an environment's jobs alone", () => {
            for (const [id, job] of Object.entries(jobs)) {
                const { steps, ...around } = job;
                assert.ok(!hasSecret(around), id);
                for (const step of steps) {
                    assert.ok(!hasSecret({ ...step, env: {} }), `${id}: ${step.run ?? step.uses}`);
                    if (!hasSecret(step.env)) continue;
                    assert.ok(step.run, `${id}: ${step.uses}`);
                    assert.ok(job.environment, `${id} has secrets, and no environment`);
                }
            }
        });

        test("a pull request's job with secrets is not for forks", () => {
            for (const [id, job] of Object.entries(jobs)) {
                if (!("pull_request" in on) || !job.steps.some(({ env }) => hasSecret(env))) continue;
                assert.match(
                    job.if ?? "",
                    /^github\.event\.pull_request\.head\.repo\.full_name == github\.repository &&/,
                    id,
                );
            }
        });

        test("what a stranger can write gets into no shell", () => {
            for (const { run } of Object.values(jobs).flatMap(({ steps }) => steps)) {
                assert.doesNotMatch(run ?? "", /\$\{\{/);
            }
        });

        test("a checkout leaves no token behind", () => {
            for (const { uses, with: options } of Object.values(jobs).flatMap(({ steps }) => steps)) {
                if (uses?.startsWith("actions/checkout@"))
                    assert.equal(options?.["persist-credentials"], false);
            }
        });

        test("every script that is run is there", () => {
            const named = [...text(file).matchAll(/\.github\/scripts\/[\w.]+/g)].map(([script]) => script);
            assert.deepEqual(
                named.filter((script) => !scripts.includes(script)),
                [],
            );
        });
    });
}

test("every script is run by a workflow, or by a script that is", () => {
    const all = [...files, ...scripts].map(text).join("\n");
    const idle = scripts.filter((script) => {
        const name = path.basename(script);
        return (
            !all.includes(`.github/scripts/${name} `) &&
            !all.includes(`run: .github/scripts/${name}`) &&
            !all.includes(`$here/${name}"`)
        );
    });
    assert.deepEqual(idle, []);
});

const PLAN_ENVIRONMENT = `\${{ vars.SWARM_PLAN_ENVIRONMENT || 'preview' }}`;

test("deployments: one at a time, never cancelled, approved, on main alone, from the plan", () => {
    const { on, concurrency, jobs } = workflow("deploy");
    assert.deepEqual(on.push, { branches: ["main"] });
    assert.ok(!("pull_request" in on));
    assert.deepEqual(concurrency, {
        group: `deploy-\${{ vars.PULUMI_STACK || 'dev' }}`,
        "cancel-in-progress": false,
    });
    assert.equal(jobs.plan?.environment, PLAN_ENVIRONMENT);
    assert.equal(jobs.deploy?.environment, "production");
    // By hand it may be started from any branch; what is planned and made is main's alone, and only where somebody is asked.
    assert.equal(jobs.reviewers?.if, "github.ref == 'refs/heads/main'");
    assert.equal(jobs.deploy?.if, "github.ref == 'refs/heads/main' && needs.plan.outputs.changes == 'true'");
    assert.deepEqual([jobs.plan?.needs, jobs.deploy?.needs], ["reviewers", "plan"]);
    assert.equal(
        jobs.deploy?.["runs-on"],
        `\${{ vars.SWARM_DEPLOY_RUNNER || vars.SWARM_RUNNER || 'ubuntu-24.04' }}`,
    );
    assert.equal(jobs.deploy?.["timeout-minutes"], 360);
    const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    assert.deepEqual(runs, [
        ".github/scripts/reviewers.sh production",
        '.github/scripts/settings.sh "$ENVIRONMENT" && .github/scripts/preview.sh --save-plan "$RUNNER_TEMP/plan"',
        '.github/scripts/tell.sh plan "$STATUS"',
        "rm -rf .swarm",
        '.github/scripts/settings.sh production && .github/scripts/deploy.sh "$RUNNER_TEMP/plan"',
        '.github/scripts/tell.sh deploy "$STATUS"',
        "rm -rf .swarm",
    ]);
});

test("a job that may run on a runner of one's own leaves nothing of .swarm there, whatever came of it", () => {
    const ours = files
        .flatMap((file) => Object.entries(workflow(path.basename(file, ".yml")).jobs))
        .filter(([, job]) => job["runs-on"].includes("SWARM_"));
    assert.deepEqual(ours.map(([id]) => id).sort(), ["deploy", "look", "plan", "preview"]);
    for (const [id, { steps }] of ours) {
        const { if: when, run } = steps.at(-1) ?? {};
        assert.deepEqual([when, run], ["always()", "rm -rf .swarm"], id);
    }
});

test("what is told by webhook is told whatever came of the job, of a plan its failure alone", () => {
    const told = ["deploy", "drift"].flatMap((name) =>
        Object.entries(workflow(name).jobs).flatMap(([id, { steps }]) =>
            steps.flatMap(({ if: when, run, env }) =>
                run?.includes("/tell.sh") ? [[id, when, env?.STATUS ?? env?.FOUND]] : [],
            ),
        ),
    );
    assert.deepEqual(told, [
        ["plan", "failure()", `\${{ job.status }}`],
        ["deploy", "always()", `\${{ job.status }}`],
        ["look", "always()", `\${{ steps.look.outputs.found }}`],
    ]);
});

test("the checks that docs name for branches are jobs, and a merge queue gets them", () => {
    const docs = text("docs/workflows.md");
    const [, ...named] = /the checks `(\w+)` and `(\w+)` have to pass/.exec(docs) ?? [];
    assert.deepEqual(named, ["test", "preview"]);
    for (const name of named) {
        assert.ok(workflow(name).jobs[name], name);
        assert.ok("merge_group" in workflow(name).on, name);
    }
});

test("what approvals of pull requests' previews stall has an environment that can be another", () => {
    assert.equal(workflow("drift").jobs.look?.environment, PLAN_ENVIRONMENT);
    assert.equal(workflow("preview").jobs.preview?.environment, "preview");
});

test("only deployments see the environment whose token may write", () => {
    for (const name of ["preview", "drift", "test", "walks"]) {
        assert.doesNotMatch(text(`.github/workflows/${name}.yml`), /environment: production/);
    }
    for (const name of ["test", "walks"]) assert.ok(!hasSecret(workflow(name)), name);
});

test("all tests on each change, the pinned plugins among them; and walks with fresh seeds each night", () => {
    const made = (name: string, job: string) =>
        workflow(name).jobs[job]?.steps.flatMap(({ run, env }) => (run ? [{ run, env }] : []));
    assert.deepEqual(made("test", "test"), [{ run: "make test", env: undefined }]);
    const { SEED, STEPS } = WALK;
    assert.deepEqual(made("test", "official-plugins"), [
        {
            run: "make test-long",
            env: { LAB_PLUGINS: "official", WALK_SEEDS: `${SEED}`, WALK_STEPS: `${STEPS}` },
        },
    ]);
    assert.deepEqual(made("walks", "walks"), [
        { run: "make test-long", env: { WALK_COUNT: "2", WALK_STEPS: "40" } },
    ]);
    assert.ok("schedule" in workflow("walks").on);
});
