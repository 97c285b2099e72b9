/** The engine's log of events never comes to lie on a disk, and is read to its end whatever the engine does with it. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { describe, test } from "node:test";
import { withPolicyEvents } from "../../cli/plan/eventLog.ts";

const pipeOf = (options: readonly string[]): string => {
    assert.equal(options[0], "--event-log");
    return options[1] as string;
};

describe("the log of events", () => {
    test("is a pipe for its owner alone, from which the lines about policies are kept, and nothing is left", async () => {
        let pipe = "";
        const { result, lines } = await withPolicyEvents(async (options) => {
            pipe = pipeOf(options);
            const { mode } = statSync(pipe);
            assert.equal(mode & 0o777, 0o600);
            assert.ok(statSync(pipe).isFIFO());
            const log = await open(pipe, "w");
            // More than a pipe holds.
            for (let index = 0; index < 200; index += 1) {
                await log.write(`{"privateKey":"${"x".repeat(2000)}"}\n{"policyEvent":${index}}\n`);
            }
            await log.close();
            return 7;
        });
        assert.equal(result, 7);
        assert.equal(lines.trim().split("\n").length, 200);
        assert.doesNotMatch(lines, /privateKey/);
        assert.equal(existsSync(path.dirname(pipe)), false);
    });

    test("that the engine never opens", async () => {
        const { result, lines } = await withPolicyEvents(async (options) => pipeOf(options));
        assert.equal(lines, "");
        assert.equal(existsSync(result), false);
    });

    test("of an engine that fails", async () => {
        let pipe = "";
        await assert.rejects(
            withPolicyEvents(async (options) => {
                pipe = pipeOf(options);
                throw new Error("gone");
            }),
            /^Error: gone$/,
        );
        assert.equal(existsSync(path.dirname(pipe)), false);
    });

    test("where there is no mkfifo, nothing is logged", async () => {
        const { PATH } = process.env;
        process.env.PATH = "/nowhere";
        try {
            const { result, lines } = await withPolicyEvents(async (options) => options.length);
            assert.deepEqual([result, lines], [0, ""]);
        } finally {
            process.env.PATH = PATH;
        }
    });
});
