/** What the program registers, in which order, and what it asks: under the SDK's mocks. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { SECRET_KEYS, type SecretKey } from "../../model/settings.ts";
import {
    api,
    COMMAND,
    dev,
    find,
    inputOf,
    mark,
    type Registered,
    type Run,
    refusal,
    runProgram,
    settled,
    unknown,
} from "./harness.ts";

const own = `swarm-test-${mark}`;

/** Exact: a resource more for each node is what makes an engine slow. */
const expected = {
    "swarm:index:DeployKey": 1,
    "swarm:index:Network": 1,
    "swarm:index:Nodes": 1,
    "swarm:index:Swarm": 1,
    "swarm:index:Services": 1,
    "tls:index/privateKey:PrivateKey": 5,
    "pulumi:index:Stash": 1,
    "digitalocean:index/sshKey:SshKey": 1,
    "digitalocean:index/vpc:Vpc": 1,
    "digitalocean:index/tag:Tag": 3,
    "digitalocean:index/firewall:Firewall": 1,
    "digitalocean:index/droplet:Droplet": 4,
    "command:local:Command": 1,
    [COMMAND]: 7,
};

/** By kind of resource, what replaces it although its plugin could change it; of commands, the SDK's own. */
const REPLACES = { ":Droplet": ["size"], ":Firewall": ["tags"], "command:": ["triggers[*]"] };

const counts = (run: Run) =>
    Object.fromEntries(
        [...Map.groupBy(run.resources, ({ type }) => type)].map(([type, all]) => [type, all.length]),
    );

for (const preview of [true, false]) {
    describe(preview ? "in a preview of the first up" : "in the first up", () => {
        let run: Run;
        before(async () => {
            run = await runProgram({ config: dev, preview });
        });

        test("exactly these resources", () => {
            assert.deepEqual(counts(run), expected);
        });

        test("the commands are the swarm, a join a node, the roster and a service each", () => {
            assert.deepEqual(
                run.resources
                    .filter(({ type }) => type === COMMAND)
                    .map(({ name }) => name)
                    .sort(),
                ["nginx", "node1-join", "node2-join", "node3-join", "node4-join", "roster", "swarm"],
            );
        });

        test("joins wait for the swarm, the roster for the joins, services for the roster", () => {
            for (const node of ["node1", "node2", "node3", "node4"]) {
                assert.ok(find(run, COMMAND, `${node}-join`).dependencies.includes("swarm"), node);
            }
            for (const node of ["node1", "node2", "node3", "node4"]) {
                assert.ok(find(run, COMMAND, "roster").dependencies.includes(`${node}-join`), node);
            }
            assert.ok(find(run, COMMAND, "nginx").dependencies.includes("roster"));
        });

        test("services wait for those that they come after, and for the jobs that run before them", async () => {
            const services = {
                a: { image: "nginx", before: "migrate" },
                db: { image: "nginx" },
                migrate: { image: "nginx", mode: "replicated-job", after: "db" },
            };
            const ordered = await runProgram({ config: { ...dev, openPorts: [9443], services }, preview });
            const before = (name: string) =>
                find(ordered, COMMAND, name).dependencies.filter((other) => Object.hasOwn(services, other));
            assert.deepEqual([before("a"), before("migrate"), before("db")], [["migrate"], ["db"], []]);
            const { inboundRules } = find(ordered, ":Firewall", "all").inputs;
            assert.match(JSON.stringify(inboundRules), /"portRange":"9443"/);
        });

        test("workers do not wait for one another", () => {
            const join = find(run, COMMAND, "node3-join");
            assert.deepEqual(
                join.dependencies.filter((name) => name.endsWith("-join")),
                [],
            );
        });

        test("no droplet before the firewall that covers its tag, nor before what its VPC's deletion waits for", () => {
            const { dependencies } = find(run, ":Droplet", "node2");
            assert.ok(dependencies.includes("all") && dependencies.includes("vpc-members"));
        });

        test("what looks into the VPC runs when it is deleted, and only then; it holds no secret", () => {
            const look = find(run, "command:local:Command", "vpc-members");
            const { delete: command, environment, ...rest } = look.inputs;
            assert.equal(
                command,
                'said=$(node --no-warnings remnants/vpcMembers.ts "$SWARM_VPC" 2>&1) || ' +
                    '{ [ $? -ne 3 ] || { printf "%s\\n" "$said" >&2; exit 1; }; }',
            );
            assert.deepEqual(rest, { addPreviousOutputInEnv: false });
            assert.deepEqual(Object.keys(environment as object), ["SWARM_VPC"]);
            assert.deepEqual(look.secrets, []);
            assert.ok(look.dependencies.includes("network"));
        });

        test("what is replaced comes before the old one goes, a changed size replaces, nothing is ignored but what a look left in the state", () => {
            for (const { type, deleteBeforeReplace, replaceOnChanges, ignoreChanges } of run.resources) {
                assert.deepEqual(ignoreChanges, type === COMMAND ? ["environment"] : []);
                // Has to be said: with a name given, the plugin would delete first. What is in a VPC goes before it, so
                // that its hook, which refuses to replace it, would come too late; tags and firewall are replaced with
                // the stack's name, and no droplet is to be without them meanwhile.
                assert.equal(
                    deleteBeforeReplace,
                    /:(Droplet|Vpc|SshKey|Tag|Firewall)$/.test(type) ? false : undefined,
                    type,
                );
                const replaces = Object.entries(REPLACES).find(([kind]) => type.includes(kind))?.[1] ?? [];
                assert.deepEqual(replaceOnChanges, replaces, type);
            }
        });

        test("every command waits until its host runs commands, and has no delete script", () => {
            for (const command of run.resources.filter(({ type }) => type === COMMAND)) {
                const node = command.name.endsWith("-join")
                    ? command.name.slice(0, -"-join".length)
                    : "node1";
                assert.deepEqual(command.hooks, {
                    beforeCreate: [`reach-${node}`],
                    beforeUpdate: [`reach-${node}`],
                });
                assert.equal(command.inputs.delete, undefined);
            }
        });

        test("the swarm and the joins know what they answered before, and no other command", () => {
            for (const { name, inputs } of run.resources.filter(({ type }) => type === COMMAND)) {
                const remembers = name === "swarm" || name.endsWith("-join");
                assert.equal(inputs.addPreviousOutputInEnv, remembers, name);
                assert.equal(`${inputs.update ?? ""}`.endsWith(" update"), remembers, name);
                assert.match(`${inputs.create}`, / create$/);
                assert.equal(inputs.logging, name === "swarm" ? "none" : "stderr", name);
            }
        });

        test("what the account takes one of is claimed before it is made", () => {
            const hooks = (type: string, name: string) => find(run, type, name).hooks;
            const before = (name: string) => ({ beforeCreate: [name], beforeUpdate: [] });
            assert.deepEqual(hooks(":Vpc", "network"), before("claim-vpc"));
            assert.deepEqual(hooks(":SshKey", "deploy"), before("claim-key"));
            assert.deepEqual(hooks(":Firewall", "all"), before("claim-firewall"));
        });

        test("a new swarm makes its services anew, and nothing else goes with another", () => {
            for (const { type, name, replaceWith } of run.resources) {
                assert.deepEqual(replaceWith, name === "nginx" ? ["swarm"] : [], `${type} ${name}`);
            }
        });

        test("nothing is protected, unless it is asked for", () => {
            assert.deepEqual(
                run.resources.filter(({ protect }) => protect).map(({ name }) => name),
                [],
            );
        });

        test("everything is in its component", () => {
            const parents = Object.fromEntries(
                run.resources.map(({ type, name, parent }) => [`${type} ${name}`, parent]),
            );
            assert.equal(parents[`${COMMAND} nginx`], "services");
            assert.equal(parents[`${COMMAND} roster`], "swarm");
            assert.equal(parents["digitalocean:index/droplet:Droplet node1"], "nodes");
            assert.equal(parents["digitalocean:index/vpc:Vpc network"], "network");
            assert.equal(parents["digitalocean:index/sshKey:SshKey deploy"], "deploy");
        });

        test("the account is looked up once each", () => {
            assert.deepEqual(run.calls.map((token) => token.split(":").at(-1)).sort(), [
                "getAccount",
                "getDroplets",
                "getImage",
                "getRegions",
                "getSizes",
            ]);
        });
    });
}

test("three managers join one after another, drained of tasks as there are workers", async () => {
    const run = await runProgram({ config: { ...dev, managers: "m[1:3]", workers: "w1" } });
    const dependsOn = (name: string) =>
        find(run, COMMAND, name).dependencies.filter((other) => other.endsWith("-join"));
    // The seed is in already; should it have been a worker, the others have promoted it when its turn comes.
    assert.deepEqual(dependsOn("m1-join"), ["m3-join"]);
    assert.deepEqual(dependsOn("m2-join"), []);
    assert.deepEqual(dependsOn("m3-join"), ["m2-join"]);
    assert.deepEqual(dependsOn("w1-join"), []);
    for (const name of ["m2", "m3", "w1"]) {
        assert.deepEqual(
            inputOf(find(run, COMMAND, `${name}-join`)).filter(([key]) => key === "seed"),
            [["seed", "10.120.0.11"]],
        );
    }
    assert.deepEqual(
        inputOf(find(run, COMMAND, "roster"))
            .filter(([key]) => key === "member")
            .map(([, value]) => value.split(" ").slice(1).join(" ")),
        ["m1 manager drain", "m2 manager drain", "m3 manager drain", "w1 worker active"],
    );
    assert.deepEqual(
        inputOf(find(run, COMMAND, "swarm")).filter(([key]) => key === "peer"),
        [
            ["peer", "10.120.0.12"],
            ["peer", "10.120.0.13"],
        ],
    );
});

test("no workers, no services: nothing of either", async () => {
    const run = await runProgram({ config: { ...dev, workers: "", services: {} } });
    assert.equal(counts(run)["digitalocean:index/droplet:Droplet"], 1);
    assert.deepEqual(
        run.resources.filter(({ type }) => type === COMMAND).map(({ name }) => name),
        ["swarm", "node1-join", "roster"],
    );
});

describe("managers that are to be protected", () => {
    for (const preview of [true, false]) {
        test(`their droplets are, and no others: ${preview ? "preview" : "up"}`, async () => {
            const config = { ...dev, managers: "m[1:3]", workers: "w1", protectManagers: true };
            const run = await runProgram({ config, preview });
            assert.deepEqual(
                run.resources.filter(({ protect }) => protect).map(({ type, name }) => `${type} ${name}`),
                ["m1", "m2", "m3"].map((name) => `digitalocean:index/droplet:Droplet ${name}`),
            );
        });
    }
});

test("rotation and autolock go to the swarm; its keys go to the joins of managers, and to no worker's", async () => {
    const run = await runProgram({
        config: { ...dev, managers: "m[1:3]", workers: "w1", tokenRotation: 7, autolock: true },
    });
    assert.deepEqual(
        inputOf(find(run, COMMAND, "swarm")).filter(([key]) => key === "rotation" || key === "autolock"),
        [
            ["rotation", "7"],
            ["autolock", "true"],
        ],
    );
    const keys = (node: string) =>
        inputOf(find(run, COMMAND, `${node}-join`)).filter(([key]) => key === "unlock");
    for (const node of ["m1", "m2", "m3"]) {
        assert.deepEqual(
            keys(node),
            [
                ["unlock", "SWMKEY-1-key"],
                ["unlock", "SWMKEY-1-former"],
            ],
            node,
        );
        assert.ok(find(run, COMMAND, `${node}-join`).secrets.includes("stdin"), node);
    }
    assert.deepEqual(keys("w1"), []);
    assert.equal(await settled(run.outputs.unlockKey), "SWMKEY-1-key");
});

describe("a swarm that has lost its quorum", () => {
    const config = { ...dev, managers: "m[1:3]", workers: "w1", recoverFrom: "m2" };

    test("goes on from the manager that the config names, before the swarm is asked anything", async () => {
        const run = await runProgram({ config });
        const recover = find(run, COMMAND, "recover");
        assert.equal((recover.inputs.connection as { host: string }).host, "203.0.113.12");
        assert.deepEqual(inputOf(recover), [
            ["node", "m2"],
            ["address", "10.120.0.12"],
            ["range", "10.120.0.0/20"],
            ["limit", "600"],
            ["minimum", "20.10.24"],
            ["stack", own],
        ]);
        assert.deepEqual(recover.hooks, { beforeCreate: ["reach-m2"], beforeUpdate: ["reach-m2"] });
        assert.equal(recover.inputs.addPreviousOutputInEnv, false);
        assert.equal(recover.parent, "swarm");
        assert.ok(find(run, COMMAND, "swarm").dependencies.includes("recover"));
        assert.ok(!recover.dependencies.some((name) => name === "swarm" || name.endsWith("-join")));
    });

    test("while none is named, there is nothing of the kind", async () => {
        const run = await runProgram({ config: { ...config, recoverFrom: "" } });
        assert.deepEqual(
            run.resources.filter(({ name }) => name === "recover"),
            [],
        );
        assert.ok(!find(run, COMMAND, "swarm").dependencies.includes("recover"));
    });
});

test("an up asks whether the account has the VPC, and lists the stack's droplets once more; nothing else of the API", async () => {
    api.calls.length = 0;
    await runProgram({ config: dev });
    const deadline = Date.now() + 10_000;
    // The last of the run before may come in now.
    const asked = () => [...new Set(api.calls)].sort();
    while (asked().length < 2 && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(asked(), [
        `GET /v2/droplets?tag_name=${own}&page=1&per_page=200`,
        "GET /v2/vpcs/network-id",
    ]);
    assert.deepEqual([...api.authorizations], ["Bearer a token of the tests"]);
});

test("a token of the config is what looks into the VPC's, as a secret: no program runs then that could give it", async () => {
    const run = await runProgram({ config: dev, configToken: "dop_v1_hush" });
    const { inputs, secrets, secretOutputs } = find(run, "command:local:Command", "vpc-members");
    assert.deepEqual(inputs.environment, { SWARM_VPC: "network-id", DIGITALOCEAN_TOKEN: "dop_v1_hush" });
    assert.ok(!`${inputs.delete}`.includes("hush"));
    assert.deepEqual([secrets, secretOutputs], [["environment"], ["environment"]]);
});

describe("the mark", () => {
    test("is not known in the first preview: what is called by it is not, and all else is", async () => {
        const run = await runProgram({ config: dev, preview: true });
        const { name, tags, inboundRules } = find(run, ":Firewall", "all").inputs;
        assert.deepEqual([name, tags], [unknown, [unknown]]);
        assert.deepEqual((inboundRules as object[])[1], {
            protocol: "tcp",
            portRange: "2377",
            sourceTags: [unknown],
        });
        assert.equal(find(run, ":Vpc", "network").inputs.name, unknown);
        assert.equal(find(run, ":SshKey", "deploy").inputs.name, unknown);
        assert.match(`${find(run, COMMAND, "nginx").inputs.stdin}`, /^ {2}"swarm.stack": ""$/m);
    });

    test("stays the first key's when there is another key, and another name of the stack", async () => {
        const state = (name: string) => (name === "mark" ? { output: "0a1b2c3d" } : {});
        const run = await runProgram({ config: dev, stack: "renamed", state });
        assert.equal(find(run, "pulumi:index:Stash", "mark").inputs.input, mark);
        assert.equal(find(run, ":Vpc", "network").inputs.name, "swarm-renamed-0a1b2c3d");
    });

    test("is the key's own in an up with --target, which makes no stash", async () => {
        const state = (name: string) => (name === "mark" ? { output: undefined } : {});
        assert.equal(find(await runProgram({ config: dev, state }), ":Vpc", "network").inputs.name, own);
    });

    test("is taken on in its place by a stack from before: its first preview knows the names", async () => {
        const knownBy = ({ type, inputs }: Registered) =>
            /:(PrivateKey|Stash|Tag)$/.test(type) ? inputs : undefined;
        const run = await runProgram({ config: dev, preview: true, knownBy });
        assert.equal(find(run, ":Vpc", "network").inputs.name, own);
        assert.deepEqual(find(run, ":Droplet", "node1").inputs.tags, [own, `${own}:manager`]);
    });
});

test("metrics are the droplets' own, where they are asked for", async () => {
    const run = await runProgram({ config: { ...dev, monitoring: true } });
    const droplets = run.resources.filter(({ type }) => type.endsWith(":Droplet"));
    assert.deepEqual(
        droplets.map(({ inputs }) => inputs.monitoring),
        [true, true, true, true],
    );
});

test("of all the account's droplets, those with the stack's mark alone count as lost", async (context) => {
    const warned: string[] = [];
    const seen = new Promise<void>((resolve) => {
        context.mock.method(console, "warn", (text: string) => {
            // The first is of the services.
            if (warned.push(text) === 2) resolve();
        });
    });
    const droplet = (id: number, tags: string[]) => ({
        id,
        name: `d${id}`,
        createdAt: "2026-11-26T21:00:00Z",
        tags,
    });
    const droplets = [
        droplet(1, []),
        droplet(2, ["swarm-test", "swarm-test-worker"]),
        droplet(3, ["web", own]),
        droplet(4, ["swarm-test-0a1b2c3d", "swarm-test-0a1b2c3d:worker"]),
        droplet(5, [`swarm-formerly-${mark}`]),
        droplet(6, [`${own}-worker`]),
    ];
    const account = {
        "digitalocean:index/getDroplets:getDroplets": () => ({ droplets }),
        "pulumi:pulumi:readStackResourceOutputs": () => ({ outputs: {} }),
    };
    // The key is there since a run before.
    const knownBy = ({ type, inputs }: Registered) =>
        type === "tls:index/privateKey:PrivateKey" || type === "pulumi:index:Stash" ? inputs : undefined;
    await runProgram({ config: dev, preview: true, account, knownBy });
    await seen;
    assert.deepEqual(
        warned.slice(1).map((text) => text.match(/^ {2}- .*$/gm)),
        [["  - d3, ID 3, made 2026-11-26T21:00:00Z", "  - d5, ID 5, made 2026-11-26T21:00:00Z"]],
    );
});

test("people's keys go to every node by the joins, and to no droplet", async () => {
    const plain = await runProgram({ config: dev });
    const run = await runProgram({ config: { ...dev, sshKeys: ["289794"] } });
    assert.deepEqual(find(run, ":Droplet", "node2").inputs, find(plain, ":Droplet", "node2").inputs);
    for (const node of ["node1", "node2", "node3", "node4"]) {
        assert.deepEqual(
            inputOf(find(run, COMMAND, `${node}-join`)).filter(([key]) => key === "key"),
            [["key", "ssh-ed25519 AAAA ada"]],
        );
    }
});

describe("what the config keeps secret is secret wherever it goes", () => {
    const config = {
        ...dev,
        managers: "m[1:3]",
        recoverFrom: "m2",
        sshKeys: ["289794"],
        sshFrom: ["198.51.100.77/32"],
        vpcIpRange: "10.99.0.0/20",
        overlayPool: "10.201.0.0/16",
        services: { nginx: { image: "nginx", env: { PASSWORD: "hush" } } },
    };
    /** The value, and the inputs that hold it: resource by resource. */
    const places: Record<SecretKey, [value: string, inputs: string[]]> = {
        sshKeys: [
            "ssh-ed25519 AAAA ada",
            ["m1", "m2", "m3", "node2", "node3", "node4"].map((node) => `${node}-join stdin`),
        ],
        sshFrom: ["198.51.100.77/32", ["all inboundRules"]],
        vpcIpRange: [
            "10.99.0.0/20",
            [
                "network ipRange",
                "recover stdin",
                "swarm stdin",
                ...["m1", "m2", "m3", "node2", "node3", "node4"].map((node) => `${node}-join stdin`),
            ],
        ],
        overlayPool: ["10.201.0.0/16", ["swarm stdin"]],
        secrets: [Buffer.from("mounted").toString("base64"), ["secrets stdin"]],
        configs: [Buffer.from("shown").toString("base64"), ["configs stdin"]],
        services: ["hush", ["nginx stdin"]],
    };
    const web = { image: "nginx", secrets: ["file"], configs: ["page"] };
    const withObjects = {
        ...config,
        secrets: { file: "mounted" },
        configs: { page: "shown" },
        services: { ...config.services, web },
    };
    for (const key of SECRET_KEYS) {
        for (const preview of [true, false]) {
            test(`${key}: ${preview ? "preview" : "up"}`, async () => {
                const [value, inputs] = places[key];
                const run = await runProgram({ config: withObjects, secretKeys: [key, "secrets"], preview });
                const holding = run.resources.flatMap((resource) =>
                    Object.entries(resource.inputs)
                        .filter(([, input]) => JSON.stringify(input)?.includes(value))
                        .map(([name]) => ({ resource, name })),
                );
                if (!preview) {
                    assert.deepEqual(
                        holding.map(({ resource, name }) => `${resource.name} ${name}`).sort(),
                        [...inputs].sort(),
                    );
                }
                for (const { resource, name } of holding) {
                    assert.ok(resource.secrets.includes(name), `${resource.name} ${name}`);
                }
            });
        }
    }

    test("and what is not, can be seen", async () => {
        const run = await runProgram({ config });
        assert.ok(!find(run, ":Firewall", "all").secrets.includes("inboundRules"));
        assert.ok(!find(run, ":Vpc", "network").secrets.includes("ipRange"));
        for (const name of ["swarm", "recover", "nginx"]) {
            assert.ok(!find(run, COMMAND, name).secrets.includes("stdin"), name);
        }
    });
});

test("a look-up that fails otherwise is no reason to stop", async () => {
    const run = await runProgram({
        config: dev,
        account: {
            "digitalocean:index/getRegions:getRegions": () => {
                throw refusal("403 the token lacks the scope regions:read");
            },
        },
    });
    assert.deepEqual(counts(run), expected);
});

after(() => pulumi.runtime.disconnect());
