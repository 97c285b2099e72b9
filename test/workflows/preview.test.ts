/** preview.sh, and the text of its comment. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { hasChanges } from "../../.github/scripts/text/changes.ts";
import { cut, cutMarkdown, fenced, folded } from "../../.github/scripts/text/markdown.ts";
import { previewComment } from "../../.github/scripts/text/previewComment.ts";
import { Bench } from "./support/bench.ts";

const DIFF = "Previewing update (dev):\n~ nginx\n";
const JSON_CHANGED = '{"changeSummary":{"same":28,"update":1}}';
const JSON_SAME = '{"changeSummary":{"same":29}}';
const PLAN = "<!-- swarm-plan: dev -->\n### dev: 1 service changes\n";

describe("preview.sh", () => {
    let bench: Bench;
    beforeEach(() => {
        bench = new Bench();
        bench.stand("swarm", [{ when: "plan --format markdown", out: PLAN }]);
    });
    afterEach(() => bench.remove());

    const pulumi = (json: string, diff = DIFF) =>
        bench.stand("pulumi", [
            { when: "preview --diff", out: diff },
            { when: "preview --json", out: json, writes: { "--save-plan": "{}" } },
        ]);

    test("the comment is what swarm plan says, and the raw diff under a line that unfolds it", async () => {
        pulumi(JSON_CHANGED);
        const ran = await bench.run("preview.sh", ["out"]);
        assert.equal(ran.status, 0, ran.err);
        assert.equal(
            bench.read("out", "comment.md"),
            "<!-- swarm-plan: dev -->\n" +
                "### dev: 1 service changes\n\n" +
                "<details><summary>Raw diff of <code>pulumi preview</code></summary>\n\n" +
                "```diff\nPreviewing update (dev):\n~ nginx\n```\n\n" +
                "</details>\n",
        );
        assert.equal(bench.read("summary"), bench.read("out", "comment.md"));
        assert.equal(bench.read("output"), "changes=true\n");
        assert.deepEqual(bench.calls("pulumi"), [
            "preview --stack dev --non-interactive --color never --policy-pack policy --diff --suppress-progress",
            "preview --stack dev --non-interactive --color never --policy-pack policy --json --show-sames --event-log out/events",
        ]);
        assert.deepEqual(bench.calls("swarm"), [
            "plan out/preview.json --events out/policies.json --format markdown",
        ]);
    });

    test("with --save-plan there is a plan, which nobody else may read", async () => {
        pulumi(JSON_SAME);
        const ran = await bench.run("preview.sh", ["--save-plan", "out"]);
        assert.equal(ran.status, 0, ran.err);
        assert.equal(bench.read("out", "plan.json"), "{}");
        assert.equal(statSync(bench.file("out")).mode & 0o777, 0o700);
        assert.equal(bench.read("output"), "changes=false\n");
        assert.match(
            bench.calls("pulumi")[1] as string,
            /--json --show-sames --event-log out\/events --save-plan out\/plan.json$/,
        );
    });

    test("of the engine's log only what policies said is kept, for swarm plan", async () => {
        const event = '{"policyEvent":{"message":"two managers"}}\n';
        bench.stand("pulumi", [
            { when: "preview --diff", out: DIFF },
            {
                when: "preview --json",
                out: JSON_SAME,
                writes: {
                    "--event-log": `{"resourcePreEvent":"secret-1"}\n${event}{"summaryEvent":"secret-2"}\n`,
                },
            },
        ]);
        const ran = await bench.run("preview.sh", ["out"]);
        assert.equal(ran.status, 0, ran.err);
        assert.equal(bench.read("out", "policies.json"), event);
        for (const file of readdirSync(bench.file("out")))
            assert.doesNotMatch(bench.read("out", file), /secret-/, file);
    });

    test("a plan of an earlier run is not taken for this one's", async () => {
        bench.stand("pulumi", [{ when: "preview --diff", err: "error: no\n", status: 1 }]);
        mkdirSync(bench.file("out"));
        writeFileSync(bench.file("out", "plan.json"), "{}");
        assert.equal((await bench.run("preview.sh", ["--save-plan", "out"])).status, 1);
        assert.equal(bench.read("out", "plan.json"), "");
    });

    test("the policy pack is run, with its config for the stack where it has one", async () => {
        pulumi(JSON_SAME);
        writeFileSync(bench.file("policy", "config", "prod.json"), "{}");
        await bench.run("preview.sh", ["out"]);
        writeFileSync(bench.file("policy", "config", "dev.json"), "{}");
        await bench.run("preview.sh", ["out"]);
        await bench.run("preview.sh", ["out"], { env: { PULUMI_STACK: "acme/dev" } });
        const config = " --policy-pack-config policy/config/dev.json";
        assert.deepEqual(
            bench.calls("pulumi").filter((call) => call.includes("--diff")),
            [
                ["dev", ""],
                ["dev", config],
                ["acme/dev", config],
            ].map(
                ([stack, options]) =>
                    `preview --stack ${stack} --non-interactive --color never --policy-pack policy${options} --diff --suppress-progress`,
            ),
        );
        const calls = bench.calls("pulumi").length;
        const without = await bench.run("preview.sh", ["out"], { env: { POLICY_PACK: "elsewhere" } });
        assert.deepEqual(
            [without.status, without.err, bench.calls("pulumi").length],
            [1, 'There is no policy pack in the folder "elsewhere"; POLICY_PACK names another.\n', calls],
        );
    });

    test("what the comment leaves out is in the log", async () => {
        const long = `${"+ a line of the diff\n".repeat(3_000)}+ the last one\n`;
        pulumi(JSON_CHANGED, long);
        const ran = await bench.run("preview.sh", ["out"]);
        assert.doesNotMatch(bench.read("out", "comment.md"), /the last one/);
        assert.match(ran.out, /--- diff\.txt, whole:\n(\+ a line of the diff\n){3000}\+ the last one\n$/);
    });

    test("a preview that fails ends with its status; the comment says why", async () => {
        bench.stand("pulumi", [
            { when: "preview --diff", out: "Diagnostics:\n", err: "error: refused (401)\n", status: 3 },
        ]);
        const ran = await bench.run("preview.sh", ["out"]);
        assert.equal(ran.status, 3);
        assert.equal(
            bench.read("out", "comment.md"),
            "<!-- swarm-plan: dev -->\n" +
                "**The preview of the stack dev failed**, with status 3. Nothing was planned, and nothing changed.\n\n" +
                "```text\nDiagnostics:\nerror: refused (401)\n```\n",
        );
        assert.equal(bench.read("output"), "");
    });

    test("the second preview fails: what it said is in the comment", async () => {
        bench.stand("pulumi", [
            { when: "preview --diff", out: DIFF },
            { when: "preview --json", err: "error: the state is locked\n", status: 1 },
        ]);
        const ran = await bench.run("preview.sh", ["out"]);
        assert.equal(ran.status, 1);
        assert.match(
            bench.read("out", "comment.md"),
            /failed.*\n\n```text\nerror: the state is locked\n```\n$/,
        );
    });

    test("swarm plan fails: its reason, and the raw diff all the same", async () => {
        pulumi(JSON_CHANGED);
        bench.stand("swarm", [
            { when: "plan", err: "swarm: that is no preview of this program\n", status: 64 },
        ]);
        const ran = await bench.run("preview.sh", ["out"]);
        assert.equal(ran.status, 64);
        assert.match(
            bench.read("out", "comment.md"),
            /^<!-- swarm-plan: dev -->\n\*\*The preview of the stack dev could not be put into words\*\*: `swarm plan` ended with status 64\.\n\n```text\nswarm: that is no preview of this program\n```\n\n<details>/,
        );
    });

    test("usage: a folder, and a stack", async () => {
        const none = await bench.run("preview.sh");
        assert.deepEqual(
            [none.status, none.err],
            [64, "usage: .github/scripts/preview.sh [--save-plan] FOLDER\n"],
        );
        const stackless = await bench.run("preview.sh", ["out"], { env: { PULUMI_STACK: "" } });
        assert.notEqual(stackless.status, 0);
        assert.match(stackless.err, /PULUMI_STACK: names the stack/);
    });
});

describe("the comment", () => {
    const of = (diff: string, plan = PLAN) =>
        previewComment({ stack: "dev", preview: { status: 0, text: diff }, plan: { status: 0, text: plan } });

    test("stays below GitHub's limit, whatever the diff, and says what is left out", () => {
        const text = of("- 1234567\n".repeat(100_000), `${PLAN}${"more\n".repeat(50_000)}`);
        assert.ok(text.length < 65_536, `${text.length}`);
        assert.match(text, /\(970001 of 1000000 characters left out; the log of the run has them\)\n```/);
        assert.equal(text.split("\n")[0], "<!-- swarm-plan: dev -->");
    });

    test("a failed preview keeps the end, where the errors are", () => {
        const text = previewComment({
            stack: "dev",
            preview: { status: 1, text: `${"progress\n".repeat(10_000)}error: at last\n` },
            plan: { status: 0, text: "" },
        });
        assert.ok(text.length < 65_536);
        assert.match(
            text,
            /characters left out; the log of the run has them\)\nprogress\n(progress\n)+error: at last\n```\n$/,
        );
    });

    test("has its marker even if swarm plan forgot it", () => {
        assert.equal(of(DIFF, "text").split("\n").slice(0, 2).join("\n"), "<!-- swarm-plan: dev -->\ntext");
    });

    test("nothing in a diff ends its fence", () => {
        assert.equal(fenced("a\n```\n````\nb", "diff"), "`````diff\na\n```\n````\nb\n`````\n");
        assert.match(of("```\n</details>\n"), /````diff\n```\n<\/details>\n````\n/);
    });

    test("cut, folded", () => {
        assert.equal(
            cut("one\ntwo\nthree\n", 9),
            "one\ntwo\n(7 of 14 characters left out; the log of the run has them)\n",
        );
        assert.equal(cut("short", 5), "short");
    });

    test("Markdown is cut with what is open closed", () => {
        const note = (rest: number, all: number) =>
            `(${rest} of ${all} characters left out; the log of the run has them)\n`;
        for (const [markdown, limit, kept] of [
            ["one\n```diff\na\nb\n```\ntwo\n", 14, "one\n```diff\na\n```\n\n"],
            ["one\n```diff\na\n```\ntwo\n", 19, "one\n```diff\na\n```\n"],
            [
                "<details>\n\n````\n```\nb\n````\n</details>\n",
                20,
                "<details>\n\n````\n```\n````\n\n</details>\n\n",
            ],
        ] as const) {
            const cutting = cutMarkdown(markdown, limit);
            assert.ok(cutting.startsWith(kept), cutting);
            assert.match(cutting.slice(kept.length), /^\(\d+ of \d+ characters left out; .*\)\n$/);
        }
        assert.equal(cutMarkdown("short", 5), "short");
        assert.equal(cutMarkdown("one\ntwo\nthree\n", 9), `one\ntwo\n${note(7, 14)}`);
        assert.equal(folded("A", "b\n"), "<details><summary>A</summary>\n\nb\n\n</details>\n");
    });
});

for (const [summary, wanted] of [
    [{ same: 3 }, false],
    [{}, false],
    [{ same: 3, update: 0 }, false],
    [{ same: 3, delete: 1 }, true],
    [{ replace: 1 }, true],
] as const) {
    test(`changes: ${JSON.stringify(summary)} is ${wanted}`, () => {
        assert.equal(hasChanges({ changeSummary: summary }), wanted);
    });
}

test("changes: another JSON is refused", () => {
    assert.throws(() => hasChanges({ steps: [] }), /changeSummary/);
    assert.throws(() => hasChanges({ changeSummary: { same: "3" } }), /changeSummary/);
});
