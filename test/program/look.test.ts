/**
 * What the whole program makes of what a manager says over SSH: whose scripts run, though the config is what it was, and what
 * people are told. What each difference is called, and whose it is, is held by the tests of differences.
 */
import assert from "node:assert/strict";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { after, afterEach, before, describe, mock, test } from "node:test";
import { type FakeManager, startFakeManager } from "../fakeManager.ts";
import { facts, node, running } from "../unit/swarmFacts.ts";
import { account, COMMAND, dev, find, mark, runProgram, unknown } from "./harness.ts";

let manager: FakeManager;
/** The hosts that were logged in to, by address. */
let asked: string[] = [];
const { connect } = net;
before(async () => {
    manager = await startFakeManager();
    // Droplets are logged in to by port 22, where this machine may have a server of its own.
    net.connect = ((options: net.TcpNetConnectOpts, ...more: []) => {
        if (options.port !== 22) return connect(options, ...more);
        asked.push(`${options.host}`);
        return connect({ ...options, host: "127.0.0.1", port: manager.ssh.port });
    }) as typeof connect;
    syncBuiltinESMExports();
});
after(async () => {
    net.connect = connect;
    syncBuiltinESMExports();
    await manager.close();
});

const STACK = `swarm-test-${mark}`;
const FORMER = `swarm-dev-${mark}`;
const CONFIG = {
    ...dev,
    managers: "m[1:3]",
    workers: "w4",
    services: { web: { image: "nginx", replicas: 2 } },
};
const ROLES = { m1: "manager", m2: "manager", m3: "manager", w4: "worker" } as const;
type Name = keyof typeof ROLES;
const NAMES = Object.keys(ROLES) as Name[];

const labels = (name: string, stack: string) => ({ "swarm.stack": stack, "swarm.node": name });

/** What the daemon says where all is as the config has it, but for what is given. */
function answers(options: { stack?: string; replicas?: number; members?: readonly Name[] } = {}) {
    const { stack = STACK, replicas = 2, members = NAMES } = options;
    const { info } = facts();
    const web = running({ replicas }, ({ Labels }) => Object.assign(Labels, { "swarm.stack": stack }));
    const nodes = members.map((name) =>
        node(name, ROLES[name], {
            labels: labels(name, stack),
            ...(ROLES[name] === "manager" && { availability: "drain" }),
        }),
    );
    return {
        "/info": info,
        "/nodes": nodes,
        "/services": [web],
        "/networks": [],
        "/secrets": [],
        "/configs": [],
    };
}

/** Runs the program beside droplets of these nodes, all of them the one host, and says whose scripts see that the swarm differs. */
async function look(
    options: {
        readonly config?: object;
        readonly preview?: boolean;
        /** By which they are found. */
        readonly tag?: string;
        readonly droplets?: readonly (readonly [name: Name, status?: "off"])[];
    } = {},
) {
    const {
        config = {},
        preview = false,
        tag = STACK,
        droplets = NAMES.map((name) => [name] as const),
    } = options;
    asked = [];
    const said: string[] = [];
    for (const level of ["info", "log", "warn"] as const)
        mock.method(console, level, (text: string) => said.push(text.replace(/^\w+: \[runtime\] /, "")));
    const { ssh } = manager;
    const run = await runProgram({
        config: { ...CONFIG, ...config },
        preview,
        knownBy: ({ type, inputs }) => (/:(PrivateKey|Stash)$/.test(type) ? inputs : undefined),
        account: {
            ...account,
            "digitalocean:index/getDroplets:getDroplets": () => ({
                droplets: droplets.map(([name, status = "active"], index) => ({
                    id: index + 1,
                    name,
                    status,
                    tags: [tag, `${tag}:${ROLES[name]}`],
                    vpcUuid: "network-id",
                    ipv4Address: `203.0.113.${index + 1}`,
                    ipv4AddressPrivate: `10.0.0.${name.slice(-1)}`,
                })),
            }),
        },
        state: (name) => {
            if (name === "deploy") return { privateKeyOpenssh: ssh.privateKey };
            if (name === "mark") return { output: mark };
            return name.endsWith("-host") ? { publicKeyOpenssh: ssh.hostKey } : {};
        },
    });
    const told = run.resources.filter(({ type, inputs }) => type === COMMAND && inputs.environment);
    return {
        run,
        told: told.map(({ name, ignoreChanges, inputs }) => {
            assert.deepEqual(ignoreChanges, [], name);
            const { environment } = inputs;
            const value =
                environment === unknown
                    ? "unknown as a whole"
                    : (environment as Record<string, string>).PULUMI_COMMAND_SWARM_DIFFERS;
            return `${name}: ${value}`.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME");
        }),
        asked,
        said: said.filter((text) => /swarm/i.test(text)),
    };
}

afterEach(() => mock.reset());

describe("the look at the swarm", () => {
    test("where nothing differs, no script is told, and nobody", async () => {
        manager.answer(answers());
        const { told, said } = await look();
        assert.deepEqual([told, said], [[], []]);
    });

    test("a service scaled and a member removed: these two scripts are told, and nobody else's", async () => {
        manager.answer(answers({ replicas: 5, members: ["m1", "m2", "m3"] }));
        const { told, said } = await look();
        assert.deepEqual(told, ["w4-join: missing TIME", "web: differs TIME"]);
        assert.deepEqual(said, [
            "Swarm and config differ; pulumi up makes the swarm what the config says:\n" +
                "  - w4 is no member of the swarm\n" +
                "  - web: 5 replicas in the swarm, 2 in the config",
        ]);
    });

    test("in a preview the environment is unknown, so that a saved plan fits, and with it all that follows", async () => {
        manager.answer(answers({ replicas: 5 }));
        const { told } = await look({ preview: true });
        assert.deepEqual(told, ["web: unknown as a whole"]);
    });

    test("of a stack that was renamed: found by its mark, and looked at under its former name", async () => {
        manager.answer(answers({ stack: FORMER, replicas: 5 }));
        const { told, said } = await look({ tag: FORMER });
        assert.deepEqual(told, ["roster: differs TIME", "web: differs TIME"]);
        assert.deepEqual(said, [
            "Swarm and config differ; pulumi up makes the swarm what the config says:\n" +
                `  - the swarm is labelled ${FORMER}, as the stack was called, not ${STACK}\n` +
                "  - web: 5 replicas in the swarm, 2 in the config",
        ]);
    });

    test("with recoverFrom, while there is no leader: one sentence, and the survivor goes on", async () => {
        manager.answer({ "/info": answers()["/info"] });
        const { run, told, said } = await look({
            config: { recoverFrom: "m2" },
            droplets: [["m2"], ["w4"]],
        });
        assert.deepEqual(told, []);
        assert.deepEqual(said, [
            "The swarm could not be looked at, so what was changed in it by hand is not seen here. m2: rpc error: The swarm does not have a leader.",
        ]);
        assert.ok(find(run, COMMAND, "swarm").dependencies.includes("recover"));
    });

    test("with recoverFrom left in the config, once there is a leader again: as without it", async () => {
        manager.answer(answers({ replicas: 5 }));
        const { told } = await look({ config: { recoverFrom: "m2" } });
        assert.deepEqual(told, ["web: differs TIME"]);
    });

    test("a manager that is to become a worker is asked, and before a worker that is to become a manager", async () => {
        manager.answer(answers({ members: ["m1", "w4"] }));
        const { asked, said } = await look({
            config: { managers: "w4", workers: "m1" },
            droplets: [["w4"], ["m1"]],
        });
        assert.deepEqual(asked, ["203.0.113.2"]);
        assert.match(`${said}`, /- m1 is a manager in the swarm, a worker in the config\n/);
    });

    test("while a node is exchanged, its droplet that is off is neither asked nor taken for the node's", async () => {
        manager.answer(answers());
        const { asked, told, said } = await look({
            droplets: [["m1", "off"], ["m1"], ["m2"], ["m3"], ["w4"]],
        });
        assert.deepEqual([asked, told, said], [["203.0.113.2"], [], []]);
    });

    test("a script that runs is told whose droplets go in this up, for the case that it fails", async () => {
        manager.answer(answers({ replicas: 5 }));
        const { told } = await look({ config: { workers: "" } });
        assert.ok(told.includes("web: differs TIME leaving the droplet 4 of w4"), `${told}`);
    });
});
