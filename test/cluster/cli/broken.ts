/** The swarm command where something is broken: a wrong host key, nodes down, no leader, no quorum. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CliCluster, Status } from "../support/cliCluster.ts";
import { inDroplet } from "../support/cloud.ts";

/** Each test mends what it broke. They expect three replicas of nginx. */
export function brokenTests(cluster: CliCluster): void {
    test("a wrong host key: in capital letters, and nobody else is asked", async () => {
        const { dropletId } = cluster.node("node1");
        const reload = "kill -HUP $(pgrep -o -x sshd)";
        const key = "/etc/ssh/ssh_host_ed25519_key";
        await inDroplet(
            dropletId,
            `cp -a ${key} /root/kept; rm ${key}; ssh-keygen -q -t ed25519 -N '' -f ${key}; ${reload}`,
        );
        try {
            const text = `WRONG HOST KEY: another machine answers at node1 (${cluster.node("node1").publicIp})`;
            const deadline = Date.now() + 30_000;
            for (;;) {
                const login = await cluster.swarm.run(["ssh", "node1", "--", "true"]);
                if (login.status !== 0 || Date.now() > deadline) {
                    assert.equal(login.status, 2);
                    assert.ok(login.err.includes(`swarm: ${text}`), login.err);
                    break;
                }
            }
            for (const command of [["status"], ["docker", "node", "ls"], ["env"]]) {
                const ran = await cluster.swarm.run(command);
                assert.deepEqual([ran.status, ran.out], [2, ""], command.join(" "));
                assert.ok(ran.err.startsWith(`swarm: ${text}`), ran.err);
            }
            const doctor = await cluster.swarm.run(["doctor"]);
            assert.equal(doctor.status, 1);
            assert.ok(doctor.out.includes(text), doctor.out);
        } finally {
            await inDroplet(dropletId, `cp -a /root/kept ${key}; ${reload}`);
        }
        const deadline = Date.now() + 30_000;
        while ((await cluster.swarm.run(["ssh", "node1", "--", "true"])).status !== 0)
            assert.ok(Date.now() < deadline);
    });

    test("a worker that is down", async () => {
        await cluster.power("power_off", cluster.node("node4"));
        const status = await cluster.statusBecomes("node4 to be down", ({ reasons }) =>
            reasons.includes("node4 is down"),
        );
        assert.deepEqual([status.status, status.verdict], [1, "degraded"]);
        assert.ok(
            status.reasons.some((text) => text.startsWith("nginx runs 0 of 3: no suitable node")),
            status.reasons.join("\n"),
        );
        assert.ok(
            status.reasons.includes(
                `node4: its droplet ${cluster.node("node4").dropletId} is off; switch it on (cli/bin/swarm power on node4), or have it made anew: cli/bin/swarm replace node4`,
            ),
        );
        assert.equal((await cluster.swarm.run(["status"])).status, 1);
        assert.match((await cluster.swarm.run(["ls"])).out, /^\S+ +node4 .* down +active +off /m);
        const range = await cluster.swarm.run([
            "docker",
            "--on",
            "node[3:4]",
            "info",
            "--format",
            "{{.Name}}",
        ]);
        assert.notEqual(range.status, 0);
        assert.match(range.out, /^node3 \| node3$/m);
        const login = await cluster.swarm.run(["ssh", "node4", "--", "true"]);
        assert.equal(login.status, 2);
        assert.match(login.err, /^swarm: node4 \(\S+\): no SSH: /m);
        const waited = await cluster.swarm.run(["wait", "--timeout", "1"]);
        assert.equal(waited.status, 1);
        assert.match(waited.err, /for the cluster to be healthy; it is degraded:\nnode4 is down$/m);
        const on = await cluster.swarm.run(["power", "on", "node4"]);
        assert.deepEqual(
            [on.status, on.err],
            [0, `node4 (droplet ${cluster.node("node4").dropletId}) is on\n`],
        );
        assert.equal((await cluster.swarm.run(["wait", "--timeout", "110"])).status, 0);
    });

    test("the leader dead: the others are asked, and the cluster bears no further loss", async () => {
        const { view } = (await cluster.json(["status"])) as Status;
        const leader = cluster.node(view.leader ?? "none");
        await cluster.power("power_off", leader);
        const status = await cluster.statusBecomes(
            "another leader",
            ({ view, quorum }) =>
                view.leader !== undefined && view.leader !== leader.name && quorum?.reachable === 2,
        );
        assert.deepEqual([status.status, status.quorum?.bears], [1, 0]);
        assert.ok(
            status.reasons.includes(`the manager ${leader.name} is unreachable`),
            status.reasons.join("\n"),
        );
        const listed = await cluster.swarm.run(["docker", "node", "ls", "-q"]);
        assert.equal(listed.out.trim().split("\n").length, 4, listed.err);
        const { out } = await cluster.swarm.run(["env"]);
        assert.doesNotMatch(out, new RegExp(`ssh://${leader.name}\\.`));

        // And without a quorum.
        const second = cluster.node(status.view.leader ?? "none");
        await cluster.power("power_off", second);
        const lost = await cluster.statusBecomes(
            "the loss of the quorum",
            ({ verdict }) => verdict === "no quorum",
        );
        assert.equal(lost.status, 2);
        const logs = await cluster.swarm.run(["logs", "nginx"]);
        assert.equal(logs.status, 2);
        assert.match(logs.err, /^swarm: node\d: .*The swarm does not have a leader\..*\n$/);
        const ls = await cluster.swarm.run(["ls"]);
        assert.equal(ls.status, 2);
        assert.match(ls.out, /\(manager\) +- +unknown +- +off /);
        assert.equal((await cluster.swarm.run(["wait", "--timeout", "1"])).status, 2);

        await cluster.power("power_on", leader);
        await cluster.power("power_on", second);
        assert.equal((await cluster.swarm.run(["wait", "--timeout", "110"])).status, 0);
    });
}
