import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { makeProvider } from "../../lab/plugins/command/provider.ts";
import { isSecret, type Props, secret, UNKNOWN } from "../../lab/plugins/protocol/values.ts";
import { type EngineStub, startEngineStub } from "./engineStub.ts";
import { type Answer, type PluginClient, startPluginClient } from "./pluginClient.ts";
import { makeKey, type SshHost, type SshHostOptions, startSshHost } from "./sshServer.ts";

/** What the recordings do not show of `command.remote.Command`: real waits, cancellation, logs, bastions. */

const TYPE = "command:remote:Command";
const hosts: SshHost[] = [];
let engine: EngineStub;
let plugin: PluginClient;

before(async () => {
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

async function startHost(options?: SshHostOptions): Promise<SshHost> {
    const host = await startSshHost(options);
    hosts.push(host);
    return host;
}

function connectionTo(host: SshHost, more: Props = {}): Props {
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

function create(properties: Props, more: { preview?: boolean; timeout?: number } = {}): Promise<Answer> {
    return plugin.call({ method: "Create", type: TYPE, name: "it", properties, ...more });
}

function outputs(answer: Answer): Props {
    assert.ok("response" in answer, JSON.stringify(answer));
    return answer.response.properties as Props;
}

function errorOf(answer: Answer): string {
    assert.ok("error" in answer, JSON.stringify(answer));
    return answer.error;
}

describe("what a command is given", () => {
    test("a preview connects nowhere and knows no output", async () => {
        const connection = { host: "192.0.2.1" };
        const properties = outputs(await create({ connection, create: "true" }, { preview: true }));
        assert.deepEqual(properties, { connection, create: "true", stdout: UNKNOWN, stderr: UNKNOWN });
    });

    test("the last output, where the server accepts it", async () => {
        const host = await startHost({ acceptEnv: ["PULUMI_COMMAND_STDOUT"] });
        const connection = connectionTo(host);
        const olds = { connection, create: "x", stdout: "token 1\ntoken 2", stderr: "e" };
        const news = {
            connection,
            create: "x",
            update: 'echo "$PULUMI_COMMAND_STDOUT|$PULUMI_COMMAND_STDERR"',
        };
        const answer = await plugin.call({
            method: "Update",
            type: TYPE,
            id: "i",
            olds,
            oldInputs: {},
            news,
        });
        assert.equal(outputs(answer).stdout, "token 1\ntoken 2|");
        assert.deepEqual(
            engine.messages.filter((message) => message.startsWith("warning")),
            [
                "warning The SSH server does not accept the environment variable PULUMI_COMMAND_STDERR. It takes only " +
                    "those that AcceptEnv in its sshd_config names. Values can also go to the command through stdin.",
            ],
        );
    });

    test("not the last output, where addPreviousOutputInEnv is false", async () => {
        const host = await startHost({ acceptEnv: ["PULUMI_COMMAND_STDOUT"] });
        const connection = connectionTo(host);
        const olds = { stdout: "before", stderr: "before" };
        const news = {
            connection,
            update: "echo <$PULUMI_COMMAND_STDOUT>".replace(/[<>]/g, "."),
            addPreviousOutputInEnv: false,
        };
        const answer = await plugin.call({
            method: "Update",
            type: TYPE,
            id: "i",
            olds,
            oldInputs: {},
            news,
        });
        assert.equal(outputs(answer).stdout, "..");
        assert.deepEqual(engine.messages, ["info! .."]);
    });

    test("its environment; a refused variable keeps it from running", async () => {
        const host = await startHost({ acceptEnv: ["GOOD"] });
        const connection = connectionTo(host);
        const accepted = await create({ connection, create: "echo $GOOD", environment: { GOOD: "a b" } });
        assert.equal(outputs(accepted).stdout, "a b");
        const environment = { GOOD: "1", BAD: "2" };
        assert.equal(
            errorOf(await create({ connection, create: "echo ran", environment })),
            'could not set environment variable "BAD": ssh: setenv failed',
        );
        assert.deepEqual(host.commands, ["echo $GOOD"]);
    });

    test("a megabyte of stdin, and it may print as much in one line", async () => {
        const host = await startHost();
        const stdin = "x".repeat(1024 * 1024);
        const answer = await create({
            connection: connectionTo(host),
            create: "cat",
            stdin,
            logging: "none",
        });
        assert.equal(String(outputs(answer).stdout).length, stdin.length);
    });

    test("stdin that it does not read is no failure", async () => {
        const host = await startHost();
        const stdin = "x".repeat(1024 * 1024);
        const answer = await create({ connection: connectionTo(host), create: "echo done", stdin });
        assert.equal(outputs(answer).stdout, "done");
    });

    test("nothing, when neither update nor create is set: the last output stays", async () => {
        const connection = { host: "192.0.2.1" };
        const olds = { connection, delete: "a", stdout: "o", stderr: "e" };
        const news = { connection, delete: "b" };
        const answer = await plugin.call({
            method: "Update",
            type: TYPE,
            id: "i",
            olds,
            oldInputs: {},
            news,
        });
        assert.deepEqual(outputs(answer), { connection, delete: "b", stdout: "o", stderr: "e" });
    });
});

describe("secrets", () => {
    test("a secret input is answered as one, and no other output is", async () => {
        const host = await startHost();
        const connection = secret(connectionTo(host));
        const properties = outputs(await create({ connection, create: "cat", stdin: secret("token") }));
        assert.deepEqual(properties.stdin, secret("token"));
        assert.deepEqual(properties.stdout, "token");
        assert.deepEqual(properties.connection, connection);
    });

    test("Check wraps the connection and its secret fields, the bastion's too", async () => {
        const proxy = { host: "p", password: "pw" };
        const news = { connection: { host: "h", privateKey: "k", privateKeyPassword: "kp", proxy } };
        const answer = await plugin.call({ method: "Check", type: TYPE, news });
        assert.ok("response" in answer);
        const connection = (answer.response.inputs as Props).connection as Props;
        assert.ok(isSecret(connection));
        const defaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };
        assert.deepEqual(connection.value, {
            ...defaults,
            host: "h",
            privateKey: secret("k"),
            privateKeyPassword: secret("kp"),
            proxy: { ...defaults, host: "p", password: secret("pw") },
        });
    });

    test("a key that cannot be read is not shown", async () => {
        const connection = { host: "127.0.0.1", port: 1, privateKey: "not a key at all" };
        const error = errorOf(await create({ connection, create: "true" }));
        assert.match(error, /^ssh: no key found: connection\.privateKey cannot be read: /);
        assert.doesNotMatch(error, /not a key at all/);
    });
});

describe("logging", () => {
    const CASES: [logging: string | undefined, lines: string[]][] = [
        [undefined, ["info! out 1", "info! err", "info! out 2"]],
        ["stdoutAndStderr", ["info! out 1", "info! err", "info! out 2"]],
        ["stdout", ["info! out 1", "info! out 2"]],
        ["stderr", ["info! err"]],
        ["none", []],
    ];
    for (const [logging, lines] of CASES) {
        test(`${logging}: shows ${JSON.stringify(lines)}, keeps all`, async () => {
            const host = await startHost();
            // The last line has no newline. Streams are in no order to one another, unless there is time between.
            const script = "echo out 1; sleep 0.1; echo err >&2; sleep 0.1; printf 'out 2'";
            const answer = await create({
                connection: connectionTo(host),
                create: script,
                ...(logging !== undefined && { logging }),
            });
            assert.deepEqual(engine.messages, lines);
            const { stdout, stderr } = outputs(answer);
            assert.deepEqual({ stdout, stderr }, { stdout: "out 1\nout 2", stderr: "err" });
        });
    }

    test("an unknown value is refused with those allowed", async () => {
        const news = { connection: { host: "h" }, logging: "all" };
        const answer = await plugin.call({ method: "Check", type: TYPE, news });
        assert.ok("response" in answer);
        assert.deepEqual(answer.response.failures, [
            'logging: got "all", allowed are stdout, stderr, stdoutAndStderr, none',
        ]);
    });
});

describe("dialling", () => {
    test("a host that opens SSH late is waited for, and each failure is shown", async () => {
        const port = await closedPort();
        const promise = create({
            connection: { host: "127.0.0.1", port, dialErrorLimit: -1, privateKey: makeKey().privateKey },
            create: "true",
        });
        while (engine.messages.length < 2) {
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        assert.deepEqual(engine.messages.slice(0, 2), [
            "info! Dial 1/inf failed: retrying",
            "info! Dial 2/inf failed: retrying",
        ]);
        await startHost({ port });
        while (!engine.messages.some((message) => message.includes("Dial 4"))) {
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
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

    test("an empty host, which would mean this machine, is refused", async () => {
        assert.equal(
            errorOf(await create({ connection: { host: "" }, create: "true" })),
            "connection.host is empty: it would mean this very machine, which is surely not what was meant",
        );
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
        const bad = connectionTo(host, { password: "secret", privateKey: makeKey().privateKey });
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
        while (!engine.messages.includes("info! started")) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
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
        while (!engine.messages.includes("info! half")) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        host.hangUp();
        assert.equal(
            errorOf(await promise),
            "wait: remote command exited without exit status or exit signal: " +
                'running "echo half; sleep 600":\nhalf\n',
        );
    });
});

describe("Check", () => {
    const CASES: [news: Props, failures: string[] | undefined][] = [
        [{ create: "true" }, ["connection: is missing: a remote command needs to know its host"]],
        [{ connection: UNKNOWN }, undefined],
        [{ connection: secret({ host: UNKNOWN }) }, undefined],
        [{ connection: {} }, ["connection.host: got null, needed is a host name or an address"]],
        [
            { connection: { host: "h", port: 0, dialErrorLimit: -2 } },
            [
                "connection.port: got 0, allowed are whole numbers from 1 to 65535",
                "connection.dialErrorLimit: got -2, allowed are whole numbers from -1 to 1000000",
            ],
        ],
        [{ connection: { host: "h" }, create: 5 }, ["create: got 5, needed is a string"]],
    ];
    for (const [news, failures] of CASES) {
        test(JSON.stringify(news), async () => {
            const answer = await plugin.call({ method: "Check", type: TYPE, news });
            assert.ok("response" in answer);
            assert.deepEqual(answer.response.failures, failures);
        });
    }
});

test("another resource type is answered Unimplemented with those there are", async () => {
    const answer = await plugin.call({ method: "Check", type: "command:remote:CopyFile", news: {} });
    assert.equal(
        errorOf(answer),
        'The lab\'s command plugin has no resource type "command:remote:CopyFile"; ' +
            "it has command:remote:Command, command:local:Command",
    );
});

async function closedPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    return port;
}
