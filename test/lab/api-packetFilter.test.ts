import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
    type FirewallRules,
    packetFilter,
    portRange,
    type Rule,
    toCidr,
} from "../../lab/api/packetFilter.ts";
import type { PacketFilter } from "../../lab/machines.ts";

const tcp = (ports: string, target: Rule["target"]): Rule => ({ protocol: "tcp", ports, target });
const world = { addresses: ["0.0.0.0/0", "::/0"] };
const firewall = (parts: Partial<FirewallRules>): FirewallRules => ({
    tags: [],
    dropletIds: [],
    inbound: [],
    outbound: [],
    ...parts,
});

const manager = { id: 1, tags: ["manager", "all"], addresses: ["172.31.200.10", "10.160.0.10"] };
const worker = { id: 2, tags: ["worker", "all"], addresses: ["172.31.200.11", "10.160.0.11"] };
const unborn = { id: 3, tags: ["worker", "all"], addresses: [] };

const CASES: readonly { name: string; firewalls: FirewallRules[]; wanted: PacketFilter }[] = [
    { name: "no firewall at all: everything passes", firewalls: [], wanted: null },
    {
        name: "a firewall of other tags and droplets does not count",
        firewalls: [firewall({ tags: ["worker"], dropletIds: [2], inbound: [tcp("22", world)] })],
        wanted: null,
    },
    {
        name: "covered by tag: only what a rule opens passes",
        firewalls: [firewall({ tags: ["manager"], inbound: [tcp("22", world)] })],
        wanted: {
            inbound: [{ protocol: "tcp", ports: { from: 22, to: 22 }, cidrs: ["0.0.0.0/0", "::/0"] }],
            outbound: [],
        },
    },
    {
        name: "covered by ID, outbound",
        firewalls: [
            firewall({ dropletIds: [1], outbound: [tcp("8000-9000", { addresses: ["192.0.2.7"] })] }),
        ],
        wanted: {
            inbound: [],
            outbound: [{ protocol: "tcp", ports: { from: 8000, to: 9000 }, cidrs: ["192.0.2.7/32"] }],
        },
    },
    {
        name: "a tag as source means both addresses of all its droplets, those without any left out",
        firewalls: [firewall({ tags: ["manager"], inbound: [tcp("2377", { tags: ["all"] })] })],
        wanted: {
            inbound: [
                {
                    protocol: "tcp",
                    ports: { from: 2377, to: 2377 },
                    cidrs: ["10.160.0.10/32", "10.160.0.11/32", "172.31.200.10/32", "172.31.200.11/32"],
                },
            ],
            outbound: [],
        },
    },
    {
        name: "a droplet and a load balancer as source",
        firewalls: [
            firewall({
                tags: ["all"],
                inbound: [tcp("80", { dropletIds: [2], loadBalancerIds: ["lb", "gone"] })],
            }),
        ],
        wanted: {
            inbound: [
                {
                    protocol: "tcp",
                    ports: { from: 80, to: 80 },
                    cidrs: ["10.160.0.11/32", "172.31.200.11/32", "203.0.113.1/32"],
                },
            ],
            outbound: [],
        },
    },
    {
        name: "the union of all firewalls that cover it, one rule for each protocol and range",
        firewalls: [
            firewall({ tags: ["all"], inbound: [tcp("22", { addresses: ["192.0.2.0/24"] })] }),
            firewall({
                tags: ["manager"],
                inbound: [
                    tcp("22", { addresses: ["198.51.100.1", "192.0.2.0/24"] }),
                    { protocol: "udp", ports: "22", target: { addresses: ["192.0.2.0/24"] } },
                ],
            }),
        ],
        wanted: {
            inbound: [
                { protocol: "tcp", ports: { from: 22, to: 22 }, cidrs: ["192.0.2.0/24", "198.51.100.1/32"] },
                { protocol: "udp", ports: { from: 22, to: 22 }, cidrs: ["192.0.2.0/24"] },
            ],
            outbound: [],
        },
    },
    {
        name: "icmp has no ports",
        firewalls: [firewall({ tags: ["all"], inbound: [{ protocol: "icmp", ports: "0", target: world }] })],
        wanted: { inbound: [{ protocol: "icmp", cidrs: ["0.0.0.0/0", "::/0"] }], outbound: [] },
    },
    {
        name: "a source that resolves to nothing opens nothing, but the droplet is covered",
        firewalls: [firewall({ tags: ["all"], inbound: [tcp("22", { tags: ["nobody"] }), tcp("80", {})] })],
        wanted: { inbound: [], outbound: [] },
    },
];

describe("packetFilter", () => {
    for (const { name, firewalls, wanted } of CASES) {
        test(name, () => {
            const network = {
                firewalls,
                droplets: [manager, worker, unborn],
                loadBalancers: new Map([["lb", "203.0.113.1"]]),
            };
            assert.deepEqual(packetFilter(manager, network), wanted);
        });
    }
});

test("portRange", () => {
    assert.deepEqual(["22", "8000-9000", "0"].map(portRange), [
        { from: 22, to: 22 },
        { from: 8000, to: 9000 },
        { from: 1, to: 65535 },
    ]);
});

test("toCidr gives single addresses their length and takes host bits off", () => {
    assert.deepEqual(
        ["192.0.2.1", "192.0.2.1/24", "2001:db8::1", "2001:db8::1/64", "0.0.0.0/0"].map(toCidr),
        ["192.0.2.1/32", "192.0.2.0/24", "2001:db8::1/128", "2001:db8::/64", "0.0.0.0/0"],
    );
});
