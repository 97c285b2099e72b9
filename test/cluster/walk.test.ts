/**
 * A random walk through the shapes that a cluster can have: counts, names, roles, images, sizes, replicas, losses and
 * interruptions. After each step the cluster is healthy, or the walk has found a fault; then it says how to take it
 * again. More walks, and longer ones: `make test-long`.
 */
import { test } from "node:test";
import { WALK } from "./support/walk.ts";
import { takeWalk } from "./support/walker.ts";

test(`a walk of ${WALK.STEPS} steps, seed ${WALK.SEED}`, () => takeWalk(WALK.SEED, WALK.STEPS));
