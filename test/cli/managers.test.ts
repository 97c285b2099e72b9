/** What is said of a node that was asked as a manager and is none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseNonManager } from "../../cli/managers.ts";
import { sources } from "./recordings.ts";

const [node] = sources("healthy").state.nodes;
const startedAgain = "its node was started again, which Docker calls an error until the engine is restarted";

for (const [what, state, id, error, text] of [
    ["a worker", "active", "abc123", "", "it is a worker"],
    [`a worker: ${startedAgain}`, "error", "abc123", "", "it is a worker"],
    ["in no swarm", "inactive", "", "", "it is in no swarm (inactive)"],
    ["about to be started again", "error", "", "", "it is in no swarm (error)"],
    ["in error", "error", "abc123", "expired", "it is in no swarm (error): expired"],
] as const) {
    test(`a node that is no manager: ${what}`, () => {
        assert.ok(node);
        const Swarm = { NodeID: id, LocalNodeState: state, ControlAvailable: false, Error: error };
        assert.throws(() => refuseNonManager(node, { DockerRootDir: "/var/lib/docker", Swarm }), {
            message: `${node.name}: ${text}`,
        });
    });
}
