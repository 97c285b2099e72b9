/**
 * Random walks by hand: seeds and steps from the environment, as `WALK_SEEDS=3,4,5 WALK_STEPS=40 make test-long`.
 * A fault that one of them finds becomes a named test of its own.
 */
import { test } from "node:test";
import { takeWalk } from "../cluster/support/walker.ts";

const seeds = (process.env.WALK_SEEDS || "1,2,3").split(",").map(Number);
const steps = Number(process.env.WALK_STEPS || 40);

for (const seed of seeds) test(`a walk of ${steps} steps, seed ${seed}`, () => takeWalk(seed, steps));
