import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Access } from "../../cli/access.ts";
import type { Droplet } from "../../cli/droplets.ts";
import { CliError } from "../../cli/errors.ts";
import type { StackChoice } from "../../cli/pulumi.ts";
import { type Sources, surveyReader } from "../../cli/reading.ts";
import type { ApiNode, SwarmFacts } from "../../look/facts.ts";

const access = {
    state: {
        name: "lab",
        clusterId: "cluster",
        names: { stack: "swarm-lab", tags: { all: "swarm-lab" } },
        nodes: [{ name: "node1", role: "manager", nodeId: "id1", dropletId: "1", privateIp: "10.120.0.2" }],
        exported: { deployment: { resources: [{ type: "digitalocean:index/droplet:Droplet", id: "1" }] } },
    },
    files: {},
} as unknown as Access;

const member = {
    ID: "id1",
    Spec: { Role: "manager", Availability: "active", Labels: { "swarm.stack": "swarm-lab" } },
    Description: { Hostname: "node1", Engine: { EngineVersion: "26.1.5" } },
    Status: { State: "ready", Addr: "10.120.0.2" },
    ManagerStatus: { Leader: true, Reachability: "reachable" },
} satisfies ApiNode;
const swarm = { info: { Swarm: {} }, nodes: [member], services: [], tasks: [] } as unknown as SwarmFacts;
const droplet = { id: 1, name: "node1", tags: ["swarm-lab"], status: "active" } as unknown as Droplet;

/** A reader with a clock to be turned, and what it has asked for so far. */
function reader(over: Partial<Sources> = {}) {
    const asked: string[] = [];
    const clock = { now: 0 };
    const note = <T>(what: string, answer: T) => {
        asked.push(what);
        return Promise.resolve(answer);
    };
    const survey = surveyReader({
        access: () => note("state", access),
        droplets: () => note("droplets", [droplet]),
        swarm: () => note("swarm", swarm),
        clock: () => clock.now,
        ...over,
    });
    const read = async (choice: StackChoice) => (await survey(choice)).view;
    const take = () => asked.splice(0).join(" ");
    return { read, clock, take };
}

describe("reading one cluster again and again", () => {
    test("the swarm each time, state and droplets every ten seconds", async () => {
        const { read, clock, take } = reader();
        const view = await read({});
        assert.deepEqual(
            view.nodes.map(({ name, state, dropletStatus }) => [name, state, dropletStatus]),
            [["node1", "ready", "active"]],
        );
        assert.equal(take(), "state droplets swarm");
        for (const [now, asked] of [
            [1_000, "swarm"],
            [9_999, "swarm"],
            [10_000, "state droplets swarm"],
            [19_999, "swarm"],
            [20_000, "state droplets swarm"],
        ] as const) {
            clock.now = now;
            assert.equal((await read({})).at, new Date(now).toISOString());
            assert.equal(take(), asked, `at ${now}`);
        }
    });

    for (const [what, over] of [
        ["a droplet that is not there", { droplets: async () => [] }],
        ["a member that is not there", { swarm: async () => ({ ...swarm, nodes: [] }) }],
        [
            "a droplet that nobody knows",
            { droplets: async () => [droplet, { ...droplet, id: 2, name: "node2" } as unknown as Droplet] },
        ],
    ] as const) {
        test(`${what}: the state again after three seconds`, async () => {
            const { read, clock, take } = reader(over);
            await read({});
            take();
            clock.now = 2_999;
            await read({});
            assert.doesNotMatch(take(), /state/);
            clock.now = 3_000;
            await read({});
            assert.match(take(), /state/);
        });
    }

    test("after a failure all is read from the ground, at once", async () => {
        let down = false;
        const { read, take } = reader({
            swarm: async () => {
                if (down) throw new Error("no manager answers");
                return swarm;
            },
        });
        await read({});
        down = true;
        await assert.rejects(read({}), { message: "no manager answers" });
        take();
        down = false;
        await read({});
        assert.equal(take(), "state droplets");
    });

    test("a state that cannot be read once is said, and what was read before goes on to count", async () => {
        let fails = true;
        const { read, clock } = reader({
            access: async () => {
                if (fails) throw new CliError("the backend with the state does not open", 3);
                return access;
            },
        });
        await assert.rejects(read({}), { message: "the backend with the state does not open" });
        fails = false;
        assert.deepEqual((await read({})).problems, []);
        fails = true;
        clock.now = 10_000;
        const view = await read({});
        assert.equal(view.nodes[0]?.state, "ready");
        assert.deepEqual(view.problems, ["as it was read before: the backend with the state does not open"]);
        fails = false;
        clock.now = 20_000;
        assert.deepEqual((await read({})).problems, []);
    });

    test("without the cloud's side the swarm is shown, and the lack is said until it is there", async () => {
        let fails = true;
        const { read, clock } = reader({
            droplets: async () => {
                if (fails) throw new Error("there is no DigitalOcean token");
                return [droplet];
            },
        });
        const text = "the cloud's side is missing: there is no DigitalOcean token";
        assert.deepEqual((await read({})).problems, [text]);
        fails = false;
        assert.deepEqual((await read({})).problems, [text]);
        clock.now = 10_000;
        assert.deepEqual((await read({})).problems, []);
    });

    test("an end that is wanted is no problem of the cloud's", async () => {
        const ending = new AbortController();
        const { read } = reader({
            droplets: async () => {
                ending.abort();
                throw new Error("aborted");
            },
        });
        await assert.rejects(read({ signal: ending.signal }), { message: "aborted" });
    });
});
