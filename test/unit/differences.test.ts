/** Where the swarm and its nodes are not what the config says: each kind of difference, its words, and whose script mends it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { swarmDifferences, type WantedMember } from "../../look/differences.ts";
import type { ApiNode } from "../../look/facts.ts";
import { differing, warning } from "../../look/look.ts";
import { facts, lines, member, node, STACK, wanted } from "./swarmFacts.ts";

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
            "node2 is down in the swarm; if its engine cannot be mended (cli/bin/swarm doctor), have it made anew: cli/bin/swarm replace node2 → nobody",
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
        "drained on purpose, and to be kept free of tasks anyway",
        [member("node1", "manager", { availability: "drain" })],
        [
            node("node1", "manager", {
                availability: "drain",
                labels: { "swarm.stack": STACK, "swarm.node": "node1", "swarm.drained": "yes" },
            }),
        ],
        [],
    ],
    [
        "without its labels: known by its address",
        [member("node2", "worker")],
        [node("node2", "worker", { labels: {}, engineLabel: STACK })],
        ["node2 lacks its label swarm.stack → roster", "node2 lacks its label swarm.node → roster"],
    ],
    [
        "labelled by a name that the stack had before: one line, whatever carries it",
        [member("node1", "manager"), member("node2", "worker")],
        [
            node("node1", "manager", { labels: { "swarm.stack": "swarm-old-dev", "swarm.node": "node1" } }),
            node("node2", "worker", { labels: { "swarm.stack": "swarm-old-dev", "swarm.node": "node2" } }),
            node("node3", "worker", { labels: { "swarm.stack": "swarm-old-dev", "swarm.node": "node3" } }),
        ],
        [
            "the swarm is labelled swarm-old-dev, as the stack was called, not swarm-dev → roster",
            "node3 (id3) is a member, and not in the config → roster",
        ],
    ],
    [
        "labelled by a name of the stack's that no wanted member carries: the roster would not know it",
        [member("node1", "manager")],
        [
            node("node1", "manager"),
            node("node3", "worker", { labels: { "swarm.stack": "swarm-old-dev", "swarm.node": "node3" } }),
        ],
        [],
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

test("members of the stack's that are to go, and whose droplets are gone already: a plain up would fail in the end", () => {
    const found = ["node3", "node4", "node5"].map((name) =>
        node(name, "worker", { state: name === "node5" ? "ready" : "down" }),
    );
    const said = (droplets?: string[]) =>
        lines(swarmDifferences(wanted({}, { members: [], droplets }), facts({ nodes: found })));
    const kept = (name: string) => `${name} (id${name.slice(-1)}) is a member, and not in the config`;
    assert.deepEqual(said(["10.0.0.4"]), [
        `${kept("node3")}; its droplet is gone, which a plain up would fail to delete: pulumi up --refresh → roster`,
        `${kept("node4")} → roster`,
        `${kept("node5")} → roster`,
    ]);
    assert.deepEqual(
        said(),
        ["node3", "node4", "node5"].map((name) => `${kept(name)} → roster`),
    );
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
