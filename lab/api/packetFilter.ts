import ipaddr from "ipaddr.js";
import type { PacketFilter, PacketRule } from "../machines.ts";

/** Who a rule speaks of: sources of an inbound rule, destinations of an outbound one. */
export interface RuleTarget {
    /** IPv4 or IPv6, single addresses or CIDRs. */
    readonly addresses?: readonly string[];
    readonly tags?: readonly string[];
    readonly dropletIds?: readonly number[];
    readonly loadBalancerIds?: readonly string[];
}

export interface Rule {
    readonly protocol: "tcp" | "udp" | "icmp";
    /** `"22"`, `"8000-9000"`, or `"0"` for all; always `"0"` for icmp. */
    readonly ports: string;
    readonly target: RuleTarget;
}

export interface FirewallRules {
    readonly tags: readonly string[];
    readonly dropletIds: readonly number[];
    readonly inbound: readonly Rule[];
    readonly outbound: readonly Rule[];
}

/** A droplet as rules see it: named by ID or tag, reached by its addresses. */
export interface Peer {
    readonly id: number;
    readonly tags: readonly string[];
    /** Public and private; empty until the droplet has some. */
    readonly addresses: readonly string[];
}

export interface Network {
    readonly firewalls: readonly FirewallRules[];
    readonly droplets: readonly Peer[];
    /** Addresses of load balancers by ID. */
    readonly loadBalancers: ReadonlyMap<string, string>;
}

/** The firewalls that cover a droplet: those that list its ID or one of its tags. */
export function coveringFirewalls<F extends Pick<FirewallRules, "tags" | "dropletIds">>(
    droplet: Pick<Peer, "id" | "tags">,
    firewalls: readonly F[],
): F[] {
    return firewalls.filter(
        (firewall) =>
            firewall.dropletIds.includes(droplet.id) ||
            firewall.tags.some((tag) => droplet.tags.includes(tag)),
    );
}

/**
 * What may pass at one droplet: the union of the rules of all firewalls that cover it, with tags,
 * droplets and load balancers resolved to addresses. Null where no firewall covers it: then everything
 * passes. A rule whose target resolves to nothing opens nothing and is left out.
 */
export function packetFilter(droplet: Pick<Peer, "id" | "tags">, network: Network): PacketFilter {
    const covering = coveringFirewalls(droplet, network.firewalls);
    if (covering.length === 0) {
        return null;
    }
    return {
        inbound: merge(
            covering.flatMap((firewall) => firewall.inbound.map((rule) => resolve(rule, network))),
        ),
        outbound: merge(
            covering.flatMap((firewall) => firewall.outbound.map((rule) => resolve(rule, network))),
        ),
    };
}

function resolve(rule: Rule, network: Network): PacketRule {
    const { addresses = [], tags = [], dropletIds = [], loadBalancerIds = [] } = rule.target;
    const named = network.droplets.filter(
        (peer) => dropletIds.includes(peer.id) || peer.tags.some((tag) => tags.includes(tag)),
    );
    const balancers = loadBalancerIds.flatMap((id) => network.loadBalancers.get(id) ?? []);
    const cidrs = [...addresses, ...named.flatMap((peer) => peer.addresses), ...balancers].map(toCidr);
    return rule.protocol === "icmp"
        ? { protocol: "icmp", cidrs }
        : { protocol: rule.protocol, ports: portRange(rule.ports), cidrs };
}

/** One rule for each protocol and port range, its CIDRs sorted, so that equal filters compare equal. */
function merge(rules: readonly PacketRule[]): PacketRule[] {
    const merged = new Map<string, { rule: PacketRule; cidrs: Set<string> }>();
    for (const rule of rules) {
        const key = `${rule.protocol} ${rule.ports?.from}-${rule.ports?.to}`;
        const entry = merged.get(key) ?? { rule, cidrs: new Set<string>() };
        for (const cidr of rule.cidrs) {
            entry.cidrs.add(cidr);
        }
        merged.set(key, entry);
    }
    return [...merged.values()]
        .filter(({ cidrs }) => cidrs.size > 0)
        .map(({ rule, cidrs }) => ({ ...rule, cidrs: [...cidrs].sort() }));
}

/** `"22"`, `"8000-9000"`, or `"0"` for 1 to 65535, as bounds; the API has checked the text before. */
export function portRange(ports: string): { from: number; to: number } {
    if (ports === "0") {
        return { from: 1, to: 65535 };
    }
    const [from = "", to = from] = ports.split("-");
    return { from: Number(from), to: Number(to) };
}

/** An address or CIDR as a CIDR without host bits. */
export function toCidr(text: string): string {
    if (!text.includes("/")) {
        const address = ipaddr.parse(text);
        return `${address.toString()}/${address.kind() === "ipv4" ? 32 : 128}`;
    }
    const [address, bits] = ipaddr.parseCIDR(text);
    const network =
        address.kind() === "ipv4"
            ? ipaddr.IPv4.networkAddressFromCIDR(text)
            : ipaddr.IPv6.networkAddressFromCIDR(text);
    return `${network.toString()}/${bits}`;
}
