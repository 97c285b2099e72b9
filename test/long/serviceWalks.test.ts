/**
 * Random walks of a service's changes, by hand: `make test-long` takes seeds that nobody has had before, and
 * `SERVICE_WALK_SEEDS=3,4 SERVICE_WALK_STEPS=100 make test-long` those that are named.
 */
import { randomInt } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { TestLab } from "../droplets/support/lab.ts";
import { OneManager } from "../droplets/support/oneManager.ts";
import { prepare, takeServiceWalk } from "../droplets/support/serviceWalk.ts";
import { number, numbers } from "./variables.ts";

const seeds = numbers("SERVICE_WALK_SEEDS", [0, 1, 2, 3].map(() => randomInt(1_000_000_000)).join());
const steps = number("SERVICE_WALK_STEPS", 50);

const lab = new TestLab("service-walks", 5);

before(() => lab.start());
after(() => lab.remove());

// Much of a step is waiting.
describe("service walks", { concurrency: 4 }, () => {
    for (const [index, seed] of seeds.entries())
        test(`a walk of ${steps} changes, seed ${seed}`, async () => {
            const manager = new OneManager(lab, index + 1);
            await manager.start();
            await prepare(manager);
            await takeServiceWalk(manager, seed, steps);
        });
});
