/**
 * IP ranges: reading them, comparing them, and those that a stack has to keep clear of.
 */

import ipaddr from "ipaddr.js";
import { Refused } from "./problems.ts";

/** A range that others use already. */
interface TakenRange {
    readonly cidr: string;
    readonly by: string;
}

/** RFC 1918, section 3. */
const PRIVATE_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/**
 * Ranges that are on every droplet, or that the cloud refuses.
 *
 * - Docker Engine takes the subnets of `docker0`, `docker_gwbridge` and other local networks from 172.17.0.0/16 to
 *   172.31.0.0/16 and then from 192.168.0.0/16 (its default address pools).
 * - DigitalOcean reserves four ranges in every region, and 10.10.0.0/16 in nyc1, for its own use
 *   (docs.digitalocean.com, "Plan your network" and the VPC release notes).
 */
export const TAKEN_RANGES: readonly TakenRange[] = [
    ...Array.from({ length: 15 }, (_, i) => ({
        cidr: `172.${17 + i}.0.0/16`,
        by: "Docker's local networks",
    })),
    { cidr: "192.168.0.0/16", by: "Docker's local networks" },
    { cidr: "10.229.0.0/16", by: "DigitalOcean itself" },
    { cidr: "10.244.0.0/16", by: "DigitalOcean itself" },
    { cidr: "10.245.0.0/16", by: "DigitalOcean itself" },
    { cidr: "10.246.0.0/24", by: "DigitalOcean itself" },
];

/**
 * Each droplet has an anchor address for reserved IPs on its public interface, with a route to a /16 of its region.
 * The ranges are not published; those seen lie well below 10.64.0.0. They matter for overlay networks alone:
 * DigitalOcean keeps a VPC and the anchors apart itself, but of what is inside the swarm it knows nothing.
 */
const ANCHORS: TakenRange = { cidr: "10.0.0.0/10", by: "the anchor addresses of droplets" };

/** Sizes of a VPC that DigitalOcean offers. */
const VPC_PREFIX = { widest: 16, narrowest: 28 };

/**
 * Addresses of a VPC that no droplet gets: network, broadcast, gateway "and a few others"
 * (docs.digitalocean.com, "Plan your network"); five in all on the safe side.
 */
const VPC_RESERVED = 5;

/** Addresses of an overlay network that no task gets: network, gateway, broadcast. */
const OVERLAY_RESERVED = 3;

/** Docker refuses longer ones: its own load balancing needs several addresses of each network. */
export const LONGEST_OVERLAY_MASK = 29;

export const VPC_ALLOWED =
    `a private IPv4 range (RFC 1918) from /${VPC_PREFIX.widest} to /${VPC_PREFIX.narrowest} such as ` +
    `"10.120.0.0/20", apart from swarm:overlayPool, Docker's local networks and DigitalOcean's own ranges, ` +
    "with room for twice the nodes";

export const POOL_ALLOWED =
    'a private IPv4 range (RFC 1918) such as "10.200.0.0/16", apart from swarm:vpcIpRange, ' +
    "Docker's local networks and DigitalOcean's own ranges";

export const SSH_FROM_ALLOWED =
    'a list of IPv4 or IPv6 ranges such as ["203.0.113.7/32", "2001:db8::/48"], at least one; ' +
    '"0.0.0.0/0" and "::/0" open port 22 to the whole world';

/**
 * Reads an IPv4 range whose address is the first of the range.
 *
 * @throws Refused Anything else, a range with host bits set included: one of the two numbers is then a mistake.
 */
export function ipv4Range(text: string): string {
    // Four plain decimal parts only: the library, like inet_aton, would take "10.1/16" and octal numbers too.
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) {
        throw new Refused("is not an IPv4 range");
    }
    return aligned(text);
}

/** Reads an IPv4 or IPv6 range, or a single address, and writes it in the usual form (RFC 5952 for IPv6). */
export function ipRange(text: string): string {
    if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
        return `${text}/32`;
    }
    if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) {
        return aligned(text);
    }
    // A zone ("%eth0") means something on one machine only.
    if (!text.includes(":") || text.includes("%")) {
        throw new Refused("is not an IP range");
    }
    if (ipaddr.IPv6.isValid(text)) {
        return `${ipaddr.IPv6.parse(text).toRFC5952String()}/128`;
    }
    if (ipaddr.IPv6.isValidCIDR(text)) {
        return aligned(text);
    }
    throw new Refused("is not an IP range");
}

function aligned(text: string): string {
    const [address, prefix] = ipaddr.parseCIDR(text);
    const network =
        address.kind() === "ipv4"
            ? ipaddr.IPv4.networkAddressFromCIDR(text)
            : ipaddr.IPv6.networkAddressFromCIDR(text);
    if (network.toNormalizedString() !== address.toNormalizedString()) {
        throw new Refused(`is not at the start of its range, which is ${plain(network)}/${prefix}`);
    }
    return `${plain(network)}/${prefix}`;
}

function plain(address: ipaddr.IPv4 | ipaddr.IPv6): string {
    return address.kind() === "ipv4" ? address.toString() : (address as ipaddr.IPv6).toRFC5952String();
}

/** Number of leading bits that a range fixes. */
export function prefixLength(cidr: string): number {
    return ipaddr.parseCIDR(cidr)[1];
}

/** Whether two IPv4 ranges share an address. */
export function overlapping(a: string, b: string): boolean {
    const [addressA, prefixA] = ipaddr.IPv4.parseCIDR(a);
    const [addressB, prefixB] = ipaddr.IPv4.parseCIDR(b);
    return addressA.match([addressB, Math.min(prefixA, prefixB)]);
}

/** Whether all of the IPv4 range `inner` lies within `outer`. */
export function contains(outer: string, inner: string): boolean {
    return prefixLength(outer) <= prefixLength(inner) && overlapping(outer, inner);
}

/**
 * Reads a range for a network of the stack's own.
 *
 * @throws Refused A range that is not private or that somebody uses already.
 */
export function ownRange(text: string): string {
    const cidr = ipv4Range(text);
    if (!PRIVATE_RANGES.some((range) => contains(range, cidr))) {
        throw new Refused("is not a private range");
    }
    return apartFrom(TAKEN_RANGES, cidr);
}

/** Reads the range that overlay networks get their subnets from. */
export function poolRange(text: string): string {
    return apartFrom([ANCHORS], ownRange(text));
}

function apartFrom(ranges: readonly TakenRange[], cidr: string): string {
    const taken = ranges.find((range) => overlapping(range.cidr, cidr));
    if (taken !== undefined) {
        throw new Refused(`overlaps ${taken.cidr}, used by ${taken.by}`);
    }
    return cidr;
}

/** Reads the range of the VPC. */
export function vpcRange(text: string): string {
    const cidr = ownRange(text);
    const prefix = prefixLength(cidr);
    if (prefix < VPC_PREFIX.widest || prefix > VPC_PREFIX.narrowest) {
        throw new Refused(`has a prefix of /${prefix}`);
    }
    return cidr;
}

/** Number of droplets that a VPC of this range holds. */
export function vpcRoom(cidr: string): number {
    return 2 ** (32 - prefixLength(cidr)) - VPC_RESERVED;
}

/** Number of addresses that Docker can give out on an overlay network with this prefix length. */
export function overlayRoom(maskLength: number): number {
    return 2 ** (32 - maskLength) - OVERLAY_RESERVED;
}

/** Number of overlay networks that a pool holds. */
export function overlayNetworks(pool: string, maskLength: number): number {
    return 2 ** (maskLength - prefixLength(pool));
}
