/** What the roster does after `pulumi stack rename`, by which the stack's members and services carry a former name. */
import { test } from "node:test";
import {
    answer,
    assertDone,
    paused,
    roster,
    seenOff,
    settled,
    type World,
    wantManager,
    wantWorker,
} from "./fakeSwarm.ts";

const member = (id: string, name: string, stack: string, role = "worker active ready -") =>
    `${id} ${role} ${stack} ${name} ${stack} ${name}`;
const seed = (stack: string) => member("m1", "node1", stack, "manager drain ready leader");
const said = "this stack was swarm-old before; taking over what carries that name\n";
const relabelled = (service: string) =>
    `service update --detach --label-add swarm.stack=swarm-dev ${service}`;

const world: World = {
    members: [seed("swarm-old"), member("n2", "node2", "swarm-old"), member("n3", "node3", "swarm-old")],
    services: [
        "s1 nginx replicated swarm-old",
        "s2 gone replicated swarm-old",
        "s3 theirs replicated swarm-prod",
    ],
};

test("members and services become the renamed stack's; what it wants no longer goes, and nothing else", async () => {
    const run = await roster(world, [
        wantManager("m1", "node1"),
        wantWorker("n2", "node2"),
        ["service", "nginx"],
    ]);
    assertDone(run, {
        stderr: `${said}removing service gone\nemptying node3 (n3, ready)\nremoving node3 (n3)\n`,
        stdout: answer(2, "n3"),
        changes: [
            relabelled("nginx"),
            relabelled("gone"),
            "node update --label-add swarm.stack=swarm-dev n3",
            "service rm gone",
            settled("m1", "node1", "manager", "drain"),
            settled("n2", "node2", "worker", "active"),
            paused("n3"),
            ...seenOff("n3"),
        ],
    });
});

test("a run that was stopped in between goes on, as long as a member carries the former name", async () => {
    const run = await roster(
        {
            members: [seed("swarm-dev"), member("n2", "node2", "swarm-old")],
            services: ["s1 nginx replicated swarm-old"],
        },
        [wantManager("m1", "node1"), wantWorker("n2", "node2"), ["service", "nginx"]],
    );
    assertDone(run, {
        stderr: said,
        stdout: answer(2),
        changes: [relabelled("nginx"), settled("n2", "node2", "worker", "active")],
    });
});

test("the name of a member that is not wanted is none that the stack had", async () => {
    const run = await roster(
        { members: [seed("swarm-dev"), member("n2", "node2", "swarm-prod")], services: world.services },
        [wantManager("m1", "node1")],
    );
    assertDone(run, {
        stderr: "node2 (n2) is a member that this stack did not make; leaving it alone\n",
        stdout: answer(2, "", "n2"),
        changes: [],
    });
});
