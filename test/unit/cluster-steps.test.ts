/** How the tests of interruptions read the engine's display. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { atMoment, stepOf } from "../cluster/support/steps.ts";

const lines: [line: string, step: string | undefined][] = [
    [" +  digitalocean:index:Droplet b1 creating (0s) ", "creating Droplet b1"],
    [" +  digitalocean:index:Droplet b1 created (0.99s) ", "created Droplet b1"],
    [
        " ++ digitalocean:index:Droplet c1 creating replacement (0s) [diff: ~image]",
        "creating replacement Droplet c1",
    ],
    [" +- digitalocean:index:Droplet c1 replaced (0.00s) [diff: ~image]", "replaced Droplet c1"],
    [
        " -- command:remote:Command c1-join deleted original (0.02s) [diff: ~stdin,triggers]",
        "deleted original Command c1-join",
    ],
    [" ~  command:remote:Command roster updating (0s) [diff: ~stdin]", "updating Command roster"],
    [" -  tls:index:PrivateKey d1-host deleting (0s) ", "deleting PrivateKey d1-host"],
    [
        ' ~  command:remote:Command nginx **updating failed** [diff: ~stdin]; error: exit 1: running "x":',
        "updating failed Command nginx",
    ],
    [" +  digitalocean:index:Droplet w1 **creating failed** error: 500", "creating failed Droplet w1"],
    [" +  pulumi:pulumi:Stack lab **creating failed (7s)** 1 error", "creating failed Stack lab"],
    [" ~  command:remote:Command roster updating (5s) [diff: ~stdin]; waiting for the tasks", undefined],
    ["@ updating.....", undefined],
    ["    pulumi:pulumi:Stack swarm-lab running error: update failed", undefined],
    ["    + 3 created", undefined],
    ["", undefined],
];
for (const [line, step] of lines) {
    test(`the step of ${JSON.stringify(line)} is ${step}`, () => {
        assert.equal(stepOf(line), step);
    });
}

test("a moment comes once: by number of the step, by the step's text, by what a step says", () => {
    const hits = (moment: Parameters<typeof atMoment>[0]) => {
        const come = atMoment(moment);
        return lines.flatMap(([line], index) => (come(line) ? [index] : []));
    };
    assert.deepEqual(hits(1), [0]);
    assert.deepEqual(hits(3), [2]);
    assert.deepEqual(hits(100), []);
    assert.deepEqual(hits(/^creating/), [0]);
    assert.deepEqual(hits(/^updating Command roster/), [5]);
    assert.deepEqual(hits(/waiting for the tasks/), [10]);
});
