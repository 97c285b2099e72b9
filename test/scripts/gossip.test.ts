/** A gossip port that is taken still when a host is about to get into a swarm, and the restart of its engine. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { fakeDaemon, inactive } from "./fakeDaemon.ts";
import { answer, input, joined } from "./fakeJoin.ts";
import { type Host, runScript } from "./harness.ts";

/** As the kernel writes it in /proc/net/tcp: a listener, and a connection from the same port on another host. */
const header =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const listener =
    "   1: 0400780A:1F0A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 39 1 0 100 0 0 10 0\n";
const connection =
    "   2: 0400780A:9C40 0200780A:1F0A 01 00000000:00000000 00:00000000 00000000     0        0 40 1 0 20 4 30 10 -1\n";
const listener6 =
    "   1: 00000000000000000000000000000000:1F0A 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0\n";

const host = (tcp: string, more: Partial<Host> = {}): Host => ({
    docker: fakeDaemon(inactive, `"swarm join "*) echo "${joined}" >"$dir/state" ;;`),
    stoppedClock: true,
    ...more,
    files: { tcp: header + tcp, ...more.files },
});

const said = "node3: port 7946 is still taken from its last swarm\nnode3: restarting its Docker\n";

/** Frees the port, as an engine's end does. */
const frees = ': >"$HOME/tcp"';

const changes = (calls: readonly string[]) =>
    calls.filter((call) => /^(swarm|systemctl restart) /.test(call)).map((call) => call.replace(/ --.*/, ""));

describe("the gossip port", () => {
    test("is free where somebody else's is spoken to", async () => {
        const run = await runScript("join", "create", input, host(connection));
        assert.deepEqual([run.stderr, run.stdout, run.status], ["", answer, 0]);
        assert.deepEqual(changes(run.dockerCalls), ["swarm join"]);
    });

    test("is waited for while the engine gives it back", async () => {
        const sleep = `read -r clock <"$HOME/clock"; echo $((clock + 1)) >"$HOME/clock"; [ "$clock" -lt 3 ] || ${frees}`;
        const run = await runScript("join", "create", input, host(listener, { commands: { sleep } }));
        assert.deepEqual([run.stderr, run.stdout, run.status], ["", answer, 0]);
        assert.deepEqual(changes(run.dockerCalls), ["swarm join"]);
    });

    for (const [family, line] of [
        ["IPv4", listener],
        ["IPv6", listener6],
    ] as const) {
        test(`makes the engine start anew where it is kept, over ${family}`, async () => {
            const systemctl = `[ "$1" != restart ] || ${frees}`;
            const run = await runScript("join", "create", input, host(line, { commands: { systemctl } }));
            assert.deepEqual([run.stderr, run.stdout, run.status], [said, answer, 0]);
        });
    }

    test("is somebody else's when a new engine does not help", async () => {
        const run = await runScript("join", "create", input, host(listener));
        const what = "port 7946 to be free on node3";
        assert.equal(
            run.stderr,
            `${said}waiting for ${what}, 5 s: something listens on it\n` +
                `waited 10 s for ${what}; last seen: something listens on it\n`,
        );
        assert.deepEqual(changes(run.dockerCalls), ["systemctl restart docker"]);
        assert.equal(run.status, 1);
    });

    test("is freed before a swarm is initialised, too", async () => {
        const lines: Line[] = [
            ...input,
            ["pool", "10.200.0.0/16"],
            ["mask", "24"],
            ["rotation", 0],
            ["autolock", "false"],
        ];
        const refused = host(listener, {
            docker: fakeDaemon(inactive, '"swarm init "*) echo refused >&2; exit 1 ;;'),
        });
        const systemctl = `[ "$1" != restart ] || ${frees}`;
        const run = await runScript("swarm", "create", lines, { ...refused, commands: { systemctl } });
        assert.equal(run.stderr, `${said}refused\n`);
    });
});

describe("an engine without systemd", () => {
    const systemctl = "exit 3";

    test("is ended, and started again by what had started it", async () => {
        // In the engine's place: something that ends when it is told to.
        const engine = spawn("sleep", ["600"]);
        const ended = once(engine, "exit");
        const sleep = `read -r clock <"$HOME/clock"; echo $((clock + 1)) >"$HOME/clock"; [ -d /proc/${engine.pid} ] || ${frees}`;
        const run = await runScript(
            "join",
            "create",
            input,
            host(listener, { commands: { systemctl, sleep }, files: { "docker.pid": `${engine.pid}` } }),
        );
        assert.deepEqual((await ended).at(1), "SIGTERM");
        assert.deepEqual([run.stderr, run.stdout, run.status], [said, answer, 0]);
    });

    test("and without a process ID has to be restarted by a person", async () => {
        const run = await runScript("join", "create", input, host(listener, { commands: { systemctl } }));
        assert.equal(
            run.stderr,
            `${said}node3: its Docker is no service of systemd's and has no /var/run/docker.pid; restart it, then run ` +
                "again: pulumi up\n",
        );
        assert.equal(run.status, 1);
    });
});
