import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isEverywhere, portsOf } from "../../model/openings.ts";
import { openings, sources, what } from "../../policy/firewall.ts";
import { UNKNOWN } from "../../policy/rule.ts";

describe("the ports of a range", () => {
    for (const [range, first, last] of [
        ["22", 22, 22],
        ["8000-8010", 8000, 8010],
        ["1-65535", 1, 65535],
        ["0", 1, 65535],
        ["all", 1, 65535],
        ["", 1, 65535],
        ["70000", 1, 65535],
        ["22,80", 1, 65535],
    ] as const) {
        test(`${JSON.stringify(range)} is ${first} to ${last}`, () =>
            assert.deepEqual(portsOf(range), [first, last]));
    }
});

describe("everywhere", () => {
    for (const ranges of [
        ["0.0.0.0/0"],
        ["::/0"],
        ["203.0.113.7", "::/0"],
        ["0.0.0.0/1", "128.0.0.0/1"],
        ["64.0.0.0/7"],
        ["2000::/3"],
        ["2001::/15"],
        ["8.0.0.0/8", "9.0.0.0/32"],
        ["8.0.0.0/9", "8.128.0.0/9", "203.0.113.7/32"],
        // Private addresses, and three times a /8 beside them.
        ["8.0.0.0/6"],
        ["203.0.113.7/0"],
    ]) {
        test(ranges.join(", "), () => assert.equal(isEverywhere(ranges), true));
    }
    for (const ranges of [
        [],
        ["203.0.113.7"],
        ["203.0.113.7/32", "2001:db8::/32"],
        ["8.0.0.0/8"],
        // The same addresses twice are not twice as many.
        ["8.0.0.0/8", "8.0.0.0/8", "8.1.0.0/16"],
        ["2001::/16"],
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"],
        ["fc00::/7", "fe80::/10"],
        // Half of them private.
        ["10.0.0.0/7"],
        ["office.example.com"],
    ]) {
        test(`not ${ranges.join(", ") || "nothing"}`, () => assert.equal(isEverywhere(ranges), false));
    }

    test("to cut a range into its halves changes nothing", () => {
        fc.assert(
            fc.property(fc.nat({ max: 0xffff_ffff }), fc.integer({ min: 0, max: 15 }), (address, length) => {
                const whole = cidr(address, length);
                const size = 2 ** (32 - length);
                const begin = Math.floor(address / size) * size;
                const halves = [cidr(begin, length + 1), cidr(begin + size / 2, length + 1)];
                assert.equal(isEverywhere(halves), isEverywhere([whole]), `${whole}: ${halves}`);
            }),
        );
    });

    test("more ranges are never less of everywhere", () => {
        const range = fc.tuple(fc.nat({ max: 0xffff_ffff }), fc.integer({ min: 4, max: 32 }));
        fc.assert(
            fc.property(fc.array(range), range, (ranges, one) => {
                const texts = ranges.map(([address, length]) => cidr(address, length));
                if (isEverywhere(texts)) assert.equal(isEverywhere([...texts, cidr(...one)]), true);
            }),
        );
    });
});

const cidr = (address: number, length: number) =>
    `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".")}/${length}`;

describe("openings", () => {
    test("as the plugin has them as inputs, and as outputs", () => {
        const input = { protocol: "tcp", portRange: "22", sourceAddresses: ["0.0.0.0/0"], __defaults: [] };
        const output = {
            protocol: "TCP",
            portRange: "80-90",
            sourceAddresses: [],
            sourceDropletIds: [7],
            sourceKubernetesIds: ["k"],
            sourceLoadBalancerUids: ["l"],
            sourceTags: ["t"],
        };
        const icmp = { protocol: "icmp", portRange: null, sourceAddresses: ["::/0"] };
        assert.deepEqual(
            openings({ properties: { inboundRules: [input, output, icmp] } }).map((at) => [
                what(at),
                at.ports,
                sources(at),
            ]),
            [
                ["tcp 22", [22, 22], "0.0.0.0/0"],
                ["tcp 80-90", [80, 90], "tag t, droplet 7, load balancer l, Kubernetes cluster k"],
                ["icmp", undefined, "::/0"],
            ],
        );
    });

    test("none where there are none, or none are known", () => {
        for (const inboundRules of [undefined, null, [], UNKNOWN]) {
            assert.deepEqual(openings({ properties: { inboundRules } }), []);
        }
    });

    test("of an unknown rule nothing is made up", () => {
        assert.deepEqual(sources(openings({ properties: { inboundRules: [UNKNOWN] } })[0] as never), "");
    });
});
