import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isSecret, type Props, secret, UNKNOWN } from "../../lab/plugins/protocol/values.ts";
import { connectionTo, create, engine, errorOf, outputs, plugin, startHost, TYPE } from "./remoteBench.ts";

/** What the recordings do not show of `command.remote.Command`: variables, input, secrets, logs, bad inputs. */

describe("what a command is given", () => {
    test("a preview connects nowhere and knows no output", async () => {
        const connection = { host: "192.0.2.1" };
        const properties = outputs(await create({ connection, create: "true" }, { preview: true }));
        assert.deepEqual(properties, { connection, create: "true", stdout: UNKNOWN, stderr: UNKNOWN });
    });

    /** As pulumi-command 1.2.1 itself answers each of these. */
    const inputs = { connection: secret({ host: "h" }), create: "true", stdin: "a", logging: "stderr" };
    for (const [what, before, changed, known] of [
        ["nothing changes", {}, {}, true],
        ["an input changes", {}, { stdin: "b" }, false],
        ["an input is unknown", {}, { stdin: UNKNOWN }, false],
        ["the connection is unknown", {}, { connection: UNKNOWN }, false],
        ["the connection's host is", {}, { connection: secret({ host: UNKNOWN }) }, false],
        ["an input becomes secret", {}, { stdin: secret("a") }, false],
        ["an input comes", {}, { update: "false" }, true],
        ["variables come", {}, { environment: { A: "1" } }, true],
        ["variables come, one of them unknown", {}, { environment: { A: UNKNOWN } }, true],
        ["unknown variables come", {}, { environment: UNKNOWN }, false],
        ["a variable changes", { environment: { A: "0" } }, { environment: { A: "1" } }, false],
        ["a variable becomes unknown", { environment: { A: "0" } }, { environment: { A: UNKNOWN } }, false],
        ["variables stay", { environment: { A: "0" } }, { environment: { A: "0" } }, true],
        ["variables go", { environment: { A: "0" } }, {}, false],
    ] satisfies [string, Props, Props, boolean][]) {
        test(`a preview of an update where ${what}: the output is ${known ? "as it was" : "unknown"}`, async () => {
            const answer = await plugin.call({
                method: "Update",
                type: TYPE,
                id: "i",
                olds: { ...inputs, ...before, stdout: "was", stderr: "" },
                oldInputs: { ...inputs, ...before },
                news: { ...inputs, ...changed },
                preview: true,
            });
            const { stdout, stderr } = outputs(answer);
            assert.deepEqual([stdout, stderr], known ? ["was", ""] : [UNKNOWN, UNKNOWN]);
        });
    }

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

    test("Check says of a connection that is not known yet that it is to be secret", async () => {
        const news = { create: "true", connection: UNKNOWN };
        const answer = await plugin.call({ method: "Check", type: TYPE, news });
        assert.deepEqual(answer, {
            response: {
                inputs: {
                    create: "true",
                    connection: {
                        "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4",
                        secret: true,
                    },
                },
            },
        });
    });

    test("Diff takes a connection that is not known yet for the one that there is, in whichever way it comes", async () => {
        const before = { create: "true", connection: secret({ host: "h", user: "root" }) };
        const { response } = (await plugin.call({
            method: "Check",
            type: TYPE,
            news: { ...before, connection: UNKNOWN },
        })) as { response: { inputs: Props } };
        for (const connection of [UNKNOWN, secret(UNKNOWN), response.inputs.connection as Props]) {
            const answer = await plugin.call({
                method: "Diff",
                type: TYPE,
                id: "i",
                olds: { ...before, stdout: "", stderr: "" },
                oldInputs: before,
                news: { ...before, connection },
            });
            assert.ok("response" in answer);
            assert.equal(answer.response.changes, "DIFF_NONE", JSON.stringify(answer));
        }
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
