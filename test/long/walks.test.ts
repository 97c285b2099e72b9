/**
 * Random walks, each night and by hand: `make test-long` takes seeds that nobody has had before, and
 * `WALK_SEEDS=3,4,5 WALK_STEPS=40 make test-long` those that are named. A fault that one of them finds becomes a named
 * test of its own.
 */
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { takeWalk } from "../cluster/support/walker.ts";

const seeds = process.env.WALK_SEEDS
    ? numbers("WALK_SEEDS", process.env.WALK_SEEDS)
    : Array.from({ length: number("WALK_COUNT", "3") }, () => randomInt(1_000_000_000));
const steps = number("WALK_STEPS", "40");

for (const seed of seeds) test(`a walk of ${steps} steps, seed ${seed}`, () => takeWalk(seed, steps));

function numbers(variable: string, text: string): number[] {
    if (!/^\d{1,9}(,\d{1,9})*$/.test(text))
        throw new Error(`${variable} is "${text}"; it must be whole numbers, separated by commas`);
    return text.split(",").map(Number);
}

function number(variable: string, otherwise: string): number {
    const [value = 0, ...more] = numbers(variable, process.env[variable] || otherwise);
    if (value < 1 || more.length > 0)
        throw new Error(`${variable} is "${process.env[variable]}"; it must be one number, 1 or more`);
    return value;
}
