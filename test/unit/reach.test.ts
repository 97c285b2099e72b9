import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import ssh2 from "ssh2";
import { type Attempt, attempt, patience, reach } from "../../components/reach.ts";
import type { Login } from "../../components/ssh.ts";
import { makeKeys } from "../keys.ts";

const login: Login = { host: "203.0.113.7", user: "root", privateKey: "", hostKey: "ssh-ed25519 AAAA" };

/** A clock that only pauses move, so that minutes take no time. */
function clock() {
    let time = 0;
    return {
        now: () => time,
        pause: async (milliseconds: number) => {
            time += milliseconds;
        },
    };
}

async function outcome(attempts: (time: number) => Attempt, timeoutMs: number) {
    const said: string[] = [];
    const { now, pause } = clock();
    const error = await reach("node3", login, {
        timeoutMs,
        attempt: async () => attempts(now()),
        say: (text) => said.push(text),
        now,
        pause,
    }).then(
        () => "reached",
        (failure: Error) => failure.message,
    );
    return { error, said, waited: now() };
}

test("a host that has answered with a text is asked three times in half a minute, whatever it says next", async () => {
    const asked: number[] = [];
    await outcome((time) => {
        asked.push(time);
        if (time < 2_000) return { ok: false, why: "connection refused" };
        if (time > 90_000) return { ok: true };
        return { ok: false, why: time < 40_000 ? 'it answered "Please wait" to a command' : "no answer" };
    }, 300_000);
    const first = asked.findIndex((time) => time >= 2_000);
    for (const time of asked.slice(first)) {
        const within = asked.slice(first).filter((other) => other >= time && other < time + 30_000);
        assert.ok(within.length <= 3, `${within.length} attempts in the 30 s from ${time} ms`);
    }
});

const wrongKey: Attempt = {
    ok: false,
    finalAfter: 60_000,
    why: "WRONG HOST KEY: another machine answers, or the image ignores the host key it is given",
};

const endings: { what: string; attempts: (time: number) => Attempt; text: string }[] = [
    { what: "a host that runs commands", attempts: () => ({ ok: true }), text: "reached" },
    {
        what: "a host that comes up after a while",
        attempts: (time) => (time < 40_000 ? { ok: false, why: "connection refused" } : { ok: true }),
        text: "reached",
    },
    {
        what: "a host that never opens SSH",
        attempts: () => ({ ok: false, why: "connection refused" }),
        text:
            "node3 (203.0.113.7): waited 300 s for it to run commands over SSH; last seen: connection refused. Check " +
            "that the droplet runs and that swarm:sshFrom lets this machine in; a broken one is made anew by: " +
            "cli/bin/swarm replace node3",
    },
    {
        what: "a host that answers with a text",
        attempts: () => ({ ok: false, why: 'it answered "Please wait" to a command' }),
        text:
            'node3 (203.0.113.7): waited 300 s for it to run commands over SSH; last seen: it answered "Please wait" ' +
            "to a command. Its image answers commands with that text; wait until its first boot is over, or choose " +
            "another image.",
    },
    {
        what: "a host that refuses the login",
        attempts: () => ({ ok: false, why: "login refused" }),
        text:
            "node3 (203.0.113.7): waited 300 s for it to run commands over SSH; last seen: login refused. Check " +
            "swarm:sshUser, and that the image's cloud-init installs the keys it is given.",
    },
    {
        what: "a host that says once and for all that it lets another user in",
        attempts: (time) =>
            time < 20_000
                ? { ok: false, why: "connection refused" }
                : {
                      ok: false,
                      finalAfter: 0,
                      why: "it answered something to a command",
                      remedy: "Its image lets debian in.",
                  },
        text: "node3 (203.0.113.7): it answered something to a command. Its image lets debian in.",
    },
    {
        what: "a wrong host key, which ends sooner",
        attempts: () => wrongKey,
        text:
            "node3 (203.0.113.7): WRONG HOST KEY: another machine answers, or the image ignores the host key it is " +
            "given, for 61 s. Do not log in there. Choose an image whose cloud-init installs ssh_keys, then: " +
            "cli/bin/swarm replace node3",
    },
    {
        what: "a host key that cloud-init has yet to install",
        attempts: (time) => (time < 30_000 ? wrongKey : { ok: true }),
        text: "reached",
    },
];

for (const { what, attempts, text } of endings) {
    test(`waiting for ${what}`, async () => {
        assert.equal((await outcome(attempts, 300_000)).error, text);
    });
}

const minute = 60_000;
for (const [what, timeoutMs, ageMs, expected] of [
    ["one that is being made", 10 * minute, 0, 10 * minute],
    ["one that an interrupted run has just made", 10 * minute, 9 * minute, 10 * minute],
    ["one whose first boot is long over", 10 * minute, 11 * minute, 2 * minute],
    ["an old one, where new ones have less than a reboot takes", minute, 11 * minute, minute],
    ["one whose age is not known", 10 * minute, Number.NaN, 10 * minute],
    ["one from the future, by this machine's clock", 10 * minute, -5 * minute, 10 * minute],
] as const) {
    test(`patience with a host: ${what}`, () => assert.equal(patience(timeoutMs, ageMs), expected));
}

test("says what it waits for, every five seconds or so", async () => {
    const { said } = await outcome(
        (time) => (time < 12_000 ? { ok: false, why: "connection refused" } : { ok: true }),
        300_000,
    );
    assert.deepEqual(said, [
        "node3: waiting for SSH on 203.0.113.7, 6 s: connection refused",
        "node3: waiting for SSH on 203.0.113.7, 11 s: connection refused",
    ]);
});

/** An SSH server on loopback whose commands are answered by `answer`. */
async function serve(options: {
    hostKey: string;
    login: string;
    answer: (command: string) => string;
    /** On stderr. */
    complaint?: string;
    /** The session is not ended. */
    holds?: boolean;
}): Promise<{
    port: number;
    close: () => void;
}> {
    const allowed = ssh2.utils.parseKey(options.login);
    if (allowed instanceof Error) throw allowed;
    const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (client) => {
        client.on("authentication", (context) => {
            if (context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH()))
                context.accept();
            else context.reject();
        });
        client.on("error", () => {});
        client.on("session", (accept) => {
            accept().on("exec", (acceptExec, _reject, info) => {
                const channel = acceptExec();
                channel.write(options.answer(info.command));
                channel.stderr.write(options.complaint ?? "");
                if (options.holds) return;
                channel.exit(0);
                channel.end();
            });
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

const echo = (command: string) => `${command.slice("echo ".length)}\n`;
const hostKeys = makeKeys();
const ownKeys = makeKeys();
const others = makeKeys();
const good = { hostKey: hostKeys.private, login: ownKeys.public, answer: echo };

const answers: { what: string; server: Parameters<typeof serve>[0]; result: Attempt }[] = [
    { what: "a host that runs it", server: good, result: { ok: true } },
    {
        what: "a host that answers everything with a text and status 0",
        server: { ...good, answer: () => "Please wait while we get your droplet ready..." },
        result: {
            ok: false,
            why: 'it answered "Please wait while we get your droplet ready..." to a command',
        },
    },
    // cloud-init's text, as it is now and as it was; it holds the session for ten seconds, which are not waited for.
    ...[
        ['Please login as the user "debian" rather than the user "root".\n\n', "debian"],
        ['Please login as the user "ubuntu" rather than the user "root".\n\n', "ubuntu"],
        ["Please login as the ec2-user user rather than root user.\n\n", "ec2-user"],
    ].map(([text = "", user]) => ({
        what: `a host that keeps root out: ${text.trim()}`,
        server: { ...good, answer: () => text, holds: true },
        result: {
            ok: false,
            why: `it answered ${JSON.stringify(text.trim())} to a command`,
            finalAfter: 0,
            remedy: `Its image lets ${user} in, and not root: pulumi config set swarm:sshUser ${user}`,
        } as const,
    })),
    {
        what: "a host that keeps root out and has nobody else",
        server: {
            ...good,
            answer: () => 'Please login as the user "NONE" rather than the user "root".\n',
            holds: true,
        },
        result: {
            ok: false,
            why: 'it answered "Please login as the user \\"NONE\\" rather than the user \\"root\\"." to a command',
            finalAfter: 0,
            remedy: "Its image lets neither root nor another user in: choose another swarm:image.",
        },
    },
    {
        what: "a host where the user has no shell",
        server: { ...good, answer: () => "This account is currently not available.\n" },
        result: {
            ok: false,
            why: 'it answered "This account is currently not available." to a command',
            finalAfter: 0,
            remedy: "root has no shell there: set swarm:sshUser to the user that its image is made for.",
        },
    },
    {
        what: "a host whose user's password has expired, which it says on stderr",
        server: {
            ...good,
            answer: () => "",
            complaint: "Password change required but no TTY available.\n",
        },
        result: {
            ok: false,
            why: 'it answered "Password change required but no TTY available." to a command',
            finalAfter: 0,
            remedy:
                'The password of root has expired in its image: make the image anew after "chage -d -1 root" there, or ' +
                "set swarm:sshUser to another user.",
        },
    },
    {
        what: "a host that only complains",
        server: { ...good, answer: () => "", complaint: "sh: cannot fork\n" },
        result: { ok: false, why: 'it answered "sh: cannot fork" to a command' },
    },
    {
        what: "a host with a banner on stderr",
        server: { ...good, complaint: "Authorised use only.\n" },
        result: { ok: true },
    },
    { what: "another host", server: { ...good, hostKey: others.private }, result: wrongKey },
    {
        what: "a host that does not know the deploy key",
        server: { ...good, login: others.public },
        result: { ok: false, why: "login refused" },
    },
];

for (const { what, server, result } of answers) {
    test(`one attempt: ${what}`, async () => {
        const { port, close } = await serve(server);
        try {
            assert.deepEqual(
                await attempt({
                    host: "127.0.0.1",
                    port,
                    user: "root",
                    privateKey: ownKeys.private,
                    hostKey: hostKeys.public,
                }),
                result,
            );
        } finally {
            close();
        }
    });
}

test("one attempt: nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(
        await attempt({
            host: "127.0.0.1",
            port,
            user: "root",
            privateKey: ownKeys.private,
            hostKey: hostKeys.public,
        }),
        { ok: false, why: "connection refused" },
    );
});

test("one attempt: a host that accepts the connection and says nothing", async (context) => {
    const server = createServer((socket) => context.after(() => socket.destroy())).listen(0, "127.0.0.1");
    context.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const login = {
        host: "127.0.0.1",
        port,
        user: "root",
        privateKey: ownKeys.private,
        hostKey: hostKeys.public,
    };
    assert.deepEqual(await attempt(login, 300), {
        ok: false,
        why: "it accepts connections and says nothing",
    });
});
