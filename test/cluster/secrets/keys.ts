/** Join tokens and unlock key: rotated, read again after a run that was stopped, given to managers that are locked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { untilInDroplet } from "../support/cloud.ts";
import { type Guarded, SWARM_STATE, tokenIn } from "../support/guarded.ts";
import { healthy } from "../support/oracle.ts";
import { type Secret, searched, secretsIn } from "../support/secrets.ts";
import type { Outputs } from "../support/stack.ts";

/** Leaves the cluster as it is, with other tokens. */
export function keyTests(guarded: Guarded): void {
    const tokensOf = (name: string) =>
        guarded.on(name, "docker swarm join-token -q worker; docker swarm join-token -q manager");
    const tokensOfState = async () => {
        const state = await guarded.stack.export(true);
        return ["worker", "manager"].map((role) => tokenIn(state, role)).join("\n");
    };

    test("another tokenRotation: other tokens, in the state too; no node notices; who joins later gets in", async () => {
        const before = await tokensOf("m1");
        const tasks = await guarded.on("w1", "docker ps -q --no-trunc");
        guarded.stack.set({ tokenRotation: 1 });
        const joins = ["m1", "m2", "m3", "w1"].map((name) => `update ${name}-join`);
        // The runs before that have failed have left their own services as the component's input.
        const steps = (await guarded.stack.preview()).filter((step) => step !== "update services");
        assert.deepEqual(steps.sort(), [...joins, "update roster", "update swarm"].sort());
        const { samples } = await guarded.watched(() => guarded.stack.upOrThrow());
        const after = await tokensOf("m1");
        for (const token of after.split("\n")) assert.ok(!before.includes(token), "a token is the old one");
        assert.equal(await tokensOfState(), after);
        assert.equal(await guarded.on("w1", "docker ps -q --no-trunc"), tasks);
        // What the last run printed comes to the script by a variable, which root alone can read.
        for (const [name, environments] of samples.environments) {
            const rest = environments.flatMap((variables) =>
                variables.filter(
                    (variable) => name !== "m1" || !variable.startsWith("PULUMI_COMMAND_STDOUT="),
                ),
            );
            assert.deepEqual(searched(rest.join("\0"), secretsIn(`${before} ${after}`)), [], name);
        }
        guarded.stack.set({ workers: "w[1:2]" });
        await guarded.stack.upOrThrow();
        const more = await healthy(guarded.stack, { ...guarded.wanted, workers: ["w1", "w2"] });
        assert.deepEqual(more.nodes.slice(0, 4), guarded.now.nodes);
        await guarded.clean("what was printed", guarded.stack.log.join("\n"), guarded.now.clusterId);
    });

    test("a rotation whose run was stopped before it could say so is read, and not made again", async () => {
        await guarded.on(
            "m1",
            "docker swarm join-token --rotate -q worker; docker swarm join-token --rotate -q manager",
        );
        const rotated = await tokensOf("m1");
        guarded.stack.set({ tokenRotation: 2, workers: "w1" });
        await guarded.stack.upOrThrow();
        assert.equal(await tokensOf("m1"), rotated);
        assert.equal(await tokensOfState(), rotated);
        assert.deepEqual(await healthy(guarded.stack, { ...guarded.wanted, settled: true }), guarded.now);
    });

    const unlockKey = async () => {
        const had = guarded.stack.log.length;
        const { text } = await guarded.stack.pulumi(["stack", "output", "unlockKey", "--show-secrets"]);
        guarded.stack.log.length = had;
        return text.trim();
    };

    test("autolock: the key is a secret output; a manager that was rebooted is locked, and a join unlocks it", async () => {
        await guarded.on("m1", "echo kept | docker config create kept -");
        guarded.stack.set({ autolock: true });
        await guarded.stack.upOrThrow();
        assert.match(await unlockKey(), /^SWMKEY-1-/);
        assert.equal(await unlockKey(), await guarded.on("m3", "docker swarm unlock-key -q"));
        await guarded.reboot("m2");
        assert.equal(await guarded.on("m2", SWARM_STATE), "locked");
        await guarded.stack.upOrThrow(["--replace", "**:Command::m2-join"]);
        assert.equal(await guarded.on("m2", SWARM_STATE), "active");
    });

    test("autolock: a rotation renews the key, and one who was away meanwhile is unlocked with the former one", async () => {
        const before = await unlockKey();
        await guarded.on("m3", "lab-service docker stop");
        await untilInDroplet(guarded.droplet("m1"), "docker node ls", /m3 .*Unreachable/);
        guarded.stack.set({ tokenRotation: 3 });
        // It is away, so its join has nobody to ask; the rotation comes before.
        const ran = await guarded.stack.up(["--target", "**:Command::swarm"]);
        assert.equal(ran.status, 0, ran.text);
        assert.notEqual(await unlockKey(), before);
        await guarded.on("m3", "lab-service docker start");
        await untilInDroplet(guarded.droplet("m3"), SWARM_STATE, /^locked$/);
        await guarded.stack.upOrThrow();
        assert.deepEqual(await healthy(guarded.stack, guarded.wanted), guarded.now);
        await guarded.clean("what was printed", guarded.stack.log.join("\n"), guarded.now.clusterId);
    });

    test("autolock, off again while the seed is locked: unlocked, nothing lost, no manager is locked from then on", async () => {
        await guarded.reboot("m1");
        assert.equal(await guarded.on("m1", SWARM_STATE), "locked");
        guarded.stack.set({ autolock: false });
        await guarded.stack.upOrThrow();
        assert.equal(await unlockKey(), "");
        assert.deepEqual(await healthy(guarded.stack, { ...guarded.wanted, settled: true }), guarded.now);
        assert.match(await guarded.on("m1", "docker config ls --format '{{.Name}}'"), /^kept$/m);
        await guarded.reboot("m2");
        await untilInDroplet(guarded.droplet("m2"), SWARM_STATE, /^active$/);
        await guarded.clean("what was printed", guarded.stack.log.join("\n"), guarded.now.clusterId);
        await guarded.clean("the exported state", await guarded.stack.export(), guarded.now.clusterId);
    });

    test("another deploy key and another host key: all nodes are rolled, in the same cluster", async () => {
        const before = await guarded.secrets();
        await guarded.stack.upOrThrow([
            "--replace",
            "**:PrivateKey::deploy",
            "--replace",
            "**:PrivateKey::w1-host",
        ]);
        const after = await healthy(guarded.stack, { ...guarded.wanted, settled: true });
        assert.equal(after.clusterId, guarded.now.clusterId);
        const droplets = (outputs: Outputs) => outputs.nodes.map(({ dropletId }) => dropletId);
        const kept = droplets(after).filter((id) => droplets(guarded.now).includes(id));
        assert.deepEqual(kept, []);
        guarded.now = after;
        const privateKeys = (secrets: readonly Secret[]) =>
            secrets.filter(({ kind }) => kind === "a private key").map(({ text }) => text);
        const now = privateKeys(await guarded.secrets());
        assert.equal(privateKeys(before).filter((key) => !now.includes(key)).length, 2);
        await guarded.clean("what was printed", guarded.stack.log.join("\n"), guarded.now.clusterId);
    });
}
