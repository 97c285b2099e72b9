import { ANYWHERE } from "./openings.ts";
import { publishedRanges, rangeText } from "./openPorts.ts";
import type { OpenPorts, PortSpec } from "./settings.ts";

/** One opening as DigitalOcean takes it: TCP, UDP or ICMP, and nothing else exists there. */
export interface InboundRule<Tag> {
    readonly protocol: "tcp" | "udp";
    readonly portRange: string;
    readonly sourceAddresses?: string[];
    readonly sourceTags?: Tag[];
}

export interface OutboundRule {
    readonly protocol: "tcp" | "udp" | "icmp";
    readonly portRange?: string;
    readonly destinationAddresses: string[];
}

/**
 * What every node lets in: SSH from the operators; the swarm's control plane (2377), gossip (7946) and overlay traffic
 * (4789, which has no authentication and must never face the internet) from the stack's nodes; published ports, and
 * those of `openPorts`, from anywhere. A cloud firewall filters the VPC side too, so the nodes' own traffic needs its rules.
 * https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts
 *
 * 2377 is open on workers as well, where nothing listens on it. A rule for managers alone would have to go by a tag,
 * and the engine changes a droplet's tags before anything is told to the swarm: a manager that is to become a worker
 * would be cut off while it is needed still, to promote its successor for one.
 *
 * @param args.nodeTag Alone unknown in a preview before the first up, where the rest can be looked at.
 */
export function inbound<Tag>(args: {
    readonly sshFrom: readonly string[];
    readonly nodeTag: Tag;
    readonly published: readonly PortSpec[];
    readonly open: readonly OpenPorts[];
}): InboundRule<Tag>[] {
    const fromNodes = { sourceTags: [args.nodeTag] };
    const published = publishedRanges(args.published);
    // A rule that is there twice would be refused.
    const open = args.open.filter(
        ({ first, last, protocol }) =>
            !published.some(
                (range) => range.protocol === protocol && range.first <= first && last <= range.last,
            ),
    );
    return [
        { protocol: "tcp", portRange: "22", sourceAddresses: [...args.sshFrom] },
        { protocol: "tcp", portRange: "2377", ...fromNodes },
        { protocol: "tcp", portRange: "7946", ...fromNodes },
        { protocol: "udp", portRange: "7946", ...fromNodes },
        { protocol: "udp", portRange: "4789", ...fromNodes },
        ...[...published, ...open].map((range) => ({
            protocol: range.protocol,
            portRange: rangeText(range),
            sourceAddresses: [...ANYWHERE],
        })),
    ];
}

/** A firewall without outbound rules lets nothing out, so "everything" has to be said. */
export const outboundEverything: OutboundRule[] = [
    { protocol: "tcp", portRange: "1-65535", destinationAddresses: [...ANYWHERE] },
    { protocol: "udp", portRange: "1-65535", destinationAddresses: [...ANYWHERE] },
    { protocol: "icmp", destinationAddresses: [...ANYWHERE] },
];
