import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { filterText } from "../../lab/droplets/packetFilter.ts";
import type { PacketRule } from "../../lab/machines.ts";

const all = ["0.0.0.0/0", "::/0"];

describe("filterText", () => {
    test("no firewall: no table", () =>
        assert.equal(filterText(null), "add table inet cloud\ndelete table inet cloud\n"));

    test("a firewall without rules closes everything", () =>
        assert.equal(
            filterText({ inbound: [], outbound: [] }),
            `add table inet cloud
delete table inet cloud
table inet cloud {
    chain inbound {
        type filter hook prerouting priority -150; policy accept;
        iifname != { "eth0", "eth1" } accept
        ct state established,related accept
        drop
    }
    chain outbound {
        type filter hook postrouting priority 50; policy accept;
        oifname != { "eth0", "eth1" } accept
        ct state established,related accept
        drop
    }
}
`,
        ));

    const cases: [string, PacketRule, string[]][] = [
        [
            "one port from anywhere",
            { protocol: "tcp", ports: { from: 22, to: 22 }, cidrs: all },
            ["ip saddr 0.0.0.0/0 tcp dport 22 accept", "ip6 saddr ::/0 tcp dport 22 accept"],
        ],
        [
            "a range of ports from one host",
            { protocol: "udp", ports: { from: 1, to: 65535 }, cidrs: ["10.10.0.2/32"] },
            ["ip saddr 10.10.0.2/32 udp dport 1-65535 accept"],
        ],
        [
            "several hosts",
            { protocol: "tcp", ports: { from: 2377, to: 2377 }, cidrs: ["10.0.0.2/32", "10.0.0.3/32"] },
            ["ip saddr { 10.0.0.2/32, 10.0.0.3/32 } tcp dport 2377 accept"],
        ],
        [
            "ranges within ranges, which nftables refuses in one set",
            {
                protocol: "tcp",
                ports: { from: 80, to: 80 },
                cidrs: ["10.0.0.2/32", "10.0.0.0/8", "10.0.0.2/32", "192.0.2.0/24"],
            },
            ["ip saddr { 10.0.0.0/8, 192.0.2.0/24 } tcp dport 80 accept"],
        ],
        [
            "icmp of both families",
            { protocol: "icmp", cidrs: all },
            ["ip saddr 0.0.0.0/0 meta l4proto icmp accept", "ip6 saddr ::/0 meta l4proto ipv6-icmp accept"],
        ],
        ["nobody", { protocol: "tcp", ports: { from: 80, to: 80 }, cidrs: [] }, []],
    ];
    for (const [what, rule, expected] of cases) {
        test(`inbound: ${what}`, () => {
            const text = filterText({ inbound: [rule], outbound: [] });
            assert.deepEqual(openings(text, "inbound"), expected);
            assert.deepEqual(openings(text, "outbound"), []);
        });
        test(`outbound: ${what}`, () => {
            const text = filterText({ inbound: [], outbound: [rule] });
            const mirrored = expected.map((line) => line.replace("saddr", "daddr"));
            assert.deepEqual(openings(text, "outbound"), mirrored);
            assert.deepEqual(openings(text, "inbound"), []);
        });
    }
});

/** The lines of a chain between what always comes first and the final drop. */
function openings(text: string, chain: string): string[] {
    const lines = text.split("\n").map((line) => line.trim());
    const start = lines.indexOf(`chain ${chain} {`) + 4;
    return lines.slice(start, lines.indexOf("drop", start));
}
