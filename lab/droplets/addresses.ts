import ipaddr from "ipaddr.js";

/** An IPv4 range as a network of the engine sees it. */
export interface Range {
    readonly cidr: string;
    /** The first address, which the host's bridge takes. */
    readonly gateway: string;
    readonly netmask: string;
}

/** @throws Error if `cidr` is no IPv4 range. */
export function rangeOf(cidr: string): Range {
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr))
        throw new Error(`"${cidr}" is no IPv4 range; it must look like 10.10.0.0/24.`);
    const length = ipaddr.IPv4.parseCIDR(cidr)[1];
    return {
        cidr,
        gateway: nth(cidr, 1),
        netmask: ipaddr.IPv4.subnetMaskFromPrefixLength(length).toString(),
    };
}

/** The address `index` places after the range's own. */
export function nth(cidr: string, index: number): string {
    return fromNumber(toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()) + index);
}

/**
 * The next free address: the first after `last` that nobody has, from the start of the range again after
 * its end. So an address rests as long as possible before another droplet gets it, and nobody takes the
 * new machine for the old one by a stale entry.
 *
 * @param first index of the lowest address that may be given out, within the range.
 * @param last address given out before, or undefined at the beginning.
 * @throws Error if the range has no free address left.
 */
export function nextFree(
    cidr: string,
    first: number,
    taken: ReadonlySet<string>,
    last: string | undefined,
): string {
    const low = toNumber(nth(cidr, first));
    const high = toNumber(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString()) - 1;
    const start = last === undefined ? low : toNumber(last) + 1;
    const count = high - low + 1;
    for (let step = 0; step < count; step++) {
        const address = fromNumber(low + ((((start - low) % count) + step + count) % count));
        if (!taken.has(address)) return address;
    }
    throw new Error(`No free address is left in ${cidr}: ${taken.size} are taken.`);
}

function toNumber(address: string): number {
    return ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function fromNumber(value: number): string {
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}
