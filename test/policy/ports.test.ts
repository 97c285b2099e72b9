import assert from "node:assert/strict";
import { describe } from "node:test";
import { payload } from "../../components/remote.ts";
import { engineSpec, specText } from "../../model/engineSpec.ts";
import { readServices } from "../../model/services.ts";
import { type Properties, UNKNOWN } from "../../policy/rule.ts";
import { onlyPublishedPortsOpen } from "../../policy/rules/onlyPublishedPortsOpen.ts";
import { sshNotFromEverywhere } from "../../policy/rules/sshNotFromEverywhere.ts";
import { swarmPortsInsideOnly } from "../../policy/rules/swarmPortsInsideOnly.ts";
import { resource, stackTable, table, urn } from "./resources.ts";

const WORLD = ["0.0.0.0/0", "::/0"];
const OFFICE = ["203.0.113.0/24"];
const HALVES = ["0.0.0.0/1", "128.0.0.0/1"];
/** 200 of the 256 parts of the internet. */
const PARTS = Array.from({ length: 200 }, (_, index) => `${index + 11}.0.0.0/8`);

const tcp = (portRange: string, sourceAddresses: readonly string[], more: Properties = {}) => ({
    protocol: "tcp",
    portRange,
    sourceAddresses,
    ...more,
});
const udp = (portRange: string, sourceAddresses: readonly string[]) => ({
    ...tcp(portRange, sourceAddresses),
    protocol: "udp",
});

const firewall = (...inboundRules: readonly unknown[]) =>
    resource("firewall", "all", { tags: ["swarm-dev"], inboundRules });

/** As the program has it. */
const service = (name: string, ...ports: readonly string[]) => {
    const options = { image: "nginx", ports: ports.map((port) => port.replace("/", ":80/")) };
    const { specs, problems } = readServices({ [name]: options }, false);
    assert.deepEqual(problems, []);
    const spec = specs.map((one) => specText(engineSpec(one))).join();
    const of = resource("remote", name, { stdin: payload("service", [["service", name]], spec) });
    return { ...of, urn: `urn:pulumi:dev::swarm::swarm:index:Services$${of.type}::${name}` };
};

const open = (rule: string, from: string, allowed: string) => ({
    urn: urn("firewall", "all"),
    text:
        `firewall "all" lets ${rule} in from ${from}, and no service publishes that: whatever comes to listen there, ` +
        `anybody can reach it. Allowed from everywhere: ${allowed}; all else from named ranges or from tags`,
});

describe("only-published-ports-open", () => {
    stackTable(onlyPublishedPortsOpen, [
        ["a published port", [firewall(tcp("80", WORLD)), service("nginx", "80/tcp")], []],
        ["a range of published ports", [firewall(tcp("80-81", WORLD)), service("a", "80/tcp", "81/tcp")], []],
        [
            "each of them of another service",
            [firewall(tcp("80-81", WORLD)), service("a", "80/tcp"), service("b", "81/tcp")],
            [],
        ],
        ["port 22, which has a rule of its own", [firewall(tcp("22", WORLD))], []],
        ["what is open to a range", [firewall(tcp("9000", OFFICE))], []],
        ["what is open to a tag", [firewall(tcp("9000", [], { sourceTags: ["swarm-dev"] }))], []],
        ["no firewall", [service("nginx", "80/tcp")], []],
        ["a rule that is not known yet", [firewall({ ...tcp("9000", WORLD), protocol: UNKNOWN })], []],
        ["ports that are not known yet", [firewall({ ...tcp("", WORLD), portRange: UNKNOWN })], []],
        [
            "a port that another command than a service's declares",
            [firewall(tcp("80", WORLD)), { ...service("nginx", "80/tcp"), urn: urn("remote", "nginx") }],
            [open("tcp 80", "0.0.0.0/0, ::/0", "none")],
        ],
        [
            "the internet in rules of a /8 each",
            [firewall(...PARTS.map((part) => tcp("9000", [part])))],
            [open("tcp 9000", `${PARTS.slice(0, 10).join(", ")}, 190 more`, "none")],
        ],
        [
            "the internet in two rules with other ports",
            [firewall(tcp("8000-9000", HALVES.slice(0, 1)), tcp("9000-9999", HALVES.slice(1)))],
            [open("tcp 8000-9000", "0.0.0.0/1", "none"), open("tcp 9000-9999", "128.0.0.0/1", "none")].slice(
                0,
                2,
            ),
        ],
        [
            "a published port from everywhere within a range from the office",
            [firewall(tcp("80", WORLD), tcp("80-90", OFFICE)), service("nginx", "80/tcp")],
            [],
        ],
        [
            "what the config opens for others",
            [
                firewall(tcp("9000-9010", WORLD), udp("53", WORLD), tcp("53", WORLD)),
                resource("network", "network", { openPorts: ["9000-9010/tcp", "53/udp"] }),
            ],
            [open("tcp 53", WORLD.join(", "), "53/udp, 9000-9010/tcp")],
        ],
        [
            "another port",
            [firewall(tcp("80", WORLD), tcp("9000", WORLD)), service("nginx", "80/tcp")],
            [open("tcp 9000", "0.0.0.0/0, ::/0", "80/tcp")],
        ],
        [
            "the same port of another protocol",
            [firewall(udp("80", WORLD)), service("nginx", "80/tcp")],
            [open("udp 80", "0.0.0.0/0, ::/0", "80/tcp")],
        ],
        [
            "a range with one port too many",
            [firewall(tcp("80-82", WORLD)), service("a", "80/tcp", "81/tcp")],
            [open("tcp 80-82", "0.0.0.0/0, ::/0", "80/tcp, 81/tcp")],
        ],
        ["every port", [firewall(tcp("all", WORLD))], [open("tcp all", "0.0.0.0/0, ::/0", "none")]],
        [
            "ICMP",
            [firewall({ protocol: "icmp", sourceAddresses: WORLD })],
            [open("icmp", "0.0.0.0/0, ::/0", "none")],
        ],
        [
            "everywhere in two halves",
            [firewall(tcp("9000", ["0.0.0.0/1", "128.0.0.0/1"]))],
            [open("tcp 9000", "0.0.0.0/1, 128.0.0.0/1", "none")],
        ],
        [
            "a port that a label only talks of",
            [
                firewall(tcp("9000", WORLD)),
                resource("remote", "a", {
                    stdin: payload("service", [], '{"Labels": {"x": "9000/tcp", "PublishedPort": "9000"}}'),
                }),
            ],
            [open("tcp 9000", "0.0.0.0/0, ::/0", "none")],
        ],
    ]);
});

const ssh = (rule: string, from: string) =>
    `firewall "all" lets ${rule} in from ${from}: that is everywhere (more public addresses than a /8 of IPv4 or a ` +
    "/16 of IPv6 has), so every scanner tries its passwords, and the next hole in sshd is open to all. Allowed: in " +
    "swarm:sshFrom, the ranges of those who log in and of the machine that runs Pulumi; or, in the policy config, " +
    '"ssh-not-from-everywhere": { "allowSshFromAnywhere": true }';

describe("ssh-not-from-everywhere", () => {
    table(sshNotFromEverywhere, [
        ["from an office", firewall(tcp("22", OFFICE)), []],
        ["from a tag", firewall(tcp("22", [], { sourceTags: ["x"] })), []],
        ["another port from everywhere", firewall(tcp("80", WORLD)), []],
        ["the same number in UDP", firewall(udp("22", WORLD)), []],
        ["no rules", firewall(), []],
        ["from everywhere", firewall(tcp("22", WORLD)), [ssh("tcp 22", "0.0.0.0/0, ::/0")]],
        ["from everywhere of IPv6", firewall(tcp("22", ["::/0"])), [ssh("tcp 22", "::/0")]],
        ["within a range of ports", firewall(tcp("20-25", WORLD)), [ssh("tcp 20-25", "0.0.0.0/0, ::/0")]],
        ["among all ports", firewall(tcp("all", WORLD)), [ssh("tcp all", "0.0.0.0/0, ::/0")]],
        [
            "in parts of a /8 each, a rule for each",
            firewall(...PARTS.map((part) => tcp("22", [part]))),
            [ssh("tcp 22", `${PARTS.slice(0, 10).join(", ")}, 190 more`)],
        ],
        [
            "in halves by two rules of other ranges",
            firewall(tcp("20-22", HALVES.slice(0, 1)), tcp("22-25", HALVES.slice(1))),
            [ssh("tcp 20-22", "0.0.0.0/1"), ssh("tcp 22-25", "128.0.0.0/1")],
        ],
        [
            "with an office beside it",
            firewall(tcp("22", [...OFFICE, "0.0.0.0/0"])),
            [ssh("tcp 22", "203.0.113.0/24, 0.0.0.0/0")],
        ],
        ["from a quarter of the internet", firewall(tcp("22", ["0.0.0.0/2"])), [ssh("tcp 22", "0.0.0.0/2")]],
        ["the config says so", firewall(tcp("22", WORLD)), [], { allowSshFromAnywhere: true }],
        [
            "the config says no",
            firewall(tcp("22", WORLD)),
            [ssh("tcp 22", "0.0.0.0/0, ::/0")],
            { allowSshFromAnywhere: false },
        ],
    ]);
});

const inside = (rule: string, from: string, ports: string, own = "swarm-dev") =>
    `firewall "all" lets ${rule} in from ${from}, and in it ${ports}. Allowed: sources by the firewall's own tags ` +
    `alone (${own})`;

const WHY = {
    api: "whoever reaches Docker's API is root on the node",
    control: "the managers answer there to whoever has a join token",
    gossip: "the nodes tell one another there who is in the swarm",
    overlay: "overlay networks take every packet there, from whomever it comes",
};

describe("swarm-ports-inside-only", () => {
    const fromNodes = { sourceTags: ["swarm-dev"] };
    table(swarmPortsInsideOnly, [
        [
            "from the stack's own nodes",
            firewall(tcp("2377", [], fromNodes), tcp("7946", [], fromNodes), {
                ...udp("4789", []),
                ...fromNodes,
            }),
            [],
        ],
        ["other ports from anywhere", firewall(tcp("80", WORLD), udp("2377", WORLD), tcp("4789", WORLD)), []],
        [
            "2377 from everywhere",
            firewall(tcp("2377", WORLD)),
            [inside("tcp 2377", "0.0.0.0/0, ::/0", `2377 (${WHY.control})`)],
        ],
        [
            "7946 from an office",
            firewall(tcp("7946", OFFICE)),
            [inside("tcp 7946", "203.0.113.0/24", `7946 (${WHY.gossip})`)],
        ],
        [
            "7946 in UDP",
            firewall(udp("7946", OFFICE)),
            [inside("udp 7946", "203.0.113.0/24", `7946 (${WHY.gossip})`)],
        ],
        [
            "4789 from a private range",
            firewall(udp("4789", ["10.0.0.0/8"])),
            [inside("udp 4789", "10.0.0.0/8", `4789 (${WHY.overlay})`)],
        ],
        [
            "Docker's API",
            firewall(tcp("2375", OFFICE)),
            [inside("tcp 2375", "203.0.113.0/24", `2375 (${WHY.api})`)],
        ],
        [
            "Docker's API with TLS",
            firewall(tcp("2376", OFFICE)),
            [inside("tcp 2376", "203.0.113.0/24", `2376 (${WHY.api})`)],
        ],
        [
            "a range over several",
            firewall(tcp("2000-8000", OFFICE)),
            [
                inside(
                    "tcp 2000-8000",
                    "203.0.113.0/24",
                    `2375 (${WHY.api}), 2376 (${WHY.api}), 2377 (${WHY.control}), 7946 (${WHY.gossip})`,
                ),
            ],
        ],
        [
            "from a tag of others",
            firewall(tcp("2377", [], { sourceTags: ["swarm-dev", "bastion"] })),
            [inside("tcp 2377", "tag bastion", `2377 (${WHY.control})`)],
        ],
        [
            "from a load balancer, a cluster and a droplet",
            firewall(
                tcp("2377", [], {
                    sourceDropletIds: [7],
                    sourceLoadBalancerUids: ["l"],
                    sourceKubernetesIds: ["k"],
                }),
            ),
            [inside("tcp 2377", "droplet 7, load balancer l, Kubernetes cluster k", `2377 (${WHY.control})`)],
        ],
        [
            "without tags of its own",
            resource("firewall", "all", { inboundRules: [tcp("2377", OFFICE)] }),
            [inside("tcp 2377", "203.0.113.0/24", `2377 (${WHY.control})`, "none")],
        ],
        ["nothing known of its rules", resource("firewall", "all", { inboundRules: UNKNOWN }), []],
    ]);
});
