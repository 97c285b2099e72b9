/**
 * The command at work, in a process of its own, with stand-ins for `pulumi`, `ssh` and DigitalOcean's API: what goes on
 * until Ctrl-C, what is asked on a terminal, and what is left behind.
 */
import assert from "node:assert/strict";
import {
    chmodSync,
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { execa, type ResultPromise } from "execa";
import { projectFolder } from "../../cli/pulumi.ts";
import { readState } from "../../cli/stackState.ts";
import { type FakeApi, fakeApi } from "../fakeApi.ts";
import { swarm } from "./process.ts";
import { recorded } from "./recordings.ts";

let folder: string;
let generated: string;
let env: NodeJS.ProcessEnv;
let api: FakeApi;
/** Droplets that the API has and the state does not know, by ID. */
let lost: number[];
/** Private address of such a one. */
let lostAddress: (id: number) => string;
/** What happens in the moment in which the API has taken a deletion. */
let onDelete: () => void;

/** The state has the recorded droplets on record, and these. */
function known(...more: readonly number[]): void {
    const { deployment } = recorded("healthy").state;
    const resources = [...(deployment?.resources ?? [])];
    const one = resources.find(({ type }) => type.endsWith(":Droplet"));
    for (const id of more) resources.push({ ...(one as NonNullable<typeof one>), id: `${id}` });
    writeFileSync(
        path.join(folder, "state.json"),
        JSON.stringify({ deployment: { ...deployment, resources } }),
    );
}

/** Which recording the stand-in for `ssh` answers from, from now on. */
function becomes(name: string): void {
    const draft = path.join(folder, "draft");
    writeFileSync(draft, JSON.stringify(recorded(name)));
    copyFileSync(draft, path.join(folder, "swarm.json"));
}

function strangers(...nodes: readonly string[]): void {
    writeFileSync(path.join(folder, "strangers"), nodes.map((node) => `${node}\n`).join(""));
}

function program(name: string, text: string): void {
    const file = path.join(folder, "bin", name);
    writeFileSync(file, `#!/bin/sh\n${text}`);
    chmodSync(file, 0o755);
}

before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-session-"));
    mkdirSync(path.join(folder, "bin"));
    const { droplets, state } = recorded("healthy");
    const { local } = readState(state, "lab-cli");
    program(
        "pulumi",
        `case "$1 $2" in
            "stack export") cat '${folder}/state.json' ;;
            "stack output") echo the key ;;
            "stack rename") cat '${folder}/lock' >&2 2>/dev/null || echo "error: a stack named lab-cli already exists" >&2; exit 255 ;;
        esac\n`,
    );
    program(
        "ssh",
        `exec '${process.execPath}' '${path.join(import.meta.dirname, "fakeSsh.ts")}' '${folder}' "$@"\n`,
    );
    api = await fakeApi((call) => {
        const [, removed] = /^DELETE .v2.droplets.(.*)/.exec(call) ?? [];
        if (removed) {
            lost = lost.filter((id) => `${id}` !== removed);
            onDelete();
            return { status: 204 };
        }
        // Gone, as soon as it is asked for.
        if (/^GET .v2.droplets.\d/.test(call)) return undefined;
        const entry = (id: number, ...tags: string[]) => {
            const networks = { v4: [{ type: "private", ip_address: lostAddress(id) }] };
            return { ...droplets[0], id, name: `node${id}`, tags, networks };
        };
        const strangers = [entry(66, "web"), entry(67, "swarm-lab-cli-99999999")];
        return { body: { droplets: [...droplets, ...strangers, ...lost.map((id) => entry(id, local))] } };
    });
    const backend = `file://${folder}`;
    generated = path.join(projectFolder, ".swarm", local);
    env = {
        PATH: [path.join(folder, "bin"), path.dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
        HOME: folder,
        SHELL: "/bin/sh",
        TERM: "xterm",
        NO_COLOR: "1",
        PULUMI_BACKEND_URL: backend,
        DIGITALOCEAN_TOKEN: "x",
        DIGITALOCEAN_API_URL: api.url,
    };
});
beforeEach(() => {
    lost = [];
    lostAddress = (id) => `10.144.1.${id}`;
    onDelete = () => {};
    api.calls.length = 0;
    known();
    rmSync(path.join(folder, "lock"), { force: true });
});
after(() => {
    api?.close();
    rmSync(generated, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
});

const start = (file: string, args: readonly string[], stdin: "ignore" | "pipe" = "ignore") =>
    execa(file, args, { env, extendEnv: false, reject: false, stdin, cwd: folder, timeout: 60_000 });

/** Waits until a text has been printed, 30 s at most. */
async function printed(child: ResultPromise, text: string): Promise<void> {
    let said = "";
    await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not "${text}" within 30 s, but: ${said}`)), 30_000);
        child.stdout?.on("data", (chunk) => {
            said += chunk;
            if (!said.includes(text)) return;
            clearTimeout(late);
            resolve();
        });
    });
}

describe("the status", () => {
    test("--watch shows what has changed, until Ctrl-C", async () => {
        becomes("healthy");
        strangers();
        const child = start(swarm, ["status", "--watch"]);
        await printed(child, "stack         lab-cli, healthy\n");
        const degraded = printed(child, "stack         lab-cli, degraded\n");
        becomes("worker-down");
        await degraded;
        child.kill("SIGINT");
        const { exitCode, stderr } = await child;
        assert.deepEqual([exitCode, stderr], [130, ""]);
    });

    test("a manager that the others do not reach is asked why, and says that it is locked", async () => {
        becomes("leader-dead");
        strangers();
        const answer = path.join(folder, "answer");
        writeFileSync(answer, 'case "$1 $2" in "node1 docker info"*) echo locked ;; *) exit 1 ;; esac\n');
        const { exitCode, stdout } = await start(swarm, ["status"]);
        rmSync(answer);
        assert.equal(exitCode, 1);
        assert.match(stdout, /^! the manager node1 is LOCKED since its engine was started again/m);
        assert.doesNotMatch(stdout, /the manager node1 is unreachable/);
    });

    test("a worker with a wrong host key ends it, in capital letters", async () => {
        becomes("healthy");
        strangers("node4");
        const { exitCode, stdout, stderr } = await start(swarm, ["status"]);
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /^swarm: WRONG HOST KEY: another machine answers at node4 \(198\.18\.12\.4\)/);
        strangers();
    });

    test("what ssh has said stays in no file", async () => {
        assert.equal((await start(swarm, ["ls"])).exitCode, 0);
        assert.deepEqual(
            readdirSync(generated).filter((name) => name.startsWith("words")),
            [],
        );
    });

    test("files that others may read are written anew", async () => {
        for (const file of readdirSync(generated)) chmodSync(path.join(generated, file), 0o644);
        assert.equal((await start(swarm, ["ls"])).exitCode, 0);
        for (const file of readdirSync(generated))
            assert.equal(statSync(path.join(generated, file)).mode & 0o777, 0o600, file);
    });
});

describe("droplets that are lost are deleted one by one", () => {
    const lock =
        "error: the stack is currently locked by 1 lock(s).\n" +
        "  file:///state/.pulumi/locks/organization/swarm/lab-cli/a.json: created by ada@build7 (pid 4711) at 2026-11-26T21:00:00Z\n";
    beforeEach(() => {
        lost = [98, 99];
    });
    const first = "deleted node98 (droplet 98)\n";

    for (const [what, meanwhile, deletes, status, stderr] of [
        ["both, and none without the mark", () => {}, [98, 99], 0, `${first}deleted node99 (droplet 99)\n`],
        [
            "but none once an update has begun",
            () => writeFileSync(path.join(folder, "lock"), lock),
            [98],
            1,
            `${first}swarm: the stack "lab-cli" is locked by ada@build7 (process 4711) since 2026-11-26T21:00:00Z: a droplet ` +
                "that is being made is not in its state yet. Wait until that has ended; if it was killed, say: pulumi cancel\n",
        ],
        [
            "but none that the state has come to know",
            () => known(99),
            [98],
            1,
            `${first}swarm: node99 (droplet 99) has come into the stack's state meanwhile; nothing done to it\n`,
        ],
    ] as const) {
        test(what, async () => {
            onDelete = meanwhile;
            const ran = await start(swarm, ["orphans", "--delete", "--yes"]);
            assert.equal(ran.stderr, stderr.trimEnd());
            assert.equal(ran.exitCode, status);
            assert.deepEqual(
                deleted(),
                deletes.map((id) => `DELETE /v2/droplets/${id}`),
            );
        });
    }

    test("nor the first, where an update has begun since the list was read", async () => {
        // Nobody can tell how long a person takes to say yes: what was seen before the question does not count.
        lost = [99];
        const child = start("script", ["-qefc", `${swarm} orphans --delete`, "/dev/null"], "pipe");
        await printed(child, "Delete this droplet? [y/N] ");
        writeFileSync(path.join(folder, "lock"), lock);
        child.stdin?.write("y\r");
        assert.match((await child).stdout, /is locked by ada@build7 \(process 4711\)/);
        assert.deepEqual(deleted(), []);
    });
});

const deleted = () => api.calls.filter((call) => call.startsWith("DELETE "));

describe("a question on a terminal", () => {
    /** Types this once the question is there. The terminal is `script`'s. */
    async function answered(keys: string): Promise<{ status: number | undefined; text: string }> {
        lost = [99];
        const child = start("script", ["-qefc", `${swarm} orphans --delete`, "/dev/null"], "pipe");
        await printed(child, "Delete this droplet? [y/N] ");
        child.stdin?.write(keys);
        const { exitCode, stdout } = await child;
        return { status: exitCode, text: stdout };
    }

    for (const [what, keys, status] of [
        ["no", "n\r", 1],
        ["nothing", "\r", 1],
        ["something else", "yo\r", 1],
        ["Ctrl-D", "\u0004", 1],
        ["Ctrl-C", "\u0003", 130],
    ] as const) {
        test(`${what} deletes nothing`, async () => {
            const ran = await answered(keys);
            assert.equal(ran.status, status, ran.text);
            assert.deepEqual(deleted(), []);
            assert.doesNotMatch(ran.text, /Error|\n\s+at /);
        });
    }

    describe("where a manager lists the droplet as a ready member", () => {
        const text =
            /^To delete these may be to delete a swarm that lives: is the state an old copy\?\r?\n {2}- node99 \(droplet 99\): a manager lists it as a ready member/m;
        const question = "To delete this droplet all the same, type the name of the stack, lab-cli: ";
        beforeEach(() => {
            lost = [99];
            // That of node1.
            lostAddress = () => "10.144.0.4";
        });

        for (const [what, keys, deletes] of [
            ["yes is not the stack's name", "yes\r", []],
            ["nor is its name in the cloud", "swarm-lab-cli\r", []],
            ["the stack's name deletes", "lab-cli\r", ["DELETE /v2/droplets/99"]],
        ] as const) {
            test(what, async () => {
                const command = `${swarm} orphans --delete --yes`;
                const child = start("script", ["-qefc", command, "/dev/null"], "pipe");
                await printed(child, question);
                child.stdin?.write(keys);
                const { exitCode, stdout } = await child;
                assert.match(stdout, text);
                assert.deepEqual([exitCode, deleted()], [deletes.length > 0 ? 0 : 1, deletes]);
            });
        }

        test("without a terminal --yes does not stand for it", async () => {
            const ran = await start(swarm, ["orphans", "--delete", "--yes"]);
            assert.equal(ran.exitCode, 64);
            assert.ok(
                ran.stderr.endsWith(
                    `swarm: there is no terminal to ask on: ${question}--yes does not stand for it`,
                ),
                ran.stderr,
            );
            assert.deepEqual(deleted(), []);
        });
    });

    test("yes deletes, and says so", async () => {
        const ran = await answered("Y\r");
        assert.equal(ran.status, 0, ran.text);
        assert.deepEqual(deleted(), ["DELETE /v2/droplets/99"]);
        assert.match(ran.text, /^deleted node99 \(droplet 99\)\r?$/m);
    });
});
