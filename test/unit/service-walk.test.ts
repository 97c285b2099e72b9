/** What the walks of services decide, held against the config: such a walk is taken in a lab, each night or by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTAINER_OPTION_NAMES } from "../../model/containerOptions.ts";
import { serviceOf } from "../droplets/support/oneManager.ts";
import { CHOICES, CONFIG, changes } from "../droplets/support/serviceOptions.ts";

const SEEDS = 10;
const STEPS = 50;

test("each change leads to options that the config allows", () => {
    for (let seed = 0; seed < SEEDS; seed += 1)
        for (const { options } of changes(seed, STEPS)) serviceOf("web", options, CONFIG);
});

test("all options that are a field of the spec change, but for two that the lab's node has no room or engine for", () => {
    const left = CONTAINER_OPTION_NAMES.filter((name) => !(name in CHOICES));
    assert.deepEqual(left, ["oomScoreAdj", "genericResources"]);
});
