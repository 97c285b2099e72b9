/** What the runner makes of a test file: those of `trials` are run, each as a file of a part is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./counts.ts";
import { runs } from "./processes.ts";
import { runTestFile } from "./testFile.ts";

async function trial(name: string, limitMs = 60_000) {
    const lines: string[] = [];
    const file = `test/runner/trials/${name}.ts`;
    const counts = await runTestFile(file, { limitMs, graceMs: 300, print: (line) => lines.push(line) });
    const fault = lines.find((line) => line.startsWith(`✖ ${file} `))?.slice(`✖ ${file} `.length);
    return { ...counts, fault, printed: lines.join("\n") };
}

for (const [name, what, passed, failed, fault] of [
    ["passes", "tests, in a suite and in a test", 3, 0],
    ["fails", "a test of two", 1, 1],
    ["suiteThrows", "a suite's body throws, so that its tests never exist", 1, 1],
    ["suiteAfterThrows", "a suite's after hook throws", 1, 1],
    ["fileAfterThrows", "the file's after hook throws", 1, 1],
    ["suiteBeforeThrows", "a suite's before hook throws", 0, 3],
    ["suiteEmpty", "a suite has no test", 1, 1],
    ["skipped", "a test and a suite are skipped, a test and a suite left to do", 1, 4],
    ["empty", "there is no test", 0, 1, "ended with status 0, and has no test"],
    [
        "exits",
        "a test ends the process with status 0",
        0,
        1,
        'ended with status 0 before its tests had; the test that began last is "ends the process"',
    ],
    [
        "killed",
        "a test kills the process",
        0,
        1,
        'ended by SIGKILL before its tests had; the test that began last is "kills its process"',
    ],
    [
        "status",
        "the process has another status than 0",
        1,
        1,
        "ended with status 3, though no test of it failed; what it printed says why",
    ],
] as const) {
    test(`${name}: ${what}`, async () => {
        const { printed, ...result } = await trial(name);
        assert.deepEqual(result, { passed, failed, fault }, printed);
    });
}

test("what went wrong is printed, and no count for every file", async () => {
    const { printed } = await trial("fails");
    assert.match(printed, /✖ fails \(.*ms\)\n/);
    assert.match(printed, /test at test\/runner\/trials\/fails\.ts:6:9\n/);
    assert.match(printed, /AssertionError \[ERR_ASSERTION\]: as it is to/);
    assert.doesNotMatch(printed, /^ℹ (tests|pass|fail|duration_ms) /m);
});

test("throws: a file that throws, before or after its first test has run", async () => {
    const { passed, failed, fault, printed } = await trial("throws");
    assert.equal(failed, 1, printed);
    assert.match(
        fault ?? "",
        passed > 0
            ? /^ended with status \d+, though no test of it failed; what it printed says why$/
            : /^ended with status \d+ before its tests had; /,
    );
    assert.match(printed, /Error: the file throws/);
});

function pidIn(printed: string): number {
    const pid = Number(/^pid (\d+)$/m.exec(printed)?.[1]);
    assert.ok(pid, printed);
    return pid;
}

test("waits: what keeps the process when its tests are over is ended at the limit", async () => {
    const { printed, ...result } = await trial("waits", 2000);
    assert.deepEqual(
        result,
        {
            passed: 0,
            failed: 1,
            fault: 'had not ended after 2 s, its limit, and was ended; the test that began last is "passes"',
        },
        printed,
    );
});

test("blocks: a test that blocks the process is named, and all that it has started ended", async () => {
    const { printed, ...result } = await trial("blocks", 2000);
    const fault =
        'had not ended after 2 s, its limit, and was ended; the test that began last is "a suite > blocks"';
    assert.deepEqual(result, { passed: 0, failed: 1, fault }, printed);
    assert.ok(!runs(pidIn(printed)), printed);
});

test("leaves: an output that stays open holds nobody up beyond the limit", async () => {
    const { printed, ...result } = await trial("leaves", 2000);
    const fault =
        /^had not ended after 2 s, its limit, and was ended; the test that began last is "leaves a program/;
    assert.match(result.fault ?? "", fault, printed);
    assert.deepEqual([result.passed, result.failed], [1, 1]);
    process.kill(pidIn(printed));
});

test("tests that were not seen to end", () => {
    const end = { status: 0, signal: null, limitMs: undefined, begun: "one" };
    assert.deepEqual(judge({ ...end, tally: { passed: 2, failed: 0, seen: 2, reported: 3 } }), {
        passed: 2,
        failed: 1,
        fault: "reports 3 tests, of which 2 were seen to end",
    });
    assert.deepEqual(judge({ ...end, begun: undefined, tally: undefined }), {
        passed: 0,
        failed: 1,
        fault: "ended with status 0 before its tests had; no test had begun",
    });
});
