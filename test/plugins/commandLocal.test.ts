import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeProvider } from "../../lab/plugins/command/provider.ts";
import type { Props } from "../../lab/plugins/protocol/values.ts";
import { type PluginClient, startPluginClient } from "./pluginClient.ts";
import { until } from "./until.ts";

const TYPE = "command:local:Command";
let plugin: PluginClient;
let dir: string;

before(async () => {
    plugin = await startPluginClient(makeProvider());
    dir = mkdtempSync(join(tmpdir(), "local-command-"));
});
after(() => {
    plugin.close();
    rmSync(dir, { recursive: true });
});

const create = (properties: Props) => plugin.call({ method: "Create", type: TYPE, name: "it", properties });

async function outputsOf(properties: Props): Promise<Props> {
    const answer = await create(properties);
    assert.ok("response" in answer, JSON.stringify(answer));
    return answer.response.properties as Props;
}

test("runs in its directory, with its environment, input and interpreter", async () => {
    writeFileSync(join(dir, "here"), "");
    const shell = {
        dir,
        create: 'ls; echo "$WHO"; cat; echo e >&2',
        environment: { WHO: "me" },
        stdin: "in",
    };
    const { stdout, stderr } = await outputsOf(shell);
    assert.deepEqual({ stdout, stderr }, { stdout: "here\nme\nin", stderr: "e" });
    const node = { interpreter: [process.execPath, "-e"], create: "console.log(6 * 7)" };
    assert.equal((await outputsOf(node)).stdout, "42");
});

test("a failure tells status, command and output", async () => {
    assert.deepEqual(await create({ create: 'echo "a"; echo b >&2; exit 3' }), {
        error: 'exit status 3: running "echo \\"a\\"; echo b >&2; exit 3":\na\nb\n',
    });
    assert.deepEqual(await create({ interpreter: ["/nonexistent/sh"], create: "x" }), {
        error: 'spawn /nonexistent/sh ENOENT: running "x":\n',
    });
});

test("update gets the last output, delete the last inputs", async () => {
    const olds = { stdout: "before", stderr: "" };
    const news = { create: "echo created", update: "echo after $PULUMI_COMMAND_STDOUT" };
    assert.deepEqual(
        await plugin.call({ method: "Update", type: TYPE, id: "i", olds, oldInputs: {}, news }),
        {
            response: { properties: { ...news, stdout: "after before", stderr: "" } },
        },
    );
    const file = join(dir, "deleted");
    const properties = { delete: `echo "$PULUMI_COMMAND_STDOUT" > ${file}`, stdout: "last", stderr: "" };
    assert.deepEqual(await plugin.call({ method: "Delete", type: TYPE, id: "i", properties }), {
        response: {},
    });
    assert.equal(readFileSync(file, "utf8"), "last\n");
});

test("assets are refused, rather than forgotten", async () => {
    const answer = await plugin.call({
        method: "Check",
        type: TYPE,
        news: { create: "x", assetPaths: ["*"] },
    });
    assert.deepEqual(answer, {
        response: {
            inputs: { create: "x", assetPaths: ["*"] },
            failures: ["assetPaths: the lab's own command plugin collects no assets or archives"],
        },
    });
});

// The last test: a plugin that was cancelled begins nothing more.
test("Cancel ends a running command with its children", async () => {
    const started = join(dir, "started");
    const command = `sleep 600 & echo $! > ${started}; wait`;
    const promise = create({ create: command });
    await until("the child runs", () => existsSync(started) && readFileSync(started, "utf8").includes("\n"));
    const child = Number(readFileSync(started, "utf8"));
    await plugin.cancel();
    assert.deepEqual(await promise, { error: `context canceled: running "${command}":\n` });
    await until("the child is gone", () => !isRunning(child));
});

function isRunning(pid: number): boolean {
    try {
        // A process that ended and was not yet reaped by whoever adopted it is as good as gone.
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
        return false;
    }
}
