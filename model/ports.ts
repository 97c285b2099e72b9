/**
 * Published ports: Docker's short syntax, and which ports cannot be had.
 */

import { Refused } from "./problems.ts";
import type { PortSpec } from "./settings.ts";

export const PORT_ALLOWED =
    '"published:target", "published:target/udp", ranges of one length such as "8000-8004:9000-9004", or ' +
    "{ published, target, protocol: tcp or udp, mode: ingress or host }, with ports from 1 to 65535";

/** Ports on which the nodes themselves are reached, by protocol. */
const CLUSTER_PORTS: Readonly<Record<string, string>> = {
    "22/tcp": "SSH",
    "2377/tcp": "the swarm's managers",
    "7946/tcp": "the swarm's gossip",
    "7946/udp": "the swarm's gossip",
    "4789/udp": "the overlay networks",
};

/** Reads the short syntax. @throws Refused Anything but two ports, or two ranges of one length, and perhaps a protocol. */
export function shortPorts(text: string): PortSpec[] {
    const { published, target, protocol } =
        /^(?<published>[\d-]+):(?<target>[\d-]+)(?:\/(?<protocol>tcp|udp))?$/.exec(text)?.groups ?? {};
    const [from, to] = [published, target].map(portRange) as [PortRange, PortRange];
    if (from.last - from.first !== to.last - to.first) {
        throw new Refused("its ranges are of different lengths");
    }
    return Array.from({ length: from.last - from.first + 1 }, (_, index) => ({
        published: from.first + index,
        target: to.first + index,
        protocol: protocol === "udp" ? "udp" : "tcp",
        mode: "ingress",
    }));
}

export interface PortRange {
    readonly first: number;
    readonly last: number;
}

/** `80` or `8000-8010`. @throws Refused Anything else. */
export function portRange(text: string | undefined): PortRange {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text ?? "") ?? [];
    if (from === undefined || to === undefined) {
        throw new Refused("");
    }
    const [first, last] = [portNumber(from), portNumber(to)];
    if (first > last) {
        throw new Refused(`the range ${text} runs backwards`);
    }
    return { first, last };
}

function portNumber(digits: string): number {
    const port = Number(digits);
    if (port < 1 || port > 65535) {
        throw new Refused(`${digits} is not a port`);
    }
    return port;
}

/** `80/tcp`: what a node can have only once. */
export function portKey(port: Pick<PortSpec, "published" | "protocol">): string {
    return `${port.published}/${port.protocol}`;
}

/** By published port, then protocol: the order in `ServiceSpec`. */
export function comparePorts(a: PortSpec, b: PortSpec): number {
    return a.published - b.published || a.protocol.localeCompare(b.protocol);
}

/** What the nodes use this port for themselves; undefined when they do not. */
export function clusterUse(port: Pick<PortSpec, "published" | "protocol">): string | undefined {
    return CLUSTER_PORTS[portKey(port)];
}

/**
 * The ports that are published more than once, by one service or by several.
 *
 * A port published on the nodes that run a task (mode `host`) counts like any other: the routing mesh takes its
 * ports on every node.
 *
 * @returns For each such port, the names of the services in the order given, a name as often as it publishes it.
 */
export function portClashes(
    services: readonly { readonly name: string; readonly ports: readonly PortSpec[] }[],
): Map<string, string[]> {
    const publishers = new Map<string, string[]>();
    for (const { name, ports } of services) {
        for (const port of ports) {
            const key = portKey(port);
            publishers.set(key, [...(publishers.get(key) ?? []), name]);
        }
    }
    return new Map([...publishers].filter(([, names]) => names.length > 1));
}
