/**
 * A random walk through the shapes that a cluster can have: counts, names, roles, images, sizes, replicas, losses and
 * interruptions. After each step the cluster is healthy, or the walk has found a fault; then it says how to take it
 * again. More walks, and longer ones: `make test-long`.
 */
import { test } from "node:test";
import { takeWalk } from "./support/walker.ts";

/** One walk that is the same in each run: a test that fails now and then is of no use to anybody. */
const SEED = 572;
const STEPS = 30;

test(`a walk of ${STEPS} steps, seed ${SEED}`, () => takeWalk(SEED, STEPS));
