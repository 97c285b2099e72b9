/** Docker contexts: only the stack's own is led elsewhere or removed. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { removeContext, setContext } from "../../cli/dockerContext.ts";
import { CliError } from "../../cli/errors.ts";

const own = { name: "swarm-dev", mark: "3f9a2c1b" };
const description = "The swarm of the stack swarm-dev (3f9a2c1b)";

/** A `docker` that has one context at most, and notes what it is told. */
function docker(context: TestContext, described: string | undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), "context-"));
    const searched = process.env.PATH;
    context.after(() => {
        process.env.PATH = searched;
        rmSync(folder, { recursive: true });
    });
    const answer = JSON.stringify([{ Name: own.name, Metadata: { Description: described } }]);
    writeFileSync(path.join(folder, "answer.json"), answer);
    writeFileSync(
        path.join(folder, "docker"),
        `#!/bin/sh
echo "$*" >>'${folder}/told'
[ "$2" = inspect ] || exit 0
${described === undefined ? "echo 'context not found' >&2; exit 1" : `exec /bin/cat '${folder}/answer.json'`}
`,
        { mode: 0o755 },
    );
    process.env.PATH = folder;
    const sshConfig = path.join(folder, "config");
    return {
        sshConfig,
        set: () => setContext({ ...own, url: "ssh://node1.swarm-dev", hosts: "/hosts", sshConfig }),
        remove: () => removeContext(own, sshConfig),
        told: () => readFileSync(path.join(folder, "told"), "utf8").trim().split("\n"),
    };
}

describe("a Docker context", () => {
    const to = `swarm-dev --docker host=ssh://node1.swarm-dev --description ${description}`;

    test("that is not there is made, and removing it does nothing", async (context) => {
        const made = docker(context, undefined);
        assert.equal(await made.set(), true);
        assert.equal(await made.remove(), false);
        assert.deepEqual(made.told(), [
            "context inspect swarm-dev",
            `context create ${to}`,
            "context inspect swarm-dev",
        ]);
    });

    test("of the stack's own is led elsewhere, and removed", async (context) => {
        const had = docker(context, description);
        assert.equal(await had.set(), false);
        assert.equal(await had.remove(), true);
        assert.deepEqual(had.told(), [
            "context inspect swarm-dev",
            `context update ${to}`,
            "context inspect swarm-dev",
            "context rm --force swarm-dev",
        ]);
    });

    for (const described of ["", "mine", "The swarm of the stack swarm-dev (00000000)"]) {
        test(`that is described as ${JSON.stringify(described)} is left alone, and so is ssh's config`, async (context) => {
            const foreign = docker(context, described);
            const refusal = new CliError(
                `there is a Docker context swarm-dev that is not this stack's (its description: ${JSON.stringify(described)}); ` +
                    "nothing has been done to it. Remove it yourself if nobody needs it: docker context rm swarm-dev",
            );
            await assert.rejects(foreign.set(), refusal);
            await assert.rejects(foreign.remove(), refusal);
            assert.deepEqual(foreign.told(), ["context inspect swarm-dev", "context inspect swarm-dev"]);
            assert.equal(existsSync(foreign.sshConfig), false);
        });
    }
});
