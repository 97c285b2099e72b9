import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { makeProvider } from "../../lab/plugins/command/provider.ts";
import type { Props } from "../../lab/plugins/protocol/values.ts";
import { makeKeys } from "../keys.ts";
import { type PluginClient, startPluginClient } from "./pluginClient.ts";
import { type Recording, readRecording } from "./recordings.ts";
import { type SshHost, startSshHost } from "./sshServer.ts";

/**
 * Every call recorded from the official command plugin, made again to the lab's: its answer must be the recorded
 * one. Host, port and keys are those of an SSH server in this process, put in the place of the recorded ones in
 * question and answer alike. Nanoseconds (`date +%N`) and the random end of an ID are compared by their form.
 */

const RECORDED_HOST = "172.31.200.29";
const RECORDED_HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN4W0UL2eWi0LyB2ChT1mU+fDD9dLpFQlKcyjIscDgVX";
const TYPE = "command:remote:Command";

describe("the recorded calls of the official command plugin", () => {
    let host: SshHost;
    let plugin: PluginClient;
    let closedPort: number;

    before(async () => {
        host = await startSshHost();
        plugin = await startPluginClient(makeProvider());
        closedPort = await findClosedPort();
    });

    after(async () => {
        plugin.close();
        await host.close();
    });

    const recordings = readRecording("command.jsonl");
    assert.equal(recordings.length, 106, "the recording has lost lines: fewer answers would be compared");
    for (const [index, { phase, case: name, method }] of recordings.entries()) {
        test(`${index + 1}: ${phase} ${name} ${method}`, async () => {
            const recorded = readRecording("command.jsonl", rewrite)[index] as Recording;
            const answer = await plugin.call({ ...recorded, type: TYPE, name });
            if (recorded.error !== undefined) {
                const [error] = recorded.error;
                assert.deepEqual(answer, { error: error?.replace("rpc error: code = Unknown desc = ", "") });
                return;
            }
            assert.deepEqual(
                comparable(answer),
                comparable({ response: normalise(recorded.response ?? {}) }),
            );
        });
    }

    function rewrite(line: string): string {
        const key = line.includes('"case": "wrong-login"') ? makeKeys().private : host.privateKey;
        return line
            .replaceAll(RECORDED_HOST_KEY, host.hostKey)
            .replaceAll('"port": 22,', `"port": ${host.port},`)
            .replaceAll('"port": 1,', `"port": ${closedPort},`)
            .replaceAll(`${RECORDED_HOST}:1:`, `127.0.0.1:${closedPort}:`)
            .replaceAll(RECORDED_HOST, "127.0.0.1")
            .replaceAll('"<private key>"', JSON.stringify(key));
    }
});

/** The recorder wrote one nested object, the change of the secret `connection`, as text. */
function normalise(response: Props): Props {
    const text = JSON.stringify(response).replaceAll('"{\\"kind\\": \\"UPDATE\\"}"', '{"kind":"UPDATE"}');
    return JSON.parse(text) as Props;
}

/** The answer with what cannot be the same twice replaced by its form. */
function comparable(answer: unknown): unknown {
    return JSON.parse(
        JSON.stringify(answer, (key, value) => {
            if (key === "id") {
                return String(value).replace(/[0-9a-f]{8}$/, "<8 hex digits>");
            }
            return key === "stdout" && /^\d{9}$/.test(String(value)) ? "<nanoseconds>" : value;
        }),
    );
}

async function findClosedPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return port;
}
