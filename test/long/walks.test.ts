/**
 * Random walks, each night and by hand: `make test-long` takes seeds that nobody has had before, and
 * `WALK_SEEDS=3,4,5 WALK_STEPS=40 make test-long` those that are named. A fault that one of them finds becomes a named
 * test of its own.
 */
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { takeWalk } from "../cluster/support/walker.ts";
import { number, numbers } from "./variables.ts";

const seeds = process.env.WALK_SEEDS
    ? numbers("WALK_SEEDS", "")
    : Array.from({ length: number("WALK_COUNT", 3) }, () => randomInt(1_000_000_000));
const steps = number("WALK_STEPS", 40);

for (const seed of seeds) test(`a walk of ${steps} steps, seed ${seed}`, () => takeWalk(seed, steps));
