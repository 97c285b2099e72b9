/** Firewalls as the policy pack sees them: their openings read, and told to people. */

import { joined, type Opening, portsOf } from "../model/openings.ts";
import { type Seen, shown, texts, UNKNOWN } from "./rule.ts";

/** All inbound openings of a firewall, those of one protocol and range as one; none while they are unknown. */
export function openings(firewall: Pick<Seen, "properties">): Opening[] {
    const { inboundRules } = firewall.properties;
    return Array.isArray(inboundRules) ? joined(inboundRules.map((rule) => opening(rule ?? {}))) : [];
}

function opening(rule: Record<string, unknown>): Opening {
    const isUnknown = rule.protocol === UNKNOWN || rule.portRange === UNKNOWN;
    const protocol = typeof rule.protocol === "string" ? rule.protocol.toLowerCase() : "";
    const range = typeof rule.portRange === "string" ? rule.portRange.trim() : "";
    return {
        protocol: isUnknown ? "unknown" : protocol,
        range,
        ports: protocol === "icmp" || isUnknown ? undefined : portsOf(range),
        addresses: texts(rule.sourceAddresses),
        tags: texts(rule.sourceTags),
        dropletIds: Array.isArray(rule.sourceDropletIds) ? rule.sourceDropletIds.map(shown) : [],
        others: [
            ...texts(rule.sourceLoadBalancerUids).map((uid) => `load balancer ${uid}`),
            ...texts(rule.sourceKubernetesIds).map((id) => `Kubernetes cluster ${id}`),
        ],
    };
}

/** Addresses that one line has room for. */
const MOST = 10;

/** "tcp 22", "udp 8000-8010", "icmp". */
export const what = ({ protocol, range }: Opening): string => [protocol, range].filter(Boolean).join(" ");

/** All that an opening lets in; of very many addresses the first. */
export function sources(at: Opening): string {
    return [
        ...at.addresses.slice(0, MOST),
        ...(at.addresses.length > MOST ? [`${at.addresses.length - MOST} more`] : []),
        ...at.tags.map((tag) => `tag ${tag}`),
        ...at.dropletIds.map((id) => `droplet ${id}`),
        ...at.others,
    ].join(", ");
}
