/** What is said of a node that was asked as a manager and is none. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Access } from "../../cli/access.ts";
import { askManagers, NotManager, refuseNonManager } from "../../cli/managers.ts";
import { sources } from "./recordings.ts";

const [node] = sources("healthy").state.nodes;
const startedAgain = "its node was started again, which Docker calls an error until the engine is restarted";

for (const [what, state, id, error, text] of [
    ["a worker", "active", "abc123", "", "it is a worker"],
    [`a worker: ${startedAgain}`, "error", "abc123", "", "it is a worker"],
    ["in no swarm", "inactive", "", "", "it is in no swarm (inactive)"],
    ["about to be started again", "error", "", "", "it is in no swarm (error)"],
    [
        "locked",
        "locked",
        "",
        "",
        "it is LOCKED since its engine was started again (swarm:autolock); unlock it: pulumi stack output unlockKey " +
            "--show-secrets | swarm ssh node1 -- docker swarm unlock",
    ],
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

describe("after a hand-over of managers that was interrupted", () => {
    const { state } = sources("healthy");
    const access = { state, files: {} } as unknown as Access;
    const away = () => new Error("no SSH");
    /** Whom the managers on record, all of them gone, are asked after. */
    const asking = async (answers: (node: string) => string | Error) => {
        const asked: string[] = [];
        const found = await askManagers(access, async ({ name }) => {
            asked.push(name);
            const answer = answers(name);
            if (answer instanceof Error) throw answer;
            return answer;
        }).catch((error: Error) => error.message);
        return { asked, found };
    };

    test("a manager that the state has as a worker is found", async () => {
        const { asked, found } = await asking((node) => (node === "node4" ? "here" : away()));
        assert.deepEqual(asked, ["node1", "node2", "node3", "node4"]);
        assert.equal(found, "here");
    });

    test("what a worker knows of its managers comes first, and of the other workers nobody is asked then", async () => {
        const nodes = [
            ...state.nodes,
            ...["5", "6", "7"].map((number) => ({
                ...(state.nodes[3] as (typeof state.nodes)[number]),
                name: `node${number}`,
                privateIp: `10.144.0.1${number}`,
            })),
        ];
        const asked: string[] = [];
        const found = await askManagers({ ...access, state: { ...state, nodes } }, async ({ name }) => {
            asked.push(name);
            if (name === "node7") return "here";
            throw name === "node4" ? new NotManager("node4: it is a worker", ["10.144.0.17"]) : away();
        });
        assert.deepEqual([asked, found], [["node1", "node2", "node3", "node4", "node7"], "here"]);
    });

    test("nobody: the reasons are those of the managers on record", async () => {
        const { found } = await asking(
            (node) => new NotManager(`${node}: it is a worker`, ["10.144.0.4:2377"]),
        );
        assert.equal(
            found,
            "none of the 3 managers can be reached: node1: it is a worker; node2: it is a worker; node3: it is a worker. See: cli/bin/swarm doctor",
        );
    });
});
