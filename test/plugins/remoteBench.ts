import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, afterEach, before, beforeEach } from "node:test";
import { makeProvider } from "../../lab/plugins/command/provider.ts";
import type { Props } from "../../lab/plugins/protocol/values.ts";
import { type EngineStub, startEngineStub } from "./engineStub.ts";
import { type Answer, type PluginClient, startPluginClient } from "./pluginClient.ts";
import { type SshHost, type SshHostOptions, startSshHost } from "./sshServer.ts";

/** For tests of `command.remote.Command`: a fresh plugin for each, an engine that listens, and SSH hosts. */

export const TYPE = "command:remote:Command";

/** Renewed before each test. */
export let engine: EngineStub;
export let plugin: PluginClient;
const hosts: SshHost[] = [];

before(async () => {
    // A developer's agent would be asked for keys, and a dead one's socket end every dial.
    delete process.env.SSH_AUTH_SOCK;
    engine = await startEngineStub();
});
after(() => engine.close());

beforeEach(async () => {
    engine.messages.length = 0;
    plugin = await startPluginClient(makeProvider(), engine.address);
});
afterEach(async () => {
    plugin.close();
    await Promise.all(hosts.splice(0).map((host) => host.close()));
});

export async function startHost(options?: SshHostOptions): Promise<SshHost> {
    const host = await startSshHost(options);
    hosts.push(host);
    return host;
}

export function connectionTo(host: SshHost, more: Props = {}): Props {
    return {
        host: "127.0.0.1",
        port: host.port,
        user: "root",
        privateKey: host.privateKey,
        hostKey: host.hostKey,
        dialErrorLimit: 0,
        perDialTimeout: 15,
        ...more,
    };
}

export function create(
    properties: Props,
    more: { preview?: boolean; timeout?: number } = {},
): Promise<Answer> {
    return plugin.call({ method: "Create", type: TYPE, name: "it", properties, ...more });
}

export function outputs(answer: Answer): Props {
    assert.ok("response" in answer, JSON.stringify(answer));
    return answer.response.properties as Props;
}

export function errorOf(answer: Answer): string {
    assert.ok("error" in answer, JSON.stringify(answer));
    return answer.error;
}

export async function closedPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    return port;
}
