/**
 * Arithmetic of firewall rules: which ports, and whether "from there" is from everywhere. The one place for it: the policy
 * pack, `swarm doctor` and `swarm plan` go by it.
 */

import ipaddr from "ipaddr.js";

/** All addresses, as a rule says it. */
export const ANYWHERE: readonly string[] = ["0.0.0.0/0", "::/0"];

export type Ports = readonly [first: number, last: number];

/** One opening of a firewall, as far as it was understood. */
export interface Opening {
    readonly protocol: string;
    /** Undefined for ICMP, which has none, and where they are not known. */
    readonly ports: Ports | undefined;
    /** As the rule has it: "22", "8000-8010", "all"; empty where it has none. */
    readonly range: string;
    readonly addresses: readonly string[];
    readonly tags: readonly string[];
    readonly dropletIds: readonly string[];
    /** Load balancers and Kubernetes clusters, each with what it is. */
    readonly others: readonly string[];
}

const LAST_PORT = 65_535;

/**
 * First and last port of a range. DigitalOcean has "0" and "all" mean every port, and so does a range that cannot be
 * read here: better one question too many than an open port.
 * https://docs.digitalocean.com/reference/api/digitalocean/#tag/Firewalls
 */
export function portsOf(range: string): Ports {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
    if (first === undefined || Number(first) === 0 || Number(last) > LAST_PORT) return [1, LAST_PORT];
    return [Number(first), Number(last)];
}

export function opens(at: Pick<Opening, "ports">, port: number): boolean {
    return at.ports !== undefined && at.ports[0] <= port && port <= at.ports[1];
}

/** More public addresses than these are everywhere: what a /8 has, and what a /16 has. */
const EVERYWHERE = { ipv4: 2n ** 24n, ipv6: 2n ** 112n };

/** How `isEverywhere` is told to people. */
export const EVERYWHERE_TEXT = "more public addresses than a /8 of IPv4 or a /16 of IPv6 has";

/**
 * Whether ranges hold so much of the internet together that they are no restriction: "0.0.0.0/0", and as well its two
 * halves, or each of its parts but one. What is no range counts for nothing.
 */
export function isEverywhere(ranges: readonly string[]): boolean {
    const read = ranges.flatMap((range) => asRange(range) ?? []);
    return (["ipv4", "ipv6"] as const).some((kind) => {
        const of = (list: readonly Range[]) => list.filter((range) => range.kind === kind);
        const beside = sizeOfUnion(of([...read, ...NOT_PUBLIC])) - sizeOfUnion(of(NOT_PUBLIC));
        return beside > EVERYWHERE[kind];
    });
}

interface Range {
    readonly kind: "ipv4" | "ipv6";
    /** First address, and the one after the last. */
    readonly first: bigint;
    readonly end: bigint;
}

/** RFC 1918, RFC 4193, and what means the machine or the link itself: nobody of the internet comes from there. */
const NOT_PUBLIC = [
    ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"],
    ...["fc00::/7", "fe80::/10", "::1/128"],
].flatMap((range) => asRange(range) ?? []);

/** An address without a prefix is a range of one. Undefined for what is neither. */
function asRange(text: string): Range | undefined {
    const cidr = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
    if (!ipaddr.isValidCIDR(cidr)) return undefined;
    const [address, length] = ipaddr.parseCIDR(cidr);
    const bytes = address.toByteArray();
    const size = 2n ** BigInt(8 * bytes.length - length);
    const number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const first = (number / size) * size;
    return { kind: address.kind(), first, end: first + size };
}

function sizeOfUnion(ranges: readonly Range[]): bigint {
    let size = 0n;
    let covered = 0n;
    for (const { first, end } of [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1))) {
        const from = first > covered ? first : covered;
        if (end > from) {
            size += end - from;
            covered = end;
        }
    }
    return size;
}

/**
 * The ports of an opening that everybody gets to. The addresses of rules count together, also of other firewalls: two halves
 * of the internet in two rules are all of it. Where another opening has a port open to everybody by itself, that one alone
 * is named for it.
 *
 * @param all The openings that it stands among. @returns ICMP as port 0.
 */
export function openToAll(at: Opening, all: readonly Opening[]): Ports[] {
    const portsAt = ({ ports = [0, 0] }: Opening): Ports => ports;
    const beside = all.filter((one) => one !== at && one.protocol === at.protocol);
    const [first, last] = portsAt(at);
    if (at.addresses.length === 0) return [];
    if (isEverywhere(at.addresses)) return [[first, last]];
    const edges = beside.flatMap((one) => [portsAt(one)[0], portsAt(one)[1] + 1]);
    const starts = [...new Set([first, ...edges.filter((port) => port > first && port <= last)])].sort(
        (a, b) => a - b,
    );
    return starts.flatMap((start, index): Ports[] => {
        const others = beside.filter((one) => portsAt(one)[0] <= start && start <= portsAt(one)[1]);
        const isWhole = isEverywhere([...at.addresses, ...others.flatMap(({ addresses }) => addresses)]);
        const isNamed = others.some(({ addresses }) => isEverywhere(addresses));
        return isWhole && !isNamed ? [[start, (starts[index + 1] ?? last + 1) - 1]] : [];
    });
}

/** Openings of one protocol and range as one, so that what comes of their addresses together is said once. */
export function joined(all: readonly Opening[]): Opening[] {
    return [...Map.groupBy(all, ({ protocol, range }) => `${protocol} ${range}`).values()].map((same) => {
        const of = (key: "addresses" | "tags" | "dropletIds" | "others") => [
            ...new Set(same.flatMap((one) => one[key])),
        ];
        const [one] = same as [Opening];
        return {
            ...one,
            addresses: of("addresses"),
            tags: of("tags"),
            dropletIds: of("dropletIds"),
            others: of("others"),
        };
    });
}

interface InsidePort {
    readonly port: number;
    readonly protocol: string;
    readonly why: string;
}

const DOCKER_API = "whoever reaches Docker's API is root on the node";

/**
 * What nobody but the nodes may get to.
 * https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts
 */
export const INSIDE_PORTS: readonly InsidePort[] = [
    { port: 2375, protocol: "tcp", why: DOCKER_API },
    { port: 2376, protocol: "tcp", why: DOCKER_API },
    { port: 2377, protocol: "tcp", why: "the managers answer there to whoever has a join token" },
    { port: 7946, protocol: "tcp", why: "the nodes tell one another there who is in the swarm" },
    { port: 7946, protocol: "udp", why: "the nodes tell one another there who is in the swarm" },
    { port: 4789, protocol: "udp", why: "overlay networks take every packet there, from whomever it comes" },
];

/** Sources that are none of the nodes that the firewall is for. */
export const outsiders = (at: Opening, own: readonly string[]): string[] => [
    ...at.addresses,
    ...at.tags.filter((tag) => !own.includes(tag)).map((tag) => `tag ${tag}`),
    ...at.dropletIds.map((id) => `droplet ${id}`),
    ...at.others,
];
