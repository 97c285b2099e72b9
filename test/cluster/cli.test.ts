/**
 * The swarm command on a cluster of three managers and a worker: as it is when all is well, for a second person who
 * has the state alone, where it goes to tasks and images, with a wrong host key, with nodes down, without a leader, and without a quorum.
 *
 * One cluster serves all of them, in this order.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { brokenTests } from "./cli/broken.ts";
import { healthyTests } from "./cli/healthy.ts";
import { reachTests } from "./cli/reach.ts";
import { CliCluster } from "./support/cliCluster.ts";

describe("the swarm command", () => {
    const cluster = new CliCluster();
    before(() => cluster.up());
    after(() => cluster.down());

    healthyTests(cluster);
    reachTests(cluster);
    brokenTests(cluster);

    test("no secret was printed", () => {
        const text = cluster.swarm.log.join("\n");
        assert.doesNotMatch(text, /PRIVATE KEY|SWMTKN-/);
        assert.doesNotMatch(text, new RegExp(cluster.swarm.env.DIGITALOCEAN_TOKEN as string));
    });

    test("after destroy: not up, and orphans are still looked for", async () => {
        await cluster.stack.destroyOrThrow();
        const status = await cluster.swarm.run(["status"]);
        assert.deepEqual(
            [status.status, status.err],
            [3, `swarm: the stack "${cluster.stack.name}" is not up: it has no nodes; say: pulumi up\n`],
        );
        const orphans = await cluster.swarm.run(["orphans"]);
        assert.deepEqual(
            [orphans.status, orphans.out],
            [
                0,
                `The state of the stack "${cluster.stack.name}" has no mark, so the stack has made nothing yet, or all of it is destroyed.\n`,
            ],
        );
        const doctor = await cluster.swarm.run(["doctor"]);
        assert.equal(doctor.status, 0, doctor.out);
        assert.match(doctor.out, /^warn +nodes +the stack is not up/m);
    });
});
