/**
 * What people do to a swarm by hand, on a cluster of a manager and two workers: the preview names exactly that and
 * updates exactly what it concerns, `swarm status` and `swarm wait` say it and end with their status, `pulumi up`, which
 * they advise, mends it, and then there is nothing left to do.
 *
 * One cluster serves all of them, in this order.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inDroplet } from "./support/cloud.ts";
import { LabStack, type Outputs } from "./support/stack.ts";

const HEADER = "Swarm and config differ; pulumi up makes the swarm what the config says:";
const sleeper = { image: "busybox", args: ["sleep", "100000"], stopGracePeriod: "0s" };
const config = {
    managers: "d1",
    workers: "d[2:3]",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.133.0.0/24",
    services: {
        gone: sleeper,
        scaled: { ...sleeper, replicas: 2 },
        other: sleeper,
        bare: { ...sleeper, labels: { team: "web" } },
        owned: sleeper,
    },
};

describe("changes by hand", () => {
    let stack: LabStack;
    let outputs: Outputs;
    before(async () => {
        stack = await LabStack.make("drift", config);
        const up = await stack.pulumi(["up", "--yes"]);
        assert.equal(up.status, 0, up.text);
        // There was no swarm to look at: of all of them, and once, by the preview.
        assert.deepEqual(worthAThought(up.text), Object.keys(config.services).sort());
        outputs = await stack.outputs();
    });
    after(() => stack?.remove());

    const node = (name: string) => {
        const found = outputs.nodes.find((candidate) => candidate.name === name);
        assert.ok(found, `there is no ${name}`);
        return found;
    };
    /** Commands of docker's on the manager, one after another. */
    const docker = (...commands: readonly string[]) =>
        inDroplet(node("d1").dropletId, commands.map((command) => `docker ${command}`).join(" && "));

    interface Health {
        readonly status: number;
        readonly verdict: string;
        readonly reasons: readonly string[];
        readonly notes: readonly string[];
        readonly drift: readonly { readonly text: string; readonly remedy?: string }[];
    }
    async function health(): Promise<Health> {
        const { text, status } = await stack.swarm(["status", "--json"]);
        const found = JSON.parse(text) as Health;
        assert.equal(status, found.status, text);
        return found;
    }

    /** All that is to be seen of it; then the one remedy that all of it has. */
    async function showsAndIsMended(steps: readonly string[], differences: readonly string[]): Promise<void> {
        const { steps: planned, warnings } = await stack.plan();
        const said = warnings.find((text) => text.startsWith(HEADER)) ?? "";
        assert.deepEqual(
            said.trim().split("\n").slice(1),
            differences.map((text) => `  - ${text}`),
        );
        // Of the services that this concerns, and of no other.
        assert.deepEqual(
            worthAThought(warnings.join("\n")),
            Object.keys(config.services)
                .filter((name) => differences.some((text) => text.startsWith(`${name}: `)))
                .sort(),
        );
        assert.deepEqual(planned.sort(), steps);

        const found = await health();
        assert.deepEqual([found.status, found.verdict], [1, "degraded"]);
        const ofStack = differences.map((text) => text.replaceAll("in the config", "in the stack"));
        assert.deepEqual(
            found.drift.map(({ text, remedy }) => [text, remedy]),
            ofStack.map((text) => [text, "pulumi up"]),
        );
        for (const text of ofStack) assert.ok(found.reasons.includes(`${text}; pulumi up`), text);
        const waited = await stack.swarm(["wait", "--timeout", "0"]);
        assert.equal(waited.status, 1, waited.text);
        assert.ok(waited.text.includes(`${ofStack[0]}; pulumi up`), waited.text);
        const doctor = await stack.swarm(["doctor", "--json"]);
        const { checks } = JSON.parse(doctor.text) as {
            checks: { name: string; level: string; text: string }[];
        };
        assert.equal(doctor.status, 1);
        assert.deepEqual(
            checks.filter(({ name }) => name === "swarm").map(({ level, text }) => [level, text]),
            ofStack.map((text) => ["fail", text]),
        );

        await stack.upOrThrow();
        await isWell();
    }

    async function isWell(): Promise<void> {
        const { text, status } = await stack.swarm(["wait", "--timeout", "60"]);
        assert.deepEqual([status, text], [0, ""]);
        assert.deepEqual((await health()).drift, []);
        assert.deepEqual(await stack.preview(), []);
    }

    test("nothing was done, and nothing is found", async () => {
        await isWell();
        assert.deepEqual(worthAThought((await stack.pulumi(["preview"])).text), []);
    });

    test("services removed, scaled, with another image, without a label, without the stack's own", async () => {
        await docker(
            "service rm gone",
            "service scale --detach scaled=5",
            "service update --detach --image nginx other",
            "service update --detach --label-rm team bare",
            "service update --detach --label-rm swarm.stack owned",
        );
        await showsAndIsMended(
            ["update bare", "update gone", "update other", "update owned", "update scaled"],
            [
                "bare: label team is not in the swarm",
                "gone: there is no such service in the swarm",
                "other: image is nginx in the swarm, busybox in the config",
                "owned: it lacks its label swarm.stack",
                "scaled: 5 replicas in the swarm, 2 in the config",
            ],
        );
        assert.equal(
            await docker("service ls --format '{{.Name}} {{.Replicas}}' | sort"),
            "bare 1/1\ngone 1/1\nother 1/1\nowned 1/1\nscaled 2/2",
        );
    });

    test("a worker promoted, another one drained and without its label", async () => {
        const { nodeId } = node("d3");
        await docker(
            `node promote ${node("d2").nodeId}`,
            `node update --availability drain --label-rm swarm.node ${nodeId}`,
        );
        await showsAndIsMended(
            ["update roster"],
            [
                "d2 is a manager in the swarm, a worker in the config",
                "d3 is in availability drain in the swarm, active in the config",
                "d3 lacks its label swarm.node",
            ],
        );
        const { stack: label } = await stack.names();
        assert.equal(
            await docker(
                `node inspect --format '{{.Spec.Role}} {{.Spec.Availability}} {{json .Spec.Labels}}' ${node("d2").nodeId} ${nodeId}`,
            ),
            ["d2", "d3"]
                .map((name) => `worker active {"swarm.node":"${name}","swarm.stack":"${label}"}`)
                .join("\n"),
        );
    });

    test("a worker removed from the swarm, whose own engine still takes itself for a member", async () => {
        const { nodeId } = node("d2");
        await docker(`node rm --force ${nodeId}`);
        await showsAndIsMended(["update d2-join", "update roster"], ["d2 is no member of the swarm"]);
        outputs = await stack.outputs();
        assert.notEqual(node("d2").nodeId, nodeId);
    });

    test("an update that has stopped: the config taken back, its up mends it", async () => {
        const changed = { ...sleeper, image: "busybox:nope", timeout: 20 };
        stack.set({ services: { ...config.services, other: changed } });
        assert.notEqual((await stack.up()).status, 0);
        stack.configure(config);
        await showsAndIsMended(
            ["update other"],
            ["other: image is busybox:nope in the swarm, busybox in the config"],
        );
    });

    test("an update that was rolled back: worth a note, and healthy", async () => {
        const update = { failureAction: "rollback", monitor: "1s" };
        const rolledBack = { ...config.services, other: { ...sleeper, update } };
        stack.set({ services: rolledBack });
        await stack.upOrThrow();
        stack.set({ services: { ...rolledBack, other: { ...sleeper, update, args: ["false"] } } });
        assert.notEqual((await stack.up()).status, 0);
        stack.set({ services: rolledBack });
        await stack.upOrThrow();
        // The failed up has not waited for the end of the way back.
        assert.equal((await stack.swarm(["wait", "--timeout", "60"])).status, 0);
        await isWell();
        assert.deepEqual((await health()).notes, ["the last update of other was rolled back"]);
    });
});

/** The services that a preview warns of, whose image goes by no tag. */
function worthAThought(text: string): string[] {
    return [...text.matchAll(/^ +- (\w+): its image busybox goes by no tag/gm)].map(([, name = ""]) => name);
}
