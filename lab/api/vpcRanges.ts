import ipaddr from "ipaddr.js";
import { unprocessable } from "./errors.ts";

/** An IPv4 range as the first address and the number of fixed bits. */
interface Range {
    readonly start: number;
    readonly bits: number;
}

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(toRange);
/** Ranges that DigitalOcean keeps for itself (quoted by its users; its own page confirms that there are some). */
const RESERVED = ["10.229.0.0/16", "10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24"].map(toRange);
/** Where ranges are chosen from when a request names none: far from the small 10.x that people pick. */
const POOL = toRange("10.100.0.0/14");
const POOL_BITS = 20;

function toRange(cidr: string): Range {
    const [address, bits] = ipaddr.IPv4.parseCIDR(cidr);
    const [a = 0, b = 0, c = 0, d = 0] = address.octets;
    return { start: ((a * 256 + b) * 256 + c) * 256 + d, bits };
}

const sizeOf = (range: Range) => 2 ** (32 - range.bits);
const overlaps = (a: Range, b: Range) => a.start < b.start + sizeOf(b) && b.start < a.start + sizeOf(a);
const within = (inner: Range, outer: Range) => inner.bits >= outer.bits && overlaps(inner, outer);

function toText(range: Range): string {
    const octets = [24, 16, 8, 0].map((shift) => Math.floor(range.start / 2 ** shift) % 256);
    return `${octets.join(".")}/${range.bits}`;
}

/**
 * Checks the range of a new VPC: RFC 1918, /16 to /28, overlapping neither the account's other VPCs
 * (`taken`) nor the service's own ranges.
 * @returns the range in its plain form
 * @throws ApiError 422 with a text that says which rule was broken
 */
export function checkVpcRange(ipRange: string, taken: readonly string[]): string {
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(ipRange)) {
        throw unprocessable(`ip_range ${JSON.stringify(ipRange)} is not an IPv4 CIDR`);
    }
    const range = toRange(ipRange);
    if (range.start % sizeOf(range) !== 0) {
        throw unprocessable(`ip_range ${ipRange} has host bits set`);
    }
    if (range.bits < 16 || range.bits > 28) {
        throw unprocessable(`ip_range ${ipRange} must be between /16 and /28`);
    }
    if (!PRIVATE.some((outer) => within(range, outer))) {
        throw unprocessable(`ip_range ${ipRange} must be in a private range of RFC 1918`);
    }
    const reserved = RESERVED.find((other) => overlaps(range, other));
    if (reserved !== undefined) {
        throw unprocessable(`ip_range ${ipRange} overlaps with the reserved range ${toText(reserved)}`);
    }
    if (taken.some((other) => overlaps(range, toRange(other)))) {
        // Service text.
        throw unprocessable("This range/size overlaps with another VPC network in your account.");
    }
    return toText(range);
}

/** The first /20 of the pool that is free. */
export function chooseVpcRange(taken: readonly string[]): string {
    const step = 2 ** (32 - POOL_BITS);
    for (let start = POOL.start; start < POOL.start + sizeOf(POOL); start += step) {
        const range = { start, bits: POOL_BITS };
        if (!taken.some((other) => overlaps(range, toRange(other)))) {
            return toText(range);
        }
    }
    throw unprocessable("No range is left for another VPC network in your account.");
}
