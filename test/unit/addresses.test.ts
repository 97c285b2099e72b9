import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
    contains,
    ipRange,
    ipv4Range,
    overlapping,
    overlayNetworks,
    overlayRoom,
    ownRange,
    poolRange,
    TAKEN_RANGES,
    vpcRange,
    vpcRoom,
} from "../../model/addresses.ts";

describe("ranges for SSH", () => {
    for (const [text, normal] of [
        ["203.0.113.7/32", "203.0.113.7/32"],
        ["203.0.113.7", "203.0.113.7/32"],
        ["0.0.0.0/0", "0.0.0.0/0"],
        ["::/0", "::/0"],
        ["2001:DB8:0:0::/48", "2001:db8::/48"],
        ["2001:db8::1", "2001:db8::1/128"],
    ] as const) {
        test(`${text} is ${normal}`, () => assert.equal(ipRange(text), normal));
    }

    for (const [text, why] of [
        ["203.0.113.7/24", "is not at the start of its range, which is 203.0.113.0/24"],
        ["2001:db8::1/48", "is not at the start of its range, which is 2001:db8::/48"],
        ["203.0.113.0/33", "is not an IP range"],
        ["203.0.113/24", "is not an IP range"],
        ["0313.0.113.7/32", "is not an IP range"],
        ["0x7f000001/32", "is not an IP range"],
        ["2001:db8::/129", "is not an IP range"],
        ["fe80::%eth0/64", "is not an IP range"],
        ["office.example.com", "is not an IP range"],
        ["", "is not an IP range"],
    ] as const) {
        test(`${JSON.stringify(text)} is refused`, () => {
            assert.throws(() => ipRange(text), { name: "Refused", message: why });
        });
    }
});

describe("ranges of the stack's own", () => {
    for (const [text, why] of [
        ["10.120.0.1/20", "is not at the start of its range, which is 10.120.0.0/20"],
        ["10.120.0.0", "is not an IPv4 range"],
        ["fd00::/64", "is not an IPv4 range"],
        ["203.0.113.0/24", "is not a private range"],
        ["100.64.0.0/16", "is not a private range"],
        ["8.0.0.0/6", "is not a private range"],
        ["172.17.0.0/24", "overlaps 172.17.0.0/16, used by Docker's local networks"],
        ["172.31.255.0/24", "overlaps 172.31.0.0/16, used by Docker's local networks"],
        ["172.16.0.0/12", "overlaps 172.17.0.0/16, used by Docker's local networks"],
        ["192.168.7.0/24", "overlaps 192.168.0.0/16, used by Docker's local networks"],
        ["10.229.1.0/24", "overlaps 10.229.0.0/16, used by DigitalOcean itself"],
        ["10.244.0.0/16", "overlaps 10.244.0.0/16, used by DigitalOcean itself"],
        ["10.245.128.0/20", "overlaps 10.245.0.0/16, used by DigitalOcean itself"],
        ["10.246.0.0/16", "overlaps 10.246.0.0/24, used by DigitalOcean itself"],
    ] as const) {
        test(`${text} is refused`, () => {
            assert.throws(() => ownRange(text), { name: "Refused", message: why });
        });
    }

    test("an overlay pool keeps off the anchor addresses, a VPC may be anywhere the cloud gives it", () => {
        const message = "overlaps 10.0.0.0/10, used by the anchor addresses of droplets";
        assert.throws(() => poolRange("10.17.0.0/20"), { name: "Refused", message });
        assert.equal(vpcRange("10.17.0.0/20"), "10.17.0.0/20");
    });

    test("what lies beside the ranges in use is taken", () => {
        assert.equal(ownRange("10.64.0.0/16"), "10.64.0.0/16");
        assert.equal(ownRange("172.16.0.0/16"), "172.16.0.0/16");
        assert.equal(ownRange("10.246.1.0/24"), "10.246.1.0/24");
    });

    test("a VPC has a prefix from /16 to /28", () => {
        assert.equal(vpcRange("10.120.0.0/16"), "10.120.0.0/16");
        assert.equal(vpcRange("10.120.0.0/28"), "10.120.0.0/28");
        assert.throws(() => vpcRange("10.120.0.0/15"), { name: "Refused", message: "has a prefix of /15" });
        assert.throws(() => vpcRange("10.120.0.0/29"), { name: "Refused", message: "has a prefix of /29" });
    });

    test("room is counted without the reserved addresses", () => {
        assert.equal(vpcRoom("10.120.0.0/28"), 11);
        assert.equal(overlayRoom(24), 253);
        assert.equal(overlayNetworks("10.200.0.0/16", 24), 256);
        assert.equal(overlayNetworks("10.200.0.0/24", 24), 1);
    });

    test("every range in use is a range", () => {
        for (const { cidr } of TAKEN_RANGES) {
            assert.equal(ipv4Range(cidr), cidr);
        }
    });
});

interface Block {
    text: string;
    first: number;
    last: number;
}

/** An aligned range, with its bounds as integers reckoned apart from the code under test. */
const block: fc.Arbitrary<Block> = fc
    .record({ at: fc.nat(2 ** 32 - 1), prefix: fc.nat(32), near: fc.boolean() })
    .map(({ at, prefix, near }) => {
        const size = 2 ** (32 - prefix);
        // Half of them in one /16, or overlaps would hardly ever come up.
        const place = near ? 0x0a780000 + (at % 65536) : at;
        const first = Math.floor(place / size) * size;
        const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
        return { text: `${octets.join(".")}/${prefix}`, first, last: first + size - 1 };
    });

describe("any two ranges", () => {
    test("overlap when, as integers, neither ends before the other begins", () => {
        fc.assert(
            fc.property(block, block, (a, b) => {
                const expected = a.first <= b.last && b.first <= a.last;
                assert.equal(overlapping(a.text, b.text), expected);
                assert.equal(overlapping(b.text, a.text), expected);
            }),
            { numRuns: 500 },
        );
    });

    test("contain one another as their integers do", () => {
        fc.assert(
            fc.property(block, block, (a, b) => {
                assert.equal(contains(a.text, b.text), a.first <= b.first && b.last <= a.last);
            }),
            { numRuns: 500 },
        );
    });

    test("are read when aligned, and refused with the right start when not", () => {
        fc.assert(
            fc.property(block, fc.nat(), ({ text, first, last }, offset) => {
                assert.equal(ipv4Range(text), text);
                const at = first + (offset % (last - first + 1));
                const octets = [24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256);
                const moved = `${octets.join(".")}/${text.split("/")[1]}`;
                if (moved === text) {
                    assert.equal(ipv4Range(moved), text);
                } else {
                    const message = `is not at the start of its range, which is ${text}`;
                    assert.throws(() => ipv4Range(moved), { name: "Refused", message });
                }
            }),
        );
    });
});
