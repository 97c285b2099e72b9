/**
 * Random walks of a service's changes, by hand: `make test-long` takes seeds that nobody has had before, and
 * `SERVICE_WALK_SEEDS=3,4 SERVICE_WALK_STEPS=100 make test-long` those that are named.
 */
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import { TestLab } from "../droplets/support/lab.ts";
import { OneManager } from "../droplets/support/oneManager.ts";
import { prepare, takeServiceWalk } from "../droplets/support/serviceWalk.ts";
import { number, numbers } from "./variables.ts";

const seeds = numbers("SERVICE_WALK_SEEDS", `${randomInt(1_000_000_000)}`);
const steps = number("SERVICE_WALK_STEPS", 200);

const lab = new TestLab("service-walks", 2);
const manager = new OneManager(lab);

before(async () => {
    await manager.start();
    await prepare(manager);
});
after(() => lab.remove());

for (const seed of seeds)
    test(`a walk of ${steps} changes, seed ${seed}`, () => takeServiceWalk(manager, seed, steps));
