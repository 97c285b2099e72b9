/** drift.sh and its report. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { driftReport } from "../../.github/scripts/text/driftReport.ts";
import { Bench } from "./support/bench.ts";

describe("drift.sh", () => {
    let bench: Bench;
    beforeEach(() => {
        bench = new Bench();
    });
    afterEach(() => bench.remove());

    test("nothing found: status 0, and the report says so", async () => {
        bench.stand("pulumi", [{ when: "preview --refresh --expect-no-changes", out: "29 unchanged\n" }]);
        bench.stand("swarm", [{ when: "status --stack dev", out: "stack  dev, healthy\n" }]);
        const ran = await bench.run("drift.sh", ["out"]);
        assert.equal(ran.status, 0, ran.err);
        assert.equal(
            bench.read("out", "drift.md"),
            "<!-- swarm-drift: dev -->\n" +
                "**Drift**: none: a `pulumi up` of what is deployed would change nothing.\n\n" +
                "**The cluster**: healthy.\n\n```text\nstack  dev, healthy\n```\n",
        );
        assert.equal(bench.read("summary"), bench.read("out", "drift.md"));
        assert.deepEqual(bench.calls("pulumi"), [
            "preview --stack dev --non-interactive --color never --policy-pack policy --refresh --expect-no-changes --diff --suppress-progress",
        ]);
    });

    test("drift: status 1, with the diff", async () => {
        bench.stand("pulumi", [
            { when: "preview", out: "~ droplet\n", err: "error: no changes were expected\n", status: 7 },
        ]);
        bench.stand("swarm", [{ when: "status", out: "degraded\n", status: 1 }]);
        assert.equal((await bench.run("drift.sh", ["out"])).status, 1);
        assert.match(
            bench.read("out", "drift.md"),
            /```diff\n~ droplet\nerror: no changes were expected\n```\n\n\*\*The cluster\*\*: degraded\.\n/,
        );
    });

    test("what cannot be looked at is status 2, and never a good night", async () => {
        bench.stand("pulumi", [{ when: "preview", err: "error: refused (401)\n", status: 1 }]);
        bench.stand("swarm", [{ when: "status", out: "healthy\n" }]);
        assert.equal((await bench.run("drift.sh", ["out"])).status, 2);
        assert.match(
            bench.read("out", "drift.md"),
            /unknown: `pulumi preview --refresh` ended with status 1\.\n\n```text\nerror: refused/,
        );
    });

    test("a report that cannot be written is status 2, too", async () => {
        bench.stand("pulumi", [{ when: "preview" }]);
        bench.stand("swarm", [{ when: "status" }]);
        bench.stand("node", [{ when: "out", err: "no memory\n", status: 1 }]);
        const ran = await bench.run("drift.sh", ["out"]);
        assert.equal(ran.status, 2);
        assert.match(ran.err, /The report could not be written/);
    });
});

for (const [preview, cluster, status, words] of [
    [0, 0, 0, /none: .*\n.*\n\*\*The cluster\*\*: healthy/],
    [7, 0, 1, /would change something/],
    [0, 1, 1, /degraded/],
    [0, 2, 1, /no quorum, or no manager could be reached/],
    [7, 2, 1, /would change something/],
    [1, 0, 2, /unknown: `pulumi preview --refresh` ended with status 1/],
    [255, 1, 2, /ended with status 255/],
    [0, 3, 2, /unknown: `swarm status` ended with status 3/],
    [7, 64, 2, /ended with status 64/],
] as const) {
    test(`preview ${preview}, swarm status ${cluster}: ${status}`, () => {
        const report = driftReport({
            stack: "dev",
            preview: { status: preview, text: "preview\n" },
            cluster: { status: cluster, text: "status\n" },
        });
        assert.equal(report.status, status);
        assert.match(report.text, words);
    });
}

test("a report stays below GitHub's limit", () => {
    const long = "line\n".repeat(100_000);
    const { text } = driftReport({
        stack: "dev",
        preview: { status: 7, text: long },
        cluster: { status: 1, text: long },
    });
    assert.ok(text.length < 65_000, `${text.length}`);
});
