/** The harness's own limit: a script that hangs is a failure, and leaves nothing that runs. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { runs } from "../runner/processes.ts";
import { runScript } from "./harness.ts";

test("a script that hangs is ended with what it has started, and the error says so", async () => {
    const dir = mkdtempSync(join(tmpdir(), "hangs-"));
    try {
        const docker = `*) echo "docker was asked" >&2; echo $$ >${dir}/pid; exec sleep 600 ;;`;
        const lines: Line[] = [
            ["node", "node1"],
            ["limit", 300],
        ];
        await assert.rejects(runScript("join", "create", lines, { docker, limitSeconds: 1 }), {
            message: /^join create had not ended after 1 s; it printed:\n/,
        });
        assert.ok(!runs(Number(readFileSync(join(dir, "pid"), "utf8"))));
    } finally {
        rmSync(dir, { recursive: true });
    }
});
