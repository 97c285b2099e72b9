import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import empties from "google-protobuf/google/protobuf/empty_pb.js";
import { installedPlugin, installPlugins, PLUGINS, pluginPath } from "../../lab/plugins/install.ts";
import { packageVersion } from "../../lab/plugins/protocol/version.ts";

let home: string;
beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "pulumi-home-"));
});
afterEach(() => rmSync(home, { recursive: true }));

test("a plugin lies where the engine looks for the version of its npm package", () => {
    const paths = PLUGINS.map((name) => pluginPath("/home", name));
    assert.deepEqual(paths, [
        `/home/plugins/resource-command-v${packageVersion("@pulumi/command")}/pulumi-resource-command`,
        `/home/plugins/resource-digitalocean-v${packageVersion("@pulumi/digitalocean")}/pulumi-resource-digitalocean`,
        `/home/plugins/resource-tls-v${packageVersion("@pulumi/tls")}/pulumi-resource-tls`,
    ]);
});

test("all three are put in place, also over themselves", async () => {
    assert.deepEqual(await installPlugins(home), ["command", "digitalocean", "tls"]);
    assert.deepEqual(await installPlugins(home), ["command", "digitalocean", "tls"]);
    assert.deepEqual(await Promise.all(PLUGINS.map((name) => installedPlugin(home, name))), [
        "own",
        "own",
        "own",
    ]);
});

test("an official plugin stays, unless forced; where it is a link, what it leads to stays in any case", async () => {
    const shared = join(home, "shared");
    mkdirSync(shared);
    writeFileSync(join(shared, "pulumi-resource-tls"), "\x7fELF");
    const path = pluginPath(home, "tls");
    mkdirSync(dirname(dirname(path)), { recursive: true });
    symlinkSync(shared, dirname(path));
    assert.deepEqual(await installPlugins(home), ["command", "digitalocean"]);
    assert.equal(await installedPlugin(home, "tls"), "official");
    assert.deepEqual(await installPlugins(home, { force: true }), ["command", "digitalocean", "tls"]);
    assert.equal(await installedPlugin(home, "tls"), "own");
    assert.equal(lstatSync(dirname(path)).isSymbolicLink(), false);
    assert.equal(readFileSync(join(shared, "pulumi-resource-tls"), "utf8"), "\x7fELF");
});

describe("started as the engine starts it", () => {
    for (const name of PLUGINS) {
        test(`${name} prints its port, answers with its version, and ends with the engine's end of stdin`, async () => {
            await installPlugins(home);
            const child = spawn(pluginPath(home, name), ["127.0.0.1:1"], {
                stdio: ["pipe", "pipe", "inherit"],
            });
            const exit = once(child, "exit");
            const [port] = (await once(createInterface(child.stdout), "line")) as [string];
            const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
            const version = await new Promise<string | undefined>((resolve) =>
                client.getPluginInfo(new empties.Empty(), (_error, info) => resolve(info?.getVersion())),
            );
            client.close();
            assert.equal(version, packageVersion(`@pulumi/${name}`));
            child.stdin.end();
            assert.deepEqual(await exit, [0, null]);
        });
    }
});
