/** What a preview says of join tokens and autolock, from the very lines that the program sends to the script. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyChanges, keyParts, keySteps } from "../../cli/plan/keys.ts";
import { readPreview } from "../../cli/plan/preview.ts";
import { plainText } from "../../cli/plan/words.ts";
import { payload } from "../../components/remote.ts";
import type { Line } from "../../model/scriptInput.ts";

const URN = "urn:pulumi:dev::swarm::swarm:index:Swarm$command:remote:Command::swarm";

/** A preview in which the `swarm` command reads other lines than before. */
function preview(before: readonly Line[], after: readonly Line[], op = "update") {
    const state = (lines: readonly Line[]) => ({
        urn: URN,
        type: "command:remote:Command",
        inputs: { stdin: payload("swarm", [["node", "node1"], ...lines]) },
    });
    const config = { "swarm:managers": "node1", "swarm:image": "i", "swarm:size": "s-1vcpu-1gb" };
    const steps = [{ op, urn: URN, oldState: state(before), newState: state(after) }];
    return readPreview(JSON.stringify({ config, steps }), "made up");
}

const lines = (rotation: number, autolock: boolean): Line[] => [
    ["rotation", rotation],
    ["autolock", `${autolock}`],
];
const rotated = "join tokens are rotated, and the unlock key, if there is one; who is in stays in";
const locked =
    "managers wait for the unlock key from now on when their Docker starts; it is the output unlockKey";

const cases: {
    what: string;
    before: Line[];
    after: Line[];
    op?: string;
    parts: string[];
    steps: string[];
}[] = [
    { what: "something else", before: lines(1, true), after: lines(1, true), parts: [], steps: [] },
    {
        what: "another number",
        before: lines(1, false),
        after: lines(2, false),
        parts: ["the join tokens are rotated"],
        steps: [rotated],
    },
    {
        what: "a first number, in a stack that had none",
        before: [],
        after: lines(1, false),
        parts: ["the join tokens are rotated"],
        steps: [rotated],
    },
    {
        what: "the defaults, in a stack that had none",
        before: [],
        after: lines(0, false),
        parts: [],
        steps: [],
    },
    {
        what: "autolock",
        before: lines(0, false),
        after: lines(0, true),
        parts: ["autolock is switched on"],
        steps: [locked],
    },
    {
        what: "both back",
        before: lines(3, true),
        after: lines(0, false),
        parts: ["the join tokens are rotated", "autolock is switched off"],
        steps: [rotated, "managers start without a key again"],
    },
    {
        what: "a new swarm",
        before: lines(1, true),
        after: lines(2, false),
        op: "replace",
        parts: [],
        steps: [],
    },
];
for (const { what, before, after, op, parts, steps } of cases) {
    test(`${what}: ${parts.join(", ") || "nothing"}`, () => {
        const changes = keyChanges(preview(before, after, op));
        assert.deepEqual(keyParts(changes).map(plainText), parts);
        assert.deepEqual(keySteps(changes).map(plainText), steps);
    });
}
