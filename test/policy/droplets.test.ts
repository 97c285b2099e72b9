import { describe } from "node:test";
import { UNKNOWN } from "../../policy/rule.ts";
import { dropletsInVpc } from "../../policy/rules/dropletsInVpc.ts";
import { dropletsTagged } from "../../policy/rules/dropletsTagged.ts";
import { firewallsByTag } from "../../policy/rules/firewallsByTag.ts";
import { newDropletFirst } from "../../policy/rules/newDropletFirst.ts";
import { resource, stackTable, table, urn } from "./resources.ts";

const byIds = (ids: string) =>
    `firewall "all" is for dropletIds ${ids}: it takes ten at most, and a new node is open until the firewall has ` +
    "changed, too. Allowed: tags, which hold from a droplet's first second";
const untagged = (tags: string) =>
    `firewall "all" has tags ${tags}, so it covers no node that comes later. Allowed: at least one tag that the nodes carry`;

describe("firewalls-by-tag", () => {
    const tags = ["swarm-dev"];
    const fromDroplet = { protocol: "tcp", portRange: "9000", sourceDropletIds: [7, 8] };
    table(firewallsByTag, [
        ["by tag", resource("firewall", "all", { tags }), []],
        ["by a tag that is unknown yet", resource("firewall", "all", { tags: [UNKNOWN] }), []],
        ["with an empty list of IDs", resource("firewall", "all", { tags, dropletIds: [] }), []],
        ["with none, as the plugin writes it", resource("firewall", "all", { tags, dropletIds: null }), []],
        ["by ID as well", resource("firewall", "all", { tags, dropletIds: [7] }), [byIds("[7]")]],
        [
            "by IDs that are unknown yet",
            resource("firewall", "all", { tags, dropletIds: UNKNOWN }),
            [byIds("unknown")],
        ],
        [
            "by ID alone",
            resource("firewall", "all", { dropletIds: [7] }),
            [byIds("[7]"), untagged("nothing")],
        ],
        ["for nobody", resource("firewall", "all", { tags: [] }), [untagged("[]")]],
        [
            "from droplets by ID",
            resource("firewall", "all", { tags, inboundRules: [fromDroplet] }),
            [
                'firewall "all" lets tcp 9000 in from sourceDropletIds ["7","8"]: a node that is replaced has another ' +
                    "ID, and is shut out. Allowed: sourceTags",
            ],
        ],
    ]);
});

const vpc = resource("vpc", "network", { id: "v1" });
const outside = (value: string) =>
    `droplet "node1" has vpcUuid ${value}: it would come into the region's default network, among all other droplets ` +
    "of the account, where the swarm would have its gossip and its overlay networks. Allowed: the ID of the stack's VPC";

describe("droplets-in-vpc", () => {
    table(dropletsInVpc, [
        ["in a VPC", resource("droplet", "node1", { vpcUuid: "v1" }), []],
        ["in one that is not made yet", resource("droplet", "node1", { vpcUuid: UNKNOWN }), []],
        ["in none", resource("droplet", "node1"), [outside("nothing")]],
        ["in an empty one", resource("droplet", "node1", { vpcUuid: "" }), [outside('""')]],
    ]);
    stackTable(dropletsInVpc, [
        [
            "in the stack's, not made yet",
            [vpc, resource("droplet", "node1", { vpcUuid: UNKNOWN }, { madeFrom: { vpcUuid: [vpc] } })],
            [],
        ],
        ["in the stack's, by its ID", [vpc, resource("droplet", "node1", { vpcUuid: "v1" })], []],
        ["in none, which is said of the droplet itself", [vpc, resource("droplet", "node1")], []],
        [
            "in another",
            [vpc, resource("droplet", "node1", { vpcUuid: "v2" })],
            [
                {
                    urn: urn("droplet", "node1"),
                    text:
                        'droplet "node1" has vpcUuid "v2", which is no VPC of this stack: nodes in two networks do not ' +
                        'reach one another. Allowed: the ID of VPC "network"',
                },
            ],
        ],
        [
            "in one of a stack that has none",
            [resource("droplet", "node1", { vpcUuid: "v2" })],
            [
                {
                    urn: urn("droplet", "node1"),
                    text:
                        'droplet "node1" has vpcUuid "v2", which is no VPC of this stack: nodes in two networks do not ' +
                        "reach one another. Allowed: the ID of a VPC that the stack makes",
                },
            ],
        ],
    ]);
});

const tag = resource("tag", "all", { name: "swarm-dev" });
const firewall = resource("firewall", "all", { tags: ["swarm-dev"] }, { madeFrom: { tags: [tag] } });
const bare = (tags: string) =>
    `droplet "node1" has tags ${tags}: no firewall would cover it, and what an interrupted run leaves behind of it could ` +
    "not be found. Allowed: the stack's tags";
const uncovered = (tags: string, allowed: string) => ({
    urn: urn("droplet", "node1"),
    text:
        `droplet "node1" has tags ${tags}, and no firewall of the stack goes by one of them: all its ports would be open ` +
        `to the world. Allowed: a tag of ${allowed}`,
});

describe("droplets-tagged", () => {
    table(dropletsTagged, [
        ["tagged", resource("droplet", "node1", { tags: ["swarm-dev"] }), []],
        ["with tags that are unknown yet", resource("droplet", "node1", { tags: UNKNOWN }), []],
        ["with a tag that is unknown yet", resource("droplet", "node1", { tags: [UNKNOWN] }), []],
        ["without", resource("droplet", "node1"), [bare("nothing")]],
        ["with none", resource("droplet", "node1", { tags: [] }), [bare("[]")]],
        ["with an empty one", resource("droplet", "node1", { tags: [""] }), [bare('[""]')]],
    ]);
    stackTable(dropletsTagged, [
        ["covered by name", [firewall, resource("droplet", "node1", { tags: ["a", "swarm-dev"] })], []],
        [
            "covered by where the tag comes from",
            [firewall, resource("droplet", "node1", { tags: [UNKNOWN] }, { madeFrom: { tags: [tag] } })],
            [],
        ],
        ["untagged, which is said of the droplet itself", [firewall, resource("droplet", "node1")], []],
        [
            "by another tag",
            [firewall, resource("droplet", "node1", { tags: ["web"] })],
            [uncovered('["web"]', 'firewall "all" (swarm-dev)')],
        ],
        [
            "without any firewall",
            [resource("droplet", "node1", { tags: ["web"] })],
            [uncovered('["web"]', "a firewall, of which the stack has none")],
        ],
    ]);
});

const order = (value: string) =>
    `droplet "node1" has the option deleteBeforeReplace ${value}: as it has a name of its own, the plugin would delete the ` +
    "old droplet first, with its tasks on it, and the managers all at once, with the swarm. Allowed: false, said explicitly";

describe("new-droplet-first", () => {
    table(newDropletFirst, [
        ["said to be so", resource("droplet", "node1", {}, { deleteBeforeReplace: false }), []],
        [
            "the other way round",
            resource("droplet", "node1", {}, { deleteBeforeReplace: true }),
            [order("true")],
        ],
        ["left to the plugin", resource("droplet", "node1"), [order("nothing")]],
    ]);
});
