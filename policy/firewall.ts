/** Arithmetic of firewall rules: which ports, and whether "from there" is from everywhere. */

import ipaddr from "ipaddr.js";
import { type Seen, texts } from "./rule.ts";

/** One opening of a firewall, as far as it was understood. */
export interface Opening {
    readonly protocol: string;
    /** First and last port; undefined for ICMP, which has none. */
    readonly ports: readonly [first: number, last: number] | undefined;
    /** As the rule has it: "22", "8000-8010", "all"; empty where it has none. */
    readonly range: string;
    readonly addresses: readonly string[];
    readonly tags: readonly string[];
    readonly dropletIds: readonly string[];
    /** Load balancers and Kubernetes clusters, each with what it is. */
    readonly others: readonly string[];
}

const LAST_PORT = 65_535;

/** All inbound openings of a firewall; none while they are unknown. */
export function openings(firewall: Pick<Seen, "properties">): Opening[] {
    const { inboundRules } = firewall.properties;
    return Array.isArray(inboundRules) ? inboundRules.map((rule) => opening(rule ?? {})) : [];
}

function opening(rule: Record<string, unknown>): Opening {
    const protocol = `${rule.protocol ?? ""}`.toLowerCase();
    const range = typeof rule.portRange === "string" ? rule.portRange.trim() : "";
    return {
        protocol,
        range,
        ports: protocol === "icmp" ? undefined : portsOf(range),
        addresses: texts(rule.sourceAddresses),
        tags: texts(rule.sourceTags),
        dropletIds: Array.isArray(rule.sourceDropletIds) ? rule.sourceDropletIds.map(String) : [],
        others: [
            ...texts(rule.sourceLoadBalancerUids).map((uid) => `load balancer ${uid}`),
            ...texts(rule.sourceKubernetesIds).map((id) => `Kubernetes cluster ${id}`),
        ],
    };
}

/**
 * First and last port of a range. DigitalOcean has "0" and "all" mean every port, and so does a range that cannot be
 * read here: better one question too many than an open port.
 * https://docs.digitalocean.com/reference/api/digitalocean/#tag/Firewalls
 */
export function portsOf(range: string): readonly [first: number, last: number] {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
    if (first === undefined || Number(first) === 0 || Number(last) > LAST_PORT) return [1, LAST_PORT];
    return [Number(first), Number(last)];
}

export function opens(at: Opening, port: number): boolean {
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

/** "tcp 22", "udp 8000-8010", "icmp". */
export const what = ({ protocol, range }: Opening): string => [protocol, range].filter(Boolean).join(" ");

/** All that an opening lets in. */
export function sources(at: Opening): string {
    return [
        ...at.addresses,
        ...at.tags.map((tag) => `tag ${tag}`),
        ...at.dropletIds.map((id) => `droplet ${id}`),
        ...at.others,
    ].join(", ");
}
