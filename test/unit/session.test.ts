/** Asking managers over real SSH what is in their swarm: who is asked, what counts, and when it is given up. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { askInTurn, type Candidate } from "../../look/session.ts";
import { makeKeys } from "../keys.ts";
import { type SshHost, startSshHost } from "../plugins/sshServer.ts";

/** An engine behind `docker system dial-stdio`: answers by path, one request after another over one connection. */
const ENGINE = `#!${process.execPath}
const answers = JSON.parse(require("fs").readFileSync(__dirname + "/answers.json", "utf8"));
const server = require("http").createServer((request, response) => {
    const found = answers[request.url.split("?")[0]];
    response.writeHead(found ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { message: "rpc error: The swarm does not have a leader." }));
});
server.listen(0, "127.0.0.1", () => {
    const socket = require("net").connect(server.address().port, "127.0.0.1");
    process.stdin.pipe(socket).pipe(process.stdout);
    socket.on("close", () => process.exit());
});
`;

const info = (manager: boolean) => ({
    Swarm: { LocalNodeState: "active", ControlAvailable: manager, NodeID: "n1", Error: "" },
});

let folder: string;
let host: SshHost;
const oldPath = process.env.PATH;

before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "look-"));
    writeFileSync(path.join(folder, "docker"), ENGINE);
    chmodSync(path.join(folder, "docker"), 0o755);
    // The host of the tests runs its commands with this process's PATH.
    process.env.PATH = `${folder}:${oldPath}`;
    host = await startSshHost();
});
after(async () => {
    process.env.PATH = oldPath;
    await host.close();
    rmSync(folder, { recursive: true });
});

const answer = (answers: Record<string, unknown>) =>
    writeFileSync(path.join(folder, "answers.json"), JSON.stringify(answers));

const candidate = (name: string, more: Partial<Candidate> = {}): Candidate => ({
    name,
    host: "127.0.0.1",
    port: host.port,
    user: "root",
    privateKey: host.privateKey,
    hostKey: host.hostKey,
    ...more,
});

const ALL = {
    "/info": info(true),
    "/nodes": [{ ID: "n1" }],
    "/services": [{ ID: "s1" }],
    "/networks": [],
    "/secrets": [],
    "/configs": [],
};

test("one login, and all that the swarm says of itself", async () => {
    answer(ALL);
    const logins = host.logins.length;
    const looked = await askInTurn([candidate("node1"), candidate("node2")]);
    assert.deepEqual(looked, {
        facts: {
            info: info(true),
            nodes: [{ ID: "n1" }],
            services: [{ ID: "s1" }],
            tasks: [],
            networks: [],
            secrets: [],
            configs: [],
        },
    });
    assert.equal(host.logins.length, logins + 1);
    assert.equal(host.commands.at(-1), "docker system dial-stdio");
});

test("who cannot be reached, or shows another host key, is passed over", async () => {
    answer(ALL);
    const looked = await askInTurn([
        candidate("node1", { port: 1 }),
        candidate("node2", { hostKey: makeKeys().public }),
        candidate("node3"),
    ]);
    assert.ok("facts" in looked);
});

test("who says nothing is not waited for: the next is asked meanwhile", async () => {
    answer(ALL);
    const mute = await startSshHost({ mute: true });
    try {
        const looked = await askInTurn([candidate("node1", { port: mute.port }), candidate("node2")], {
            patienceMs: 50,
        });
        assert.ok("facts" in looked);
    } finally {
        await mute.close();
    }
});

test("nobody: why, of each, and in time", async () => {
    answer({ "/info": info(false) });
    const mute = await startSshHost({ mute: true });
    try {
        const start = performance.now();
        const looked = await askInTurn(
            [
                candidate("node1", { port: 1 }),
                candidate("node2", { hostKey: makeKeys().public }),
                candidate("node3", { privateKey: makeKeys().private }),
                candidate("node4"),
                candidate("node5", { port: mute.port }),
            ],
            { limitMs: 3_000, patienceMs: 2_000 },
        );
        assert.deepEqual(looked, {
            why:
                "node1: connection refused; node2: WRONG HOST KEY: another machine answers, or the image ignores the host key it " +
                "is given; node3: login refused; node4: it is no manager (its swarm's state is active); node5: no answer in 3 s",
        });
        assert.ok(performance.now() - start < 8_000);
    } finally {
        await mute.close();
    }
});

test("nobody who could be waited for: said at once", { timeout: 5_000 }, async () => {
    assert.deepEqual(
        await askInTurn([candidate("node1", { port: 1 }), candidate("node2", { port: 1 })], {
            limitMs: 60_000,
            patienceMs: 60_000,
        }),
        { why: "node1: connection refused; node2: connection refused" },
    );
});

test("a lost quorum is said in the daemon's words", async () => {
    answer({ "/info": info(true) });
    assert.deepEqual(await askInTurn([candidate("node1")]), {
        why: "node1: rpc error: The swarm does not have a leader.",
    });
});
