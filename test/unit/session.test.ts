/** Asking managers over real SSH what is in their swarm: who is asked, what counts, and when it is given up. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { askInTurn, type Candidate } from "../../look/session.ts";
import { type FakeManager, startFakeManager } from "../fakeManager.ts";
import { makeKeys } from "../keys.ts";
import { startSshHost } from "../plugins/sshServer.ts";

const info = (manager: boolean) => ({
    Swarm: { LocalNodeState: "active", ControlAvailable: manager, NodeID: "n1", Error: "" },
});

let manager: FakeManager;
before(async () => {
    manager = await startFakeManager();
});
after(() => manager.close());

const candidate = (name: string, more: Partial<Candidate> = {}): Candidate => ({
    name,
    host: "127.0.0.1",
    port: manager.ssh.port,
    user: "root",
    privateKey: manager.ssh.privateKey,
    hostKey: manager.ssh.hostKey,
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
    manager.answer(ALL);
    const logins = manager.ssh.logins.length;
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
    assert.equal(manager.ssh.logins.length, logins + 1);
    assert.equal(manager.ssh.commands.at(-1), "docker system dial-stdio");
});

test("who cannot be reached, or shows another host key, is passed over", async () => {
    manager.answer(ALL);
    const looked = await askInTurn([
        candidate("node1", { port: 1 }),
        candidate("node2", { hostKey: makeKeys().public }),
        candidate("node3"),
    ]);
    assert.ok("facts" in looked);
});

test("who says nothing is not waited for: the next is asked meanwhile", async () => {
    manager.answer(ALL);
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
    manager.answer({ "/info": info(false) });
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
    manager.answer({ "/info": info(true) });
    assert.deepEqual(await askInTurn([candidate("node1")]), {
        why: "node1: rpc error: The swarm does not have a leader.",
    });
});
