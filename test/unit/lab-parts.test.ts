import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { accountFrom } from "../../lab/accountChoice.ts";
import { askPage, questions, readOutputs, table, titleOf } from "../../lab/answering.ts";
import { environmentOf } from "../../lab/environment.ts";
import { instanceFrom, root } from "../../lab/instance.ts";
import { withLock } from "../../lab/lock.ts";
import { prepareFolder, readMade, writeMade } from "../../lab/made.ts";
import { isAlive, lastLines, readRecord, recordOf, stop, writeRecord } from "../../lab/processes.ts";
import { removeStaleLocks, resourcesIn, setStateAside } from "../../lab/stack.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "lab-parts-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const outputs = readOutputs({
    nodes: [
        {
            name: "node1",
            role: "manager",
            dropletId: "1",
            publicIp: "203.0.113.2",
            privateIp: "10.10.0.2",
            nodeId: "aaa",
        },
        {
            name: "node2",
            role: "worker",
            dropletId: 2,
            publicIp: "203.0.113.3",
            privateIp: "10.10.0.3",
            nodeId: "bbb",
        },
    ],
    services: {
        nginx: { urls: ["http://203.0.113.2:80", "http://203.0.113.3:80"] },
        quiet: { urls: [] },
    },
    clusterId: "ccc",
});

test("every published page is asked for through every node", () => {
    assert.deepEqual(
        questions(outputs).map(({ node, url }) => [node.name, url]),
        [
            ["node1", "http://203.0.113.2:80"],
            ["node2", "http://203.0.113.3:80"],
        ],
    );
    assert.throws(() => readOutputs({ nodes: [{ name: "node1" }], services: {} }));
});

test("the table of the answers", () => {
    const [first, second] = questions(outputs);
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(
        table([
            { ...first, ok: true, text: "200 Welcome to nginx!", ms: 4 },
            { ...second, ok: false, text: "ECONNREFUSED, for 30 s", ms: 12 },
        ]),
        `┌───────┬─────────┬─────────────┬─────┬────────────────────────┬────┐
│ node  │ role    │ address     │ ID  │ answer                 │ ms │
├───────┼─────────┼─────────────┼─────┼────────────────────────┼────┤
│ node1 │ manager │ 203.0.113.2 │ aaa │ 200 Welcome to nginx!  │  4 │
├───────┼─────────┼─────────────┼─────┼────────────────────────┼────┤
│ node2 │ worker  │ 203.0.113.3 │ bbb │ ECONNREFUSED, for 30 s │ 12 │
└───────┴─────────┴─────────────┴─────┴────────────────────────┴────┘`,
    );
});

test("titles", () => {
    assert.equal(titleOf("<html><TITLE lang=en>\n Welcome\n to nginx! </TITLE>"), "Welcome to nginx!");
    assert.equal(titleOf("<p>no title</p>"), undefined);
});

test("a page is asked for again until it is good, and given up with the last reason", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
        asked++;
        response.statusCode = asked < 3 ? 502 : 200;
        response.end("<title>Up</title>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const node = outputs.nodes[0];
    assert.ok(node);
    const good = await askPage({ node, url }, 10_000);
    assert.deepEqual([good.ok, good.text, asked], [true, "200 Up", 3]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const bad = await askPage({ node, url }, 0);
    assert.deepEqual([bad.ok, bad.text], [false, "ECONNREFUSED, for 0 s"]);
});

test("a page that does not answer in time is said in words", async (t) => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.closeAllConnections());
    t.after(() => server.close());
    const node = outputs.nodes[0];
    assert.ok(node);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const silent = await askPage({ node, url }, 0);
    assert.deepEqual([silent.ok, silent.text], [false, "no answer within 3 s, for 0 s"]);
});

async function running(): Promise<ChildProcess & { pid: number }> {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    await new Promise((resolve) => child.once("spawn", resolve));
    assert.ok(child.pid);
    return child as ChildProcess & { pid: number };
}

test("a pid file outlives its process without being taken for another one", async () => {
    const file = path.join(scratch, "some.pid");
    const child = await running();
    const record = writeRecord(file, child.pid);
    assert.deepEqual(readRecord(file), record);
    assert.equal(isAlive(record), true);
    assert.equal(isAlive({ ...record, start: "1" }), false, "the same number, started at another time");
    assert.equal(isAlive({ ...record, boot: "another" }), false, "the same number, in another boot");
    assert.equal(await stop(file, 5_000), "stopped");
    assert.equal(isAlive(record), false);
    assert.equal(await stop(file, 5_000), "absent");
    writeFileSync(file, "17\n");
    assert.equal(readRecord(file), undefined);
});

test("a process that ignores TERM is killed after its grace", async () => {
    const file = path.join(scratch, "stubborn.pid");
    const child = spawn("sh", ["-c", "trap '' TERM; echo ready; while :; do read -r _; done"], {
        stdio: ["pipe", "pipe", "ignore"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    assert.ok(child.pid);
    writeRecord(file, child.pid);
    assert.equal(await stop(file, 200), "killed");
    assert.equal(recordOf(child.pid), undefined);
});

test("the end of a log, or that there is none", () => {
    const file = path.join(scratch, "some.log");
    assert.equal(lastLines(file), `(there is no ${file})`);
    writeFileSync(file, "");
    assert.equal(lastLines(file), `(${file} is empty)`);
    writeFileSync(file, "a\nb\nc\n");
    assert.equal(lastLines(file, 2), "b\nc");
});

test("a lock is waited for while its holder lives and taken over when it is gone", async () => {
    const file = path.join(scratch, "locks", "lock");
    const lock = { file, where: "on this machine" } as const;
    const order: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
        release = resolve;
    });
    const first = withLock(lock, assert.fail, async () => {
        await held;
        order.push("first");
    });
    const second = withLock(
        lock,
        (text) => {
            assert.equal(text, `waiting for another lab command on this machine (process ${process.pid})`);
            release();
        },
        async () => order.push("second"),
    );
    await Promise.all([first, second]);
    assert.deepEqual(order, ["first", "second"]);
    writeFileSync(file, JSON.stringify({ pid: process.pid, start: "1", boot: "gone" }));
    assert.equal(await withLock(lock, assert.fail, async () => "taken over"), "taken over");
});

function checkpoint(resources: object[], pending: object[] = []): string {
    return JSON.stringify({ version: 3, checkpoint: { latest: { resources, pending_operations: pending } } });
}

const droplet = { type: "digitalocean:index/droplet:Droplet", custom: true };
const nothing = [
    { type: "pulumi:pulumi:Stack", custom: false },
    { type: "pulumi:providers:digitalocean", custom: true },
    { type: "swarm:index:Nodes", custom: false },
];

test("only resources of the cloud count as such", () => {
    assert.equal(resourcesIn(checkpoint(nothing)), 0);
    assert.equal(resourcesIn(checkpoint([...nothing, droplet, droplet])), 2);
    assert.equal(resourcesIn(checkpoint(nothing, [{ type: "creating" }])), 1);
    assert.equal(resourcesIn('{"version":3,"checkpoint":{"stack":"lab"}}'), 0);
});

test("the state of a cloud that is gone is set aside when it holds something, and kept when not", () => {
    const lab = instanceFrom({}, path.join(scratch, "aside"));
    prepareFolder(lab);
    const stacks = path.join(lab.state, ".pulumi", "stacks", "swarm");
    const now = new Date("2026-01-02T03:04:05.678Z");
    assert.equal(setStateAside(lab, now), undefined);
    mkdirSync(stacks, { recursive: true });
    writeFileSync(path.join(stacks, "lab.json"), checkpoint(nothing));
    assert.equal(setStateAside(lab, now), undefined);
    writeFileSync(path.join(stacks, "lab.json"), checkpoint([droplet]));
    assert.equal(setStateAside(lab, now), path.join(lab.dir, "state-of-2026-01-02T03-04-05-678Z"));
    assert.equal(setStateAside(lab, now), undefined);
});

test("the lock of a pulumi that is gone is removed, that of one that runs is kept", async () => {
    const lab = instanceFrom({}, path.join(scratch, "locked"));
    const folder = path.join(lab.state, ".pulumi", "locks", "organization", "swarm", "lab");
    mkdirSync(folder, { recursive: true });
    const child = await running();
    const dead = await running();
    dead.kill();
    await new Promise((resolve) => dead.once("exit", resolve));
    writeFileSync(path.join(folder, "a.json"), JSON.stringify({ pid: child.pid }));
    writeFileSync(path.join(folder, "b.json"), JSON.stringify({ pid: dead.pid }));
    assert.equal(removeStaleLocks(lab), 1);
    assert.equal(removeStaleLocks(lab), 0);
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(removeStaleLocks(lab), 1);
});

test("a lab's secrets are made once, for their owner alone, and its environment names them", () => {
    const lab = instanceFrom({}, path.join(scratch, "made"));
    assert.throws(() => readMade(lab), {
        name: "LabError",
        message: 'There is no lab "lab" in this checkout. "make up" makes one.',
    });
    prepareFolder(lab);
    const token = readFileSync(lab.token, "utf8");
    prepareFolder(lab);
    assert.equal(readFileSync(lab.token, "utf8"), token);
    assert.match(token, /^dop_v1_[0-9a-f]{64}\n$/);
    for (const file of [lab.token, lab.passphrase]) assert.equal(statSync(file).mode & 0o777, 0o600);
    writeMade(lab, {
        engineFolder: "/engine",
        node: "/node/bin/node",
        dockerSocket: "/run/docker.sock",
        api: "http://127.0.0.1:8745",
        plugins: "own",
    });
    assert.deepEqual(environmentOf(lab), {
        folders: ["/engine", "/node/bin", path.join(root, "cli", "bin")],
        set: {
            PULUMI_HOME: lab.pulumiHome,
            PULUMI_BACKEND_URL: `file://${lab.state}?metadata=skip`,
            PULUMI_CONFIG_PASSPHRASE_FILE: lab.passphrase,
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            DIGITALOCEAN_TOKEN: token.trim(),
            DIGITALOCEAN_API_URL: "http://127.0.0.1:8745",
            NODE_COMPILE_CACHE: path.join(lab.cache.dir, "compiled"),
        },
        unset: ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK", "SSH_AUTH_SOCK"],
    });
});

describe("LAB_DEFAULT_VPCS", () => {
    for (const [value, defaultVpcs] of [
        [undefined, true],
        ["", true],
        ["1", true],
        ["0", false],
    ] as const) {
        test(`${value}`, () => assert.deepEqual(accountFrom({ LAB_DEFAULT_VPCS: value }), { defaultVpcs }));
    }
    test("anything else", () =>
        assert.throws(() => accountFrom({ LAB_DEFAULT_VPCS: "no" }), {
            message: 'LAB_DEFAULT_VPCS is "no"; it must be "1" or "0".',
        }));
});
