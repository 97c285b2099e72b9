/**
 * What is secret stays so, and nodes give away no more than they must: on one stack of three managers and a worker.
 * Everything that a run leaves behind or shows is searched for the real secrets; in each place something that has to be
 * there is looked for as well, so that a search of the wrong place fails. What may stand where is said in
 * docs/security.md.
 */
import { after, before, describe } from "node:test";
import { keyTests } from "./secrets/keys.ts";
import { nodeTests } from "./secrets/nodes.ts";
import { walkTests } from "./secrets/walk.ts";
import { Guarded } from "./support/guarded.ts";

describe("secrets and hardening", () => {
    const guarded = new Guarded();
    before(() => guarded.up());
    after(() => guarded.down());

    walkTests(guarded);
    nodeTests(guarded);
    keyTests(guarded);
});
