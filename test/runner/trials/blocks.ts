import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";

test("passes", () => {});
describe("a suite", () => {
    test("blocks", () => {
        // Heeds no SIGTERM, and is to be ended all the same.
        spawnSync("sh", ["-c", 'trap "" TERM; echo "pid $$"; while :; do sleep 1; done'], {
            stdio: "inherit",
        });
    });
});
