import { spawn } from "node:child_process";
import { test } from "node:test";

test("leaves a program in a group of its own, which holds the output open", () => {
    const left = spawn("sleep", ["60"], { detached: true, stdio: ["ignore", "inherit", "inherit"] });
    console.log(`pid ${left.pid}`);
    left.unref();
});
