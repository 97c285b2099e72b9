/** Labels of nodes that the config gives them: set with what opens a node, taken back, and never anybody else's. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import {
    answer,
    assertDone,
    joined,
    leader,
    roster,
    settled,
    wantManager,
    wantWorker,
    worker,
} from "./fakeSwarm.ts";

const wanted: Line[] = [wantManager("m1", "node1"), wantWorker("n2", "node2")];
const gives = (...labels: readonly string[]) => labels.map((label): Line => ["label", `n2 ${label}`]);

/** Of node2: what it has, what the config gives it, what is changed, what it has then. */
const rows: readonly (readonly [string, readonly string[], readonly string[], string, readonly string[]])[] =
    [
        [
            "new ones",
            [],
            ["disk=ssd", "zone=a"],
            "--label-add disk=ssd --label-add zone=a --label-add swarm.labels=disk,zone",
            ["disk=ssd", "zone=a", "swarm.labels=disk,zone"],
        ],
        ["the same", ["disk=ssd", "swarm.labels=disk"], ["disk=ssd"], "", ["disk=ssd", "swarm.labels=disk"]],
        [
            "another value",
            ["disk=hdd", "swarm.labels=disk"],
            ["disk=ssd"],
            "--label-add disk=ssd",
            ["swarm.labels=disk", "disk=ssd"],
        ],
        [
            "one less, beside one that somebody has set by hand",
            ["disk=ssd", "hand=x", "zone=a", "swarm.labels=disk,zone"],
            ["zone=a"],
            "--label-rm disk --label-add swarm.labels=zone",
            ["hand=x", "zone=a", "swarm.labels=zone"],
        ],
        [
            "none any more, one of which somebody has removed",
            ["zone=a", "swarm.labels=disk,zone"],
            [],
            "--label-rm zone --label-rm swarm.labels",
            [],
        ],
        [
            "one that somebody had set by hand is the config's from then on",
            ["zone=a"],
            ["zone=a"],
            "--label-add swarm.labels=zone",
            ["zone=a", "swarm.labels=zone"],
        ],
        [
            "that a drain was on purpose, once it is over",
            ["swarm.drained=yes"],
            [],
            "--label-rm swarm.drained",
            [],
        ],
    ];

describe("labels of a member", () => {
    for (const [what, has, given, changes, then] of rows) {
        test(what, async () => {
            const labels = ["m1 other=1", ...has.map((label) => `n2 ${label}`)];
            const run = await roster({ members: [leader("m1", "node1"), worker("n2", "node2")], labels }, [
                ...wanted,
                ...gives(...given),
            ]);
            assertDone(run, {
                stdout: answer(2),
                changes: changes === "" ? [] : [settled("n2", "node2", "worker", "active", changes)],
            });
            const left = ["m1 other=1", ...then.map((label) => `n2 ${label}`)];
            assert.equal(run.files.labels, left.map((line) => `${line}\n`).join(""));
        });
    }

    test("are there in the same step that opens a new member to tasks", async () => {
        const run = await roster({ members: [leader("m1", "node1"), joined("n2", "node2")] }, [
            ...wanted,
            ...gives("zone=a"),
        ]);
        const changes = "--label-add zone=a --label-add swarm.labels=zone";
        assertDone(run, {
            stdout: answer(2),
            changes: [settled("n2", "node2", "worker", "active", changes)],
        });
    });
});
