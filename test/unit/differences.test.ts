/** Where a swarm is not what the config says: each kind of difference, its words, and whose script mends it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import {
    type Difference,
    swarmDifferences,
    type WantedMember,
    type WantedSwarm,
} from "../../look/differences.ts";
import type { ApiNode, ApiService, SwarmFacts } from "../../look/facts.ts";
import { differing, warning } from "../../look/look.ts";
import { engineSpec, type JsonObject, specText } from "../../model/engineSpec.ts";

const STACK = "swarm-dev";

function member(name: string, role: "manager" | "worker", more: Partial<WantedMember> = {}): WantedMember {
    const address = `10.0.0.${name.slice(-1)}`;
    return {
        name,
        role,
        availability: "active",
        addresses: [address],
        droplet: { id: "7", status: "active" },
        ...more,
    };
}

/** As far as it is changed here. */
interface Made {
    Name: string;
    Labels: Record<string, string>;
    TaskTemplate: {
        ContainerSpec: { Image: string; Env: string[] } & Record<string, unknown>;
        Placement: Record<string, unknown>;
        Networks?: { Target: string }[];
        ForceUpdate: number;
    };
    readonly Mode: object;
}

/** What an engine says of a service that was made from these options: with a digest, IDs of networks and its own defaults. */
function running(options: Record<string, unknown>, change: (spec: Made) => void = () => {}): ApiService {
    const spec = JSON.parse(specText(wantedSpec(options))) as Made;
    spec.Labels["swarm.stack"] = STACK;
    spec.TaskTemplate.ContainerSpec.Image = `${spec.TaskTemplate.ContainerSpec.Image}:latest@sha256:${"0".repeat(64)}`;
    spec.TaskTemplate.ContainerSpec.Isolation = "default";
    spec.TaskTemplate.Placement.Platforms = [{ Architecture: "amd64", OS: "linux" }];
    spec.TaskTemplate.ForceUpdate = 3;
    for (const network of spec.TaskTemplate.Networks ?? []) network.Target = `id-of-${network.Target}`;
    change(spec);
    return { ID: "s1", Spec: spec };
}

function wantedSpec(options: Record<string, unknown>): JsonObject {
    const parsed = parseSettings({
        sshFrom: ["203.0.113.7/32"],
        services: { web: { image: "nginx", ...options } },
    });
    assert.ok("settings" in parsed, "problems" in parsed ? parsed.problems.join("\n") : "");
    const [service] = parsed.settings.services;
    assert.ok(service);
    return engineSpec(service);
}

function node(name: string, role: "manager" | "worker", change: Record<string, unknown> = {}): ApiNode {
    const { labels, availability, state, address, engineLabel } = change;
    return {
        ID: `id${name.slice(-1)}`,
        Spec: {
            Role: role,
            Availability: (availability as "active" | undefined) ?? "active",
            Labels: (labels as Record<string, string> | undefined) ?? {
                "swarm.stack": STACK,
                "swarm.node": name,
            },
        },
        Description: {
            Hostname: name,
            Engine: {
                EngineVersion: "26",
                Labels: engineLabel === undefined ? {} : { "swarm.stack": `${engineLabel}` },
            },
        },
        Status: {
            State: (state as string | undefined) ?? "ready",
            Addr: (address as string | undefined) ?? `10.0.0.${name.slice(-1)}`,
        },
        ...(role === "manager" && {
            ManagerStatus: { Reachability: "reachable", Addr: `10.0.0.${name.slice(-1)}:2377` },
        }),
    };
}

function facts(change: Partial<SwarmFacts> = {}): SwarmFacts {
    return {
        info: {
            DockerRootDir: "/var/lib/docker",
            Swarm: {
                NodeID: "id1",
                LocalNodeState: "active",
                ControlAvailable: true,
                Error: "",
                Cluster: { ID: "c", Spec: { EncryptionConfig: { AutoLockManagers: false } } },
            },
        },
        nodes: [node("node1", "manager"), node("node2", "worker")],
        services: [running({})],
        tasks: [],
        secrets: [],
        configs: [],
        networks: [
            { Id: "id-of-front", Name: "front" },
            { Id: "id-of-back", Name: "back" },
        ],
        ...change,
    };
}

function wanted(options: Record<string, unknown> = {}, change: Partial<WantedSwarm> = {}): WantedSwarm {
    return {
        stack: STACK,
        autolock: false,
        members: [member("node1", "manager"), member("node2", "worker")],
        services: [{ name: "web", spec: wantedSpec(options), secret: false }],
        ...change,
    };
}

/** `text → whose script`. */
const lines = (differences: readonly Difference[]) =>
    differences.map(({ text, remedy, mendedBy }) => {
        const who =
            mendedBy === undefined
                ? "nobody"
                : mendedBy.kind === "join"
                  ? `${mendedBy.node}-join`
                  : mendedBy.kind === "service"
                    ? mendedBy.service
                    : mendedBy.kind;
        return `${text}${remedy === undefined ? "" : `; ${remedy}`} → ${who}`;
    });

test("a swarm as the config has it differs in nothing: neither digest, platforms, forced updates, nor the daemon's defaults", () => {
    const options = {
        env: { A: "1" },
        networks: ["front", "back"],
        mounts: ["source=data,target=/data", "type=tmpfs,target=/tmp"],
        limits: { cpus: 0.5 },
        ports: ["80:80"],
    };
    assert.deepEqual(lines(swarmDifferences(wanted(options), facts({ services: [running(options)] }))), []);
    assert.equal(warning([]), "");
});

const services: readonly (readonly [
    what: string,
    options: Record<string, unknown>,
    found: ApiService[],
    expected: string[],
])[] = [
    ["removed", {}, [], ["web: there is no such service in the swarm → web"]],
    [
        "scaled",
        { replicas: 3 },
        [running({ replicas: 5 })],
        ["web: 5 replicas in the swarm, 3 in the config → web"],
    ],
    [
        "scaled to one",
        { replicas: 0 },
        [running({ replicas: 1 })],
        ["web: 1 replica in the swarm, 0 in the config → web"],
    ],
    [
        "another image, as a failed update leaves it",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.Image = "busybox:nope";
                spec.Labels["swarm.image"] = "busybox:nope";
            }),
        ],
        ["web: image is busybox:nope in the swarm, nginx in the config → web"],
    ],
    [
        "another image behind the label's back",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.Image = "nginx:1.29@sha256:1";
            }),
        ],
        ["web: image is nginx:1.29 in the swarm, nginx in the config → web"],
    ],
    [
        "labels",
        { labels: { a: "1", b: "2" } },
        [running({ labels: { a: "x", c: "3" } })],
        [
            "web: label a is another one in the swarm than in the config → web",
            "web: label c is in the swarm, and not in the config → web",
            "web: label b is not in the swarm → web",
        ],
    ],
    [
        "variables, whose values are not shown",
        { env: { A: "hush" } },
        [running({ env: { A: "hunter2", B: "swordfish" } })],
        [
            "web: variable A is another one in the swarm than in the config → web",
            "web: variable B is in the swarm, and not in the config → web",
        ],
    ],
    [
        "the order of the variables, which is another spec to the swarm",
        { env: { A: "1", B: "2" } },
        [running({ env: { A: "1", B: "2" } }, (spec) => spec.TaskTemplate.ContainerSpec.Env.reverse())],
        ["web: the variables are in another order than in the config → web"],
    ],
    [
        "ports",
        { ports: ["80:80"] },
        [running({ ports: ["80:8080", "81:81/udp"] })],
        [
            "web: port 80/tcp to 8080/tcp is in the swarm, and not in the config → web",
            "web: port 81/udp to 81/udp is in the swarm, and not in the config → web",
            "web: port 80/tcp to 80/tcp is not in the swarm → web",
        ],
    ],
    [
        "a port's mode",
        { ports: ["80:80"] },
        [running({ ports: [{ published: 80, target: 80, mode: "host" }] })],
        [
            "web: port 80/tcp to 80/tcp (on the nodes with a task) is in the swarm, and not in the config → web",
            "web: port 80/tcp to 80/tcp is not in the swarm → web",
        ],
    ],
    [
        "networks",
        { networks: ["front"] },
        [running({ networks: ["back"] })],
        [
            "web: network back is in the swarm, and not in the config → web",
            "web: network front is not in the swarm → web",
        ],
    ],
    [
        "constraints",
        {},
        [running({ constraints: ["node.role==manager"] })],
        ["web: constraint node.role==manager is in the swarm, and not in the config → web"],
    ],
    [
        "mounts",
        { mounts: ["source=aa,target=/d"] },
        [running({ mounts: ["source=bb,target=/d"] })],
        ["web: mount /d is Source=bb,Type=volume in the swarm, Source=aa,Type=volume in the config → web"],
    ],
    [
        "limits",
        { limits: { memory: "64M" } },
        [running({ limits: { memory: "128M", cpus: 1 } })],
        [
            "web: limits.cpus 1 is in the swarm, and not in the config → web",
            "web: limits.memory is 128M in the swarm, 64M in the config → web",
        ],
    ],
    [
        "how it is updated",
        {},
        [running({ update: { order: "start-first", delay: "2s" } })],
        [
            "web: update.delay 2s is in the swarm, and not in the config → web",
            "web: update.order is start-first in the swarm, stop-first in the config → web",
        ],
    ],
    [
        "a field that no option is for",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.OpenStdin = true;
            }),
        ],
        ["web: TaskTemplate.ContainerSpec.OpenStdin is in the swarm, and not in the config → web"],
    ],
    [
        "fields that options are for",
        { healthcheck: { test: "true", interval: "5s" } },
        [
            running({ healthcheck: { test: "false", interval: "10s" } }, (spec) => {
                spec.TaskTemplate.ContainerSpec.TTY = true;
            }),
        ],
        [
            "web: tty true is in the swarm, and not in the config → web",
            "web: healthcheck.test is another one in the swarm than in the config → web",
            "web: healthcheck.interval is 10s in the swarm, 5s in the config → web",
        ],
    ],
    [
        "a field that is newer than this program",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.Newest = { On: true };
            }),
        ],
        [],
    ],
    [
        "the mode",
        { global: true },
        [running({ replicas: 2 })],
        [
            "web: replicas 2 is in the swarm, and not in the config → web",
            "web: mode is replicated in the swarm, global in the config → web",
        ],
    ],
    [
        "somebody else's",
        {},
        [
            running({}, (spec) => {
                spec.Labels = {};
            }),
        ],
        [
            "web: the service of this name is not this stack's; rename one of them, or remove that one (swarm docker service rm web), then pulumi up → web",
        ],
    ],
    [
        "an update that has stopped, with the spec that is wanted",
        {},
        [{ ...running({}), UpdateStatus: { State: "paused", Message: "update paused due to failure" } }],
        ["web: its update has stopped as paused: update paused due to failure → web"],
    ],
    [
        "a roll-back that has stopped",
        {},
        [{ ...running({}), UpdateStatus: { State: "rollback_paused" } }],
        ["web: its update has stopped as rollback_paused → web"],
    ],
    [
        "an update that has stopped, with another spec: that is what is said",
        {},
        [{ ...running({ replicas: 2 }), UpdateStatus: { State: "paused" } }],
        ["web: 2 replicas in the swarm, 1 in the config → web"],
    ],
    [
        "one that has only lost its stack's label",
        {},
        [
            running({}, (spec) => {
                spec.Labels = { "swarm.image": "nginx" };
            }),
        ],
        ["web: it lacks its label swarm.stack → web"],
    ],
    [
        "an update that was rolled back long ago",
        {},
        [{ ...running({}), UpdateStatus: { State: "rollback_completed" } }],
        [],
    ],
];

describe("services", () => {
    for (const [what, options, found, expected] of services) {
        test(what, () =>
            assert.deepEqual(lines(swarmDifferences(wanted(options), facts({ services: found }))), expected),
        );
    }

    test("options that are kept secret are not shown", () => {
        const secret = wanted(
            {},
            { services: [{ name: "web", spec: wantedSpec({ env: { A: "1" } }), secret: true }] },
        );
        const found = facts({ services: [running({ replicas: 7, env: { A: "hunter2" } })] });
        assert.deepEqual(lines(swarmDifferences(secret, found)), [
            "web: it is not what the config says → web",
        ]);
    });

    test("one of the stack's that the config does not have", () => {
        const found = facts({
            services: [
                running({}),
                running({}, (spec) => {
                    spec.Name = "old";
                }),
            ],
        });
        assert.deepEqual(lines(swarmDifferences(wanted(), found)), [
            "the service old is this stack's, and not in the config → roster",
        ]);
    });
});

const nodes: readonly (readonly [
    what: string,
    members: WantedMember[],
    found: ApiNode[],
    expected: string[],
])[] = [
    [
        "removed from the swarm",
        [member("node2", "worker")],
        [],
        ["node2 is no member of the swarm → node2-join"],
    ],
    [
        "that another machine answers for, with a copy of its identity: it is a member still",
        [member("node2", "worker")],
        [node("node2", "worker", { address: "10.0.0.9" })],
        [],
    ],
    [
        "whose droplet is about to be made",
        [member("node2", "worker", { addresses: [], droplet: undefined })],
        [],
        [],
    ],
    [
        "whose droplet is off, a member or not",
        [
            member("node2", "worker", { droplet: { id: "7", status: "off" } }),
            member("node3", "worker", { droplet: { id: "8", status: "off" } }),
        ],
        [node("node3", "worker", { state: "down" })],
        [
            "node2: its droplet 7 is off; switch it on (cli/bin/swarm power on node2), or have it made anew: cli/bin/swarm replace node2 → nobody",
            "node3: its droplet 8 is off; switch it on (cli/bin/swarm power on node3), or have it made anew: cli/bin/swarm replace node3 → nobody",
        ],
    ],
    [
        "whose engine is gone",
        [member("node2", "worker")],
        [node("node2", "worker", { state: "down" })],
        [
            "node2 is down in the swarm; if its engine cannot be mended (swarm doctor), have it made anew: cli/bin/swarm replace node2 → nobody",
        ],
    ],
    [
        "that is just heard of again",
        [member("node2", "worker")],
        [node("node2", "worker", { state: "unknown" })],
        [],
    ],
    [
        "promoted",
        [member("node2", "worker")],
        [node("node2", "manager")],
        ["node2 is a manager in the swarm, a worker in the config → roster"],
    ],
    [
        "drained",
        [member("node2", "worker")],
        [node("node2", "worker", { availability: "drain" })],
        ["node2 is in availability drain in the swarm, active in the config → roster"],
    ],
    [
        "without its labels: known by its address",
        [member("node2", "worker")],
        [node("node2", "worker", { labels: {}, engineLabel: STACK })],
        ["node2 lacks its label swarm.stack → roster", "node2 lacks its label swarm.node → roster"],
    ],
    [
        "with another one's label",
        [member("node2", "worker")],
        [node("node2", "worker", { labels: { "swarm.stack": STACK, "swarm.node": "node9" } })],
        ["node2 has node9 as its label swarm.node, not node2 → roster"],
    ],
    [
        "whose advertised address is that of a manager alone",
        [member("node1", "manager")],
        [node("node1", "manager", { address: "0.0.0.0" })],
        [],
    ],
    [
        "of the stack's that the config does not have, known by its engine where the roster never came",
        [],
        [node("node8", "worker"), node("node9", "worker", { labels: {}, engineLabel: STACK })],
        [
            "node8 (id8) is a member, and not in the config → roster",
            "node9 (id9) is a member, and not in the config → roster",
        ],
    ],
    [
        "that has left and joined again: the former member is the one too many",
        [member("node2", "worker")],
        [{ ...node("node2", "worker", { state: "down" }), ID: "former" }, node("node2", "worker")],
        ["node2 (former) is a member, and not in the config → roster"],
    ],
    ["that somebody joined by hand", [], [node("mine", "worker", { labels: {} })], []],
    [
        "that is being replaced: either droplet's address will do",
        [member("node2", "worker", { addresses: ["10.0.0.9", "10.0.0.2"] })],
        [node("node2", "worker")],
        [],
    ],
];

test("labels that the config gives to a member, and those that it gave", () => {
    const labels = {
        "swarm.stack": STACK,
        "swarm.node": "node2",
        disk: "hdd",
        zone: "a",
        hand: "x",
        "swarm.labels": "disk,gone,zone",
    };
    const found = facts({ nodes: [node("node1", "manager"), node("node2", "worker", { labels })] });
    const differences = (own: Record<string, string>) => {
        const members = [member("node1", "manager"), { ...member("node2", "worker"), labels: own }];
        return lines(swarmDifferences(wanted({}, { members }), found));
    };
    assert.deepEqual(differences({ disk: "hdd", zone: "a" }), []);
    assert.deepEqual(differences({ disk: "ssd", rack: "7" }), [
        "node2 has hdd as its label disk, not ssd → roster",
        "node2 lacks its label rack → roster",
        "node2 has its label zone still, which the config has not → roster",
    ]);
});

test("a network whose options are others: the roster and the services on it make it anew", () => {
    const Labels = { "swarm.stack": STACK, "swarm.options": "0123456789ab" };
    const networks = [{ Id: "id-of-back", Name: "back", Labels }];
    const found = facts({ services: [running({ networks: ["back"] })], networks });
    const differences = (mark: string) =>
        lines(swarmDifferences(wanted({ networks: ["back"] }, { networks: { back: mark } }), found));
    assert.deepEqual(differences("0123456789ab"), []);
    assert.deepEqual(differences("-"), [
        "the network back has other options in the swarm than in the config → roster",
        "web: it is made anew with its network back → web",
    ]);
});

describe("a node", () => {
    for (const [what, members, found, expected] of nodes) {
        test(what, () =>
            assert.deepEqual(
                lines(swarmDifferences(wanted({}, { members }), facts({ nodes: found }))),
                expected,
            ),
        );
    }
});

test("managers that are locked after a restart, and should not be", () => {
    const { info } = facts();
    const Cluster = { ID: "c", Spec: { EncryptionConfig: { AutoLockManagers: true } } };
    const locked = facts({ info: { ...info, Swarm: { ...info.Swarm, Cluster } } });
    assert.deepEqual(lines(swarmDifferences(wanted(), locked)), [
        "managers are locked after a restart in the swarm, not locked in the config → swarm",
    ]);
    assert.deepEqual(lines(swarmDifferences(wanted({}, { autolock: undefined }), locked)), []);
});

test("what is said, and who is told to mend", () => {
    const differences = swarmDifferences(
        wanted(
            { replicas: 3 },
            {
                members: [
                    member("node1", "manager"),
                    member("node2", "worker"),
                    member("node3", "worker", { droplet: { id: "8", status: "off" } }),
                ],
            },
        ),
        facts({ nodes: [node("node1", "manager", { availability: "pause" })] }),
    );
    assert.equal(
        warning(differences),
        [
            "Swarm and config differ; pulumi up makes the swarm what the config says:",
            "  - node1 is in availability pause in the swarm, active in the config",
            "  - node2 is no member of the swarm",
            "  - web: 1 replica in the swarm, 3 in the config",
            "Not to be mended by pulumi up alone:",
            "  - node3: its droplet 8 is off; switch it on (cli/bin/swarm power on node3), or have it made anew: cli/bin/swarm replace node3",
        ].join("\n"),
    );
    assert.deepEqual(differing(differences), {
        roster: "differs",
        joins: new Map([["node2", "missing"]]),
        services: new Map([["web", "differs"]]),
        objects: {},
    });
});
