/** What the scripts do on GitHub: one comment, one issue, and whether a deployment is under way. And settings.sh. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { ownOf } from "../../.github/scripts/text/own.ts";
import { Bench } from "./support/bench.ts";
import type { GitHub, Written } from "./support/fakeGh.ts";

const bot = { login: "github-actions[bot]" };
const person = { login: "ann" };
const MARK = "<!-- swarm-plan: dev -->";

let bench: Bench;
beforeEach(() => {
    bench = new Bench({
        GITHUB_REPOSITORY: "example/swarm",
        GH_TOKEN: "t",
        PULL_REQUEST: "7",
        RUN_URL: "https://github.example/runs/1",
    });
});
afterEach(() => bench.remove());

function has(state: Partial<GitHub>): void {
    bench.standGitHub({ comments: {}, issues: [], runs: [], ...state });
}
const github = () => JSON.parse(bench.read("gh.json")) as GitHub;
const comment = (id: number, body: string, user = bot): Written => ({ id, body, user });
const issue = (number: number, body: string, more: Partial<Written> = {}): Written => ({
    id: 100 + number,
    number,
    body,
    user: bot,
    state: "open",
    ...more,
});

describe("comment.sh", () => {
    const post = (text: string) => {
        writeFileSync(bench.file("comment.md"), text);
        return bench.run("comment.sh", ["comment.md"]);
    };

    test("posts, and then updates the same comment", async () => {
        has({});
        assert.deepEqual(await post(`${MARK}\nfirst "quoted" @nobody $x\n`), {
            status: 0,
            out: "Posted a comment.\n",
            err: "",
        });
        const id = github().comments["7"]?.[0]?.id;
        assert.deepEqual(await post(`${MARK}\nsecond\n`), {
            status: 0,
            out: `Updated the comment ${id}.\n`,
            err: "",
        });
        assert.deepEqual(github().comments, { 7: [{ id, user: bot, body: `${MARK}\nsecond\n` }] });
    });

    test("finds its comment on a later page, among those of others and of another stack", async () => {
        const others = [
            comment(1, "hello", person),
            comment(2, `${MARK}\nforged`, person),
            comment(3, "<!-- swarm-plan: prod -->\nprod"),
            comment(4, `quoting ${MARK}`),
            comment(5, `${MARK}\r\nours`),
        ];
        has({ comments: { 7: others, 8: [comment(6, `${MARK}\nof another request`)] } });
        assert.equal((await post(`${MARK}\nnew`)).out, "Updated the comment 5.\n");
        assert.deepEqual(
            github().comments["7"]?.map(({ body }) => body.split("\n")[1] ?? body),
            ["hello", "forged", "prod", `quoting ${MARK}`, "new"],
        );
        assert.match(bench.calls("gh")[0] as string, /^api --paginate --slurp /);
    });

    test("a text without a marker is refused before anything is posted", async () => {
        has({});
        const ran = await post("no marker\n");
        assert.deepEqual(
            [ran.status, ran.err],
            [64, 'the first line of the text has to be a marker, <!-- NAME: STACK -->, and is "no marker"\n'],
        );
        assert.deepEqual(github().comments, { 7: [] });
    });

    test("GitHub refuses: so does the script", async () => {
        has({});
        const ran = await bench.run("comment.sh", ["comment.md"], { env: { GH_TOKEN: "" } });
        assert.notEqual(ran.status, 0);
        assert.match(ran.err, /GH_TOKEN/);
    });
});

describe("issue.sh", () => {
    const DRIFT = "<!-- swarm-drift: dev -->";
    const keep = (status: string, text = `${DRIFT}\n**Drift**: some\n`) => {
        writeFileSync(bench.file("drift.md"), text);
        return bench.run("issue.sh", [status, "drift.md"]);
    };
    const last =
        "\nLast seen in https://github.example/runs/1. This issue is updated each night, and closed when the drift is gone.\n";

    test("opened, updated, and closed when the drift is gone", async () => {
        has({});
        assert.equal((await keep("1")).out, "Opened an issue.\n");
        const [{ number }] = github().issues as [Written];
        assert.equal((await keep("2", `${DRIFT}\nunknown\n`)).out, `Updated the issue #${number}.\n`);
        const [updated, ...more] = github().issues;
        assert.deepEqual(more, []);
        assert.equal(updated?.title, "Drift in the stack dev");
        assert.equal(updated?.body, `${DRIFT}\nunknown\n${last}`);
        assert.equal((await keep("0")).out, `Closed the issue #${number}.\n`);
        const [closed] = github().issues;
        assert.deepEqual([closed?.state, closed?.state_reason], ["closed", "completed"]);
        assert.equal(
            github().comments[`${number}`]?.[0]?.body,
            "No drift any more, and the cluster is healthy: https://github.example/runs/1",
        );
    });

    test("a new one is opened after the last was closed", async () => {
        has({ issues: [issue(3, DRIFT, { state: "closed" })] });
        assert.equal((await keep("1")).out, "Opened an issue.\n");
        assert.equal(github().issues.length, 2);
    });

    test("no drift and no issue: nothing is said", async () => {
        has({ issues: [issue(3, "something else"), issue(4, DRIFT, { user: person })] });
        assert.equal((await keep("0")).out, "No drift, and no issue about any.\n");
        assert.equal(bench.calls("gh").length, 1);
    });

    test("a pull request whose text begins with the marker is none", async () => {
        has({ issues: [issue(3, DRIFT, { pull_request: {} })] });
        assert.equal((await keep("1")).out, "Opened an issue.\n");
    });

    test("another status is refused", async () => {
        has({});
        const ran = await keep("7");
        assert.deepEqual([ran.status, ran.err], [64, 'the status of drift.sh is 0, 1 or 2, not "7"\n']);
        assert.equal((await bench.run("issue.sh", ["1"])).status, 64);
    });
});

test("own: an answer that is no list of pages", () => {
    assert.throws(() => ownOf({ message: "Not Found" }, MARK), {
        message: 'GitHub\'s answer is no list of pages: {"message":"Not Found"}',
    });
    assert.equal(ownOf([[]], MARK), undefined);
    assert.equal(ownOf([[{ id: 1, user: null, body: MARK }]], MARK), undefined);
    assert.equal(ownOf([[{ id: 1, user: bot, body: null }]], MARK), undefined);
});

for (const [runs, wanted] of [
    [[], "false"],
    [[{ databaseId: 1 }], "true"],
] as const) {
    test(`deploying.sh: ${runs.length} deployments in progress are ${wanted}`, async () => {
        has({ runs });
        const ran = await bench.run("deploying.sh");
        assert.deepEqual([ran.status, ran.out, ran.err], [0, `${wanted}\n`, ""]);
        assert.equal(bench.read("output"), `deploying=${wanted}\n`);
    });
}

test("deploying.sh: an answer that is no list", async () => {
    bench.stand("gh", [{ when: "run", out: "none" }]);
    const ran = await bench.run("deploying.sh");
    assert.deepEqual([ran.status, ran.err], [1, 'gh run list answered "none" instead of a list\n']);
});

for (const [answer, status, said] of [
    ["2", 0, ""],
    [
        "0",
        1,
        /^The environment "production" has no required reviewers, so nobody would approve the plan: set them\. Where GitHub's plan has none for private repositories, deploy from a terminal; docs\/workflows\.md has both\.\n$/,
    ],
    ["Not Found", 1, /answered "Not Found" instead of the number of reviewers of "production"/],
    ["", 1, /answered "" instead/],
] as const) {
    test(`reviewers.sh: "${answer}"`, async () => {
        bench.stand("gh", [{ when: "api repos/example/swarm/environments/production --jq", out: answer }]);
        const ran = await bench.run("reviewers.sh", ["production"]);
        assert.equal(ran.status, status);
        if (said === "") assert.equal(ran.err, "");
        else assert.match(ran.err, said);
    });
}

describe("settings.sh", () => {
    const SALTED = "encryptionsalt: v1:abc\nconfig: {}\n";
    const all = {
        DIGITALOCEAN_TOKEN: "t",
        PULUMI_BACKEND_URL: "s3://state?region=x",
        PULUMI_CONFIG_PASSPHRASE: "p",
        AWS_ACCESS_KEY_ID: "a",
        AWS_SECRET_ACCESS_KEY: "s",
    };
    const check = (env: Record<string, string>, stackFile: string | undefined = SALTED) => {
        if (stackFile) writeFileSync(bench.file("Pulumi.dev.yaml"), stackFile);
        return bench.run("settings.sh", ["preview"], { env });
    };

    for (const [name, env, file] of [
        ["a bucket and a passphrase", all, SALTED],
        [
            "a bucket with the runner's own access",
            { ...all, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
            SALTED,
        ],
        [
            "a key service",
            { ...all, PULUMI_CONFIG_PASSPHRASE: "" },
            "secretsprovider: awskms://x\nencryptedkey: y\n",
        ],
        ["Pulumi Cloud", { DIGITALOCEAN_TOKEN: "t", PULUMI_ACCESS_TOKEN: "pul" }, "config: {}\n"],
    ] as const) {
        test(`enough: ${name}`, async () => {
            assert.deepEqual(await check(env, file), { status: 0, out: "", err: "" });
        });
    }

    test("a stack named with its organisation has the file of its own name", async () => {
        assert.deepEqual(await check({ ...all, PULUMI_STACK: "acme/dev" }), { status: 0, out: "", err: "" });
    });

    test("production's secrets do not come to a machine that has run the code of branches and keeps its disk", async () => {
        writeFileSync(bench.file("Pulumi.dev.yaml"), SALTED);
        const own = { ...all, RUNNER_ENVIRONMENT: "self-hosted", BRANCH_RUNNER: "own", DEPLOY_RUNNER: "own" };
        for (const [environment, env, status] of [
            ["production", own, 1],
            ["production", { ...own, RUNNERS_EPHEMERAL: "true" }, 0],
            ["production", { ...own, DEPLOY_RUNNER: "other" }, 0],
            ["production", { ...own, RUNNER_ENVIRONMENT: "github-hosted" }, 0],
            ["preview", own, 0],
        ] as const) {
            const ran = await bench.run("settings.sh", [environment], { env });
            assert.equal(ran.status, status, ran.err);
            if (status === 1)
                assert.match(ran.err, /SWARM_DEPLOY_RUNNER with another label than SWARM_RUNNER/);
        }
    });

    test("all that is missing is named at once", async () => {
        const ran = await check({});
        assert.deepEqual(
            [ran.status, ran.err],
            [
                1,
                'The environment "preview" lacks, see docs/workflows.md:\n' +
                    "- the secret PULUMI_CONFIG_PASSPHRASE: Pulumi.dev.yaml has secrets encrypted by a passphrase\n" +
                    "- the secret DIGITALOCEAN_TOKEN: see the scopes in README.md\n" +
                    "- the variable PULUMI_BACKEND_URL, or the secret PULUMI_ACCESS_TOKEN for Pulumi Cloud: where the state is\n",
            ],
        );
    });

    for (const [name, env, file, line] of [
        [
            "no stack",
            { ...all, PULUMI_STACK: "" },
            SALTED,
            "the variable PULUMI_STACK: the name of the stack",
        ],
        [
            "no file of the stack",
            all,
            "",
            "the file Pulumi.dev.yaml in the repository: the config of the stack that PULUMI_STACK names",
        ],
        [
            "the salt was not committed",
            all,
            "config: {}\n",
            'encryptionsalt or secretsprovider in Pulumi.dev.yaml: commit the file as "pulumi stack init" left it',
        ],
        [
            "half a key of the bucket",
            { ...all, AWS_SECRET_ACCESS_KEY: "" },
            SALTED,
            "the secret AWS_SECRET_ACCESS_KEY beside AWS_ACCESS_KEY_ID",
        ],
        [
            "the other half",
            { ...all, AWS_ACCESS_KEY_ID: "" },
            SALTED,
            "the secret AWS_ACCESS_KEY_ID beside AWS_SECRET_ACCESS_KEY",
        ],
        [
            "a folder as backend",
            { ...all, PULUMI_BACKEND_URL: "file:///tmp/state" },
            SALTED,
            'a PULUMI_BACKEND_URL that outlives the job; "file:///tmp/state" is a folder of the runner',
        ],
    ] as const) {
        test(`missing: ${name}`, async () => {
            const ran = await check(env, file);
            assert.deepEqual(
                [ran.status, ran.err],
                [1, `The environment "preview" lacks, see docs/workflows.md:\n- ${line}\n`],
            );
        });
    }
});
