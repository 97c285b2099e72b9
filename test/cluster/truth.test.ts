/**
 * What the swarm is decides: a run that failed or was killed, and whose change is then taken back, leaves nothing that a
 * plain `up` would not mend; a service that is broken for good stops nobody from changing nodes; values arrive in real
 * containers as the config has them.
 *
 * One cluster of a manager and three workers serves all of it, in this order.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { droplets, inDroplet, untilInDroplet } from "./support/cloud.ts";
import { interrupted } from "./support/interrupt.ts";
import { LabStack, type Outputs } from "./support/stack.ts";

const sleeper = { image: "busybox", args: ["sleep", "100000"], stopGracePeriod: "0s" };
/** No node has the image: an update to it stops at once. */
const broken = { ...sleeper, image: "busybox:nope", timeout: 20 };
const ends = (script: string) => ({ ...sleeper, args: ["sh", "-c", script], restart: { condition: "none" } });

const values = {
    LINES: "first\n  second\n\nfourth, with 'quotes' and \"others\" and $HOME\n",
    // The engine hands the whole config to the program in one variable, of which Linux takes 128 KiB.
    LONG: "x".repeat(120_000),
    GROUPS: "g",
    RANDOM: "r",
    LINENO: "l",
    IFS: "-",
};

const services = {
    a: sleeper,
    b: sleeper,
    once: ends("exit 0"),
    values: { ...sleeper, env: values, constraints: ["node.role==manager"] },
};
const config = {
    managers: "m1",
    workers: "beta[01:03]",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.152.0.0/20",
    services,
};

describe("state against swarm", () => {
    let stack: LabStack;
    let outputs: Outputs;
    before(async () => {
        stack = await LabStack.make("truth", config);
        await stack.upOrThrow();
        outputs = await stack.outputs();
    });
    after(() => stack?.remove());

    const idOf = (name: string): string => {
        const found = outputs.nodes.find((node) => node.name === name);
        assert.ok(found, `there is no ${name}`);
        return found.dropletId;
    };
    const onManager = (command: string) => inDroplet(idOf("m1"), command);
    const members = async () =>
        (
            await onManager(
                `docker node inspect --format '{{.Description.Hostname}} {{.Status.State}} {{.Spec.Availability}}' $(docker node ls -q) | sort`,
            )
        ).trim();
    const ALL = ["beta01", "beta02", "beta03", "m1"].map((name) => `${name} ready active`).join("\n");
    const imageOf = async (service: string) =>
        (
            await onManager(
                `docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' ${service}`,
            )
        )
            .trim()
            .replace(/@.*/, "");
    const dropletNames = async () =>
        (await droplets((await stack.names()).tags.all)).map(({ name }) => name).sort();

    /** One plain up makes the swarm what the config says, on the droplets that were there, and then there is nothing to do. */
    async function isMended(): Promise<void> {
        const had = outputs.nodes.map(({ name, dropletId }) => [name, dropletId]);
        await stack.upOrThrow();
        assert.equal(await members(), ALL);
        assert.deepEqual(await stack.preview(), []);
        outputs = await stack.outputs();
        assert.deepEqual(
            outputs.nodes.map(({ name, dropletId }) => [name, dropletId]),
            had,
        );
    }

    test("values of several lines, of any length, and under the shell's own names arrive", async () => {
        const container = "$(docker ps -q --filter label=com.docker.swarm.service.name=values)";
        const environment = await onManager(`docker exec ${container} cat /proc/1/environ`);
        const arrived = new Map(
            environment.split("\0").map((line) => {
                const at = line.indexOf("=");
                return [line.slice(0, at), line.slice(at + 1)];
            }),
        );
        for (const [name, value] of Object.entries(values)) {
            assert.ok(arrived.get(name) === value, `${name} is ${arrived.get(name)?.slice(0, 100)}`);
        }
        assert.deepEqual(await stack.preview(), []);
    });

    test("a service that is meant to end, and fails, says so at once; a saved plan mends it", async () => {
        stack.set({ services: { ...services, once: ends("echo the cause; exit 7") } });
        const failed = await stack.up();
        assert.notEqual(failed.status, 0);
        assert.match(failed.text, /service once: a task has failed, and its restart condition is none/);
        assert.match(
            failed.text,
            /the task once\.\S+ on \S+ failed with exit status 7, and wrote at last:\s+the cause/,
        );
        assert.ok(failed.seconds < 30, `${failed.seconds} s`);

        stack.configure(config);
        const plan = path.join(tmpdir(), `${stack.name}-${process.pid}.json`);
        try {
            const preview = await stack.pulumi(["preview", "--save-plan", plan]);
            assert.equal(preview.status, 0, preview.text);
            assert.match(preview.text, /- once: args /);
            await stack.upOrThrow(["--plan", plan]);
        } finally {
            rmSync(plan, { force: true });
        }
        await isMended();
    });

    test("a scale-in whose run is killed in the roster, taken back", async () => {
        stack.set({ workers: "beta01" });
        const ran = await interrupted(stack, ["up", "--yes", "--skip-preview"], {
            kind: "kill CLI",
            at: /roster updating .*emptying beta03/,
        });
        assert.ok(ran.hit, ran.text);
        assert.notEqual(await members(), ALL);
        const cancelled = await stack.pulumi(["cancel", "--yes"]);
        assert.equal(cancelled.status, 0, cancelled.text);
        stack.configure(config);
        const preview = await stack.pulumi(["preview", "--diff"]);
        assert.match(preview.text, /- beta02 is no member of the swarm/);
        await isMended();
    });

    test("a scale-in that has removed its members when two services fail, taken back", async () => {
        stack.set({ workers: "beta01", services: { ...services, a: broken, b: broken } });
        const failed = await stack.up();
        assert.notEqual(failed.status, 0);
        assert.equal(await members(), "beta01 ready active\nm1 ready active");
        assert.deepEqual(await dropletNames(), ["beta01", "beta02", "beta03", "m1"]);
        const stay = ["beta02", "beta03"].map((name) => `the droplet ${idOf(name)} of ${name}`).join(", ");
        assert.ok(failed.text.includes(`deletes nothing: ${stay} stay`), failed.text);
        assert.match(failed.text, /pulumi up --continue-on-error/);

        stack.configure(config);
        const target = await stack.upOrThrow(["--target", "**:Command::a"]);
        assert.match(target.text, /- b: image is busybox:nope in the swarm, busybox in the config/);
        assert.deepEqual([await imageOf("a"), await imageOf("b")], ["busybox:latest", "busybox:nope"]);
        await isMended();
        assert.equal(await imageOf("b"), "busybox:latest");
    });

    test("where nobody can be asked there is one sentence, in time, and no diff", async () => {
        await onManager("kill -STOP $(cat /run/sshd.pid)");
        try {
            const preview = await stack.pulumi(["preview", "--expect-no-changes"]);
            assert.equal(preview.status, 0, preview.text);
            assert.match(preview.text, /The swarm could not be looked at.*m1: no answer in 10 s/);
            assert.ok(preview.seconds < 25, `${preview.seconds} s`);
        } finally {
            await onManager("kill -CONT $(cat /run/sshd.pid)");
        }
    });

    test("where the roster fails, no droplet goes, and the node stays in use", async () => {
        await onManager(
            "docker service create --detach --name foreign --stop-grace-period 0s --constraint node.labels.swarm.node==beta03 busybox sleep 100000",
        );
        const runs =
            "docker service ps --filter desired-state=running --format '{{.Node}} {{.CurrentState}}' foreign";
        await untilInDroplet(idOf("m1"), runs, /^beta03 Running/);
        stack.set({ workers: "beta[01:02]" });
        const failed = await stack.up(["--continue-on-error"]);
        assert.notEqual(failed.status, 0);
        assert.match(failed.text, /no suitable node/);
        assert.deepEqual(await dropletNames(), ["beta01", "beta02", "beta03", "m1"]);
        stack.configure(config);
        await isMended();
        await untilInDroplet(idOf("m1"), runs, /^beta03 Running/);
        await onManager("docker service rm foreign");
    });

    test("with services broken for good nodes go all the same, and no error hides another", async () => {
        stack.set({ workers: "beta[01:02]", services: { ...services, a: broken, b: broken } });
        const failed = await stack.up();
        assert.notEqual(failed.status, 0);
        for (const name of ["a", "b"])
            assert.match(failed.text, new RegExp(`service ${name}: its update ended as paused`));
        assert.match(
            failed.text,
            /the droplet \d+ of beta03 stay\. To have them go all the same: pulumi up --continue-on-error/,
        );
        assert.notEqual((await stack.up(["--continue-on-error"])).status, 0);
        assert.deepEqual(await dropletNames(), ["beta01", "beta02", "m1"]);

        stack.set({ services });
        const refreshed = await stack.upOrThrow(["--refresh"]);
        assert.match(refreshed.text, /- a: image is busybox:nope in the swarm, busybox in the config/);
        assert.deepEqual([await imageOf("a"), await imageOf("b")], ["busybox:latest", "busybox:latest"]);
        assert.deepEqual(await stack.preview(), []);
    });
});
