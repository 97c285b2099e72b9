/**
 * Ports that are open for what others deploy into the swarm, beside those that the config's own services publish.
 */

import { clusterUse, type PortRange, portRange } from "./ports.ts";
import type { Problem } from "./problems.ts";
import { Refused } from "./problems.ts";
import { list, text } from "./schema.ts";
import type { OpenPorts, PortSpec } from "./settings.ts";

const OPEN_ALLOWED =
    'a port or a range of ports such as "8080", "53/udp" or "9000-9010/tcp", from 1 to 65535';

export const openPorts = list(
    `a list, each ${OPEN_ALLOWED}`,
    text(OPEN_ALLOWED, (received): OpenPorts => {
        const { range, protocol = "tcp" } =
            /^(?<range>[\d-]+)(?:\/(?<protocol>tcp|udp))?$/.exec(received)?.groups ?? {};
        if (range === undefined) throw new Refused("");
        return { ...portRange(range), protocol: protocol === "udp" ? "udp" : "tcp" };
    }),
).transform((ranges) => [...new Map(ranges.map((range) => [openText(range), range])).values()].sort(byPort));

function byPort(a: OpenPorts, b: OpenPorts): number {
    return a.first - b.first || a.last - b.last || a.protocol.localeCompare(b.protocol);
}

/** `8080/tcp` or `9000-9010/udp`. */
export function openText({ protocol, ...range }: OpenPorts): string {
    return `${rangeText(range)}/${protocol}`;
}

/** As DigitalOcean has it. */
export function rangeText({ first, last }: PortRange): string {
    return first === last ? `${first}` : `${first}-${last}`;
}

/** Ports that services publish, those that follow one another as one range: a firewall takes few rules. */
export function publishedRanges(ports: readonly Pick<PortSpec, "published" | "protocol">[]): OpenPorts[] {
    const ranges: { first: number; last: number; protocol: "tcp" | "udp" }[] = [];
    for (const { published, protocol } of [...ports].sort((a, b) => a.published - b.published)) {
        const before = ranges.findLast((range) => range.protocol === protocol);
        if (before && published <= before.last + 1) before.last = published;
        else ranges.push({ first: published, last: published, protocol });
    }
    return ranges.sort(byPort);
}

/** Ranges that would open to the world what only the nodes are to reach. */
export function openPortProblems(ranges: readonly OpenPorts[]): Problem[] {
    return ranges.flatMap((range) => {
        const own = [22, 2377, 4789, 7946].flatMap((published) => {
            const use = clusterUse({ published, protocol: range.protocol });
            const isIn = range.first <= published && published <= range.last;
            return use !== undefined && isIn ? [`${published}/${range.protocol} themselves, for ${use}`] : [];
        });
        return own.slice(0, 1).map((use) => ({
            path: ["openPorts"],
            value: openText(range),
            why: `the nodes need ${use}`,
            allowed: "any port but 22/tcp, 2377/tcp, 7946/tcp, 7946/udp and 4789/udp",
        }));
    });
}
