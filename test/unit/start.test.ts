/** start.mjs, which Node reads before the SDK and the program. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, suite, test } from "node:test";
import { execa } from "execa";
import { parse } from "yaml";

const root = path.join(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "start-"));
after(() => rmSync(folder, { recursive: true }));

/** Runs a line of JavaScript as the engine runs the program, in a folder with start.mjs in it; as another version, where one is given. */
async function started(script: string, version?: string) {
    copyFileSync(path.join(root, "start.mjs"), path.join(folder, "start.mjs"));
    const { runtime } = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8"));
    const disguise =
        version === undefined
            ? []
            : [
                  "--import",
                  `data:text/javascript,${encodeURIComponent(
                      `Object.defineProperty(process, "versions", { value: { node: "${version}" } });` +
                          `Object.defineProperty(process, "version", { value: "v${version}" });`,
                  )}`,
              ];
    return await execa(
        process.execPath,
        [...disguise, ...runtime.options.nodeargs.split(" "), "--eval", script],
        { cwd: folder, env: { NODE_COMPILE_CACHE: undefined }, extendEnv: true, reject: false },
    );
}

suite("start.mjs", () => {
    for (const version of ["20.20.2", "22.17.9", "18.0.0"]) {
        test(`Node ${version} is refused, with what is needed and which it is`, async () => {
            const { exitCode, stdout, stderr } = await started("console.log(1)", version);
            assert.deepEqual(
                { exitCode, stdout, stderr },
                {
                    exitCode: 1,
                    stdout: "",
                    stderr: `This program needs Node 22.18 or newer; ${process.execPath} is v${version}.`,
                },
            );
        });
    }

    for (const version of ["22.18.0", "24.0.0", "30.1.0"]) {
        test(`Node ${version} is not`, async () => {
            assert.equal((await started("console.log(1)", version)).stdout, "1");
        });
    }

    test("what Node compiles is kept beside the packages", async () => {
        const { stdout } = await started("console.log(require('node:module').getCompileCacheDir())");
        assert.equal(path.dirname(stdout), path.join(folder, "node_modules/.cache/compiled"));
        assert.ok(readdirSync(path.dirname(stdout)).length > 0);
    });
});
