import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { parseConnection } from "../../lab/plugins/command/connection.ts";
import { dial } from "../../lab/plugins/command/dial.ts";
import type { Context } from "../../lab/plugins/protocol/provider.ts";
import { makeKeys } from "../keys.ts";
import {
    closedPort,
    connectionTo,
    create,
    engine,
    errorOf,
    outputs,
    plugin,
    startHost,
} from "./remoteBench.ts";
import { until } from "./until.ts";

/** How `command.remote.Command` reaches its host, how long it tries, and how a running command ends. */

describe("dialling", () => {
    test("a host that opens SSH late is waited for, and each failure is shown", async () => {
        const port = await closedPort();
        const promise = create({
            connection: { host: "127.0.0.1", port, dialErrorLimit: -1, privateKey: makeKeys().private },
            create: "true",
        });
        await until("two dials have failed", () => engine.messages.length >= 2);
        assert.deepEqual(engine.messages.slice(0, 2), [
            "info! Dial 1/inf failed: retrying",
            "info! Dial 2/inf failed: retrying",
        ]);
        await startHost({ port });
        await until("four dials have failed", () =>
            engine.messages.some((message) => message.includes("Dial 4")),
        );
        // The key is not the host's: it answers now, with a refusal, which is retried without end just the same.
        await plugin.cancel();
        assert.match(
            errorOf(await promise),
            /^context canceled: dialling 127\.0\.0\.1:\d+ for [\d.]+s, \d+ failed attempts, last: ssh: handshake failed: ssh: unable to authenticate, attempted methods \[none publickey\], no supported methods remain$/,
        );
    });

    test("a server that hangs up while it starts is dialled again", async () => {
        const host = await startHost({ hangUps: 2 });
        const answer = await create({
            connection: connectionTo(host, { dialErrorLimit: 2 }),
            create: "echo in",
        });
        assert.equal(outputs(answer).stdout, "in");
        const host2 = await startHost({ hangUps: 3 });
        const error = errorOf(
            await create({ connection: connectionTo(host2, { dialErrorLimit: 2 }), create: "true" }),
        );
        assert.equal(error, "after 2 failed attempts: ssh: handshake failed: EOF");
    });

    test("a server that accepts and says nothing is left at the custom timeout", async () => {
        const host = await startHost({ mute: true });
        const start = Date.now();
        const answer = await create({ connection: connectionTo(host), create: "true" }, { timeout: 1 });
        assert.match(
            errorOf(answer),
            /^context deadline exceeded after 1s: dialling 127\.0\.0\.1:\d+ for 1\.\ds, 0 failed attempts, last: nothing yet$/,
        );
        assert.ok(Date.now() - start < 5000);
    });

    test("one that says nothing holds the operation for as long as nobody ends it: there is no deadline", async (context) => {
        const mute = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
        context.after(() => mute.close());
        await once(mute, "listening");
        const { port } = mute.address() as AddressInfo;
        context.mock.timers.enable({ apis: ["setTimeout"] });
        const end = new AbortController();
        const said: string[] = [];
        const operation: Context = {
            urn: "urn:pulumi:dev::swarm::command:remote:Command::it",
            name: "it",
            timeoutSeconds: 0,
            preview: false,
            signal: end.signal,
            log: (_severity, line) => said.push(line),
            status: (line) => said.push(line),
        };
        let ended: string | undefined;
        const dialled = dial(parseConnection({ host: "127.0.0.1", port }), operation).catch(
            ({ message }: Error) => {
                ended = message;
            },
        );
        const [socket] = (await once(mute, "connection")) as [Socket];
        assert.match(`${(await once(socket, "data"))[0]}`, /^SSH-2\.0-/);
        context.mock.timers.tick(24 * 3_600_000);
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual([ended, said], [undefined, []]);
        end.abort(new Error("context canceled"));
        await dialled;
        assert.match(
            `${ended}`,
            /^context canceled: dialling 127\.0\.0\.1:\d+ for [\d.]+s, 0 failed attempts, last: nothing yet$/,
        );
    });

    test("an empty host is this very machine, as Go has it", async () => {
        const host = await startHost();
        const connection = connectionTo(host, { host: "" });
        assert.equal(outputs(await create({ connection, create: "echo here" })).stdout, "here");
        assert.deepEqual(host.commands, ["echo here"]);
    });

    test("a pinned key of another type than the server has", async () => {
        const host = await startHost();
        const rsa = `ssh-rsa ${"AAAAB3NzaC1yc2EAAAADAQABAAAAgQC1kZjHgTY00jhAku8YPxqLizUuCyc8CwVP9nNtERcvggx3enF+BfgouOCGQcMzNmxYaJCCzfveKUuLOACqjpcCeiFWoekNrnFmtEG2sR/0jWJXw9Ta832EY3BFhSyjTnwvgLR2KBxTiueyCTeg1+XZiLcmx3s03+O/uJaWcibmvQ=="}`;
        const error = errorOf(
            await create({ connection: connectionTo(host, { hostKey: rsa }), create: "true" }),
        );
        assert.match(error, /^after 0 failed attempts: ssh: handshake failed: .*no matching host key/);
        assert.deepEqual(host.commands, []);
    });

    test("a pinned key that is none is said before anything is dialled", async () => {
        const host = await startHost();
        const connection = connectionTo(host, { hostKey: "SHA256:abc", dialErrorLimit: 10 });
        assert.equal(
            errorOf(await create({ connection, create: "true" })),
            "failed to parse host key: ssh: no key found",
        );
    });

    test("by password, when there is no key or the key is refused", async () => {
        const host = await startHost({ password: "secret" });
        const { privateKey: _, ...byPassword } = connectionTo(host, { password: "secret" });
        await create({ connection: byPassword, create: "true" });
        const bad = connectionTo(host, { password: "secret", privateKey: makeKeys().private });
        assert.equal(outputs(await create({ connection: bad, create: "echo in" })).stdout, "in");
        assert.deepEqual(host.logins, ["password", "password"]);
    });

    test("an agent's socket that is dead is said before anything is dialled", async () => {
        const host = await startHost();
        const connection = connectionTo(host, { agentSocketPath: "/nonexistent/agent" });
        assert.equal(
            errorOf(await create({ connection, create: "true" })),
            "dial unix /nonexistent/agent: connect: no such file or directory",
        );
    });

    test("through a bastion, with the host's key pinned behind it", async () => {
        const bastion = await startHost();
        const host = await startHost();
        const connection = connectionTo(host, { proxy: connectionTo(bastion) });
        assert.equal(outputs(await create({ connection, create: "echo behind" })).stdout, "behind");
        assert.deepEqual([bastion.commands, host.commands], [[], ["echo behind"]]);

        const wrong = { ...connection, hostKey: bastion.hostKey };
        assert.equal(
            errorOf(await create({ connection: wrong, create: "true" })),
            "proxy: ssh: handshake failed: ssh: host key mismatch",
        );
        const nowhere = { ...connection, port: await closedPort(), dialErrorLimit: 1 };
        assert.match(
            errorOf(await create({ connection: nowhere, create: "true" })),
            /^proxy: after 1 failed attempts: ssh: rejected: /,
        );
    });
});

describe("how a command ends", () => {
    test("Cancel sends TERM to a running command and ends the call with what it printed", async () => {
        const host = await startHost();
        const promise = create({ connection: connectionTo(host), create: "echo started; sleep 600" });
        await until("the command printed", () => engine.messages.includes("info! started"));
        const [child] = host.running;
        assert.ok(child);
        const closed = once(child, "close");
        await plugin.cancel();
        assert.equal(
            errorOf(await promise),
            'context canceled: running "echo started; sleep 600":\nstarted\n',
        );
        assert.deepEqual(await closed, [null, "SIGTERM"]);
    });

    test("after Cancel nothing is begun", async () => {
        const host = await startHost();
        await plugin.cancel();
        assert.match(
            errorOf(await create({ connection: connectionTo(host), create: "true" })),
            /^context canceled: dialling /,
        );
        assert.deepEqual(host.commands, []);
    });

    test("a custom timeout ends a running command", async () => {
        const host = await startHost();
        const answer = await create({ connection: connectionTo(host), create: "sleep 600" }, { timeout: 1 });
        assert.equal(errorOf(answer), 'context deadline exceeded after 1s: running "sleep 600":\n');
    });

    test("a signal is told by its name", async () => {
        const host = await startHost();
        const answer = await create({ connection: connectionTo(host), create: "kill -KILL $$" });
        assert.equal(
            errorOf(answer),
            'Process exited with status 137 from signal KILL: running "kill -KILL $$":\n',
        );
    });

    test("a connection that breaks is no success", async () => {
        const host = await startHost();
        const promise = create({ connection: connectionTo(host), create: "echo half; sleep 600" });
        await until("the command printed", () => engine.messages.includes("info! half"));
        host.hangUp();
        assert.equal(
            errorOf(await promise),
            "wait: remote command exited without exit status or exit signal: " +
                'running "echo half; sleep 600":\nhalf\n',
        );
    });
});
