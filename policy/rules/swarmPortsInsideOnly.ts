import { type Opening, openings, opens, what } from "../firewall.ts";
import { listed, type Rule, texts, types } from "../rule.ts";

interface InsidePort {
    readonly port: number;
    readonly protocol: string;
    readonly why: string;
}

const DOCKER_API = "whoever reaches Docker's API is root on the node";

/** https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts */
const INSIDE: readonly InsidePort[] = [
    { port: 2375, protocol: "tcp", why: DOCKER_API },
    { port: 2376, protocol: "tcp", why: DOCKER_API },
    { port: 2377, protocol: "tcp", why: "the managers answer there to whoever has a join token" },
    { port: 7946, protocol: "tcp", why: "the nodes tell one another there who is in the swarm" },
    { port: 7946, protocol: "udp", why: "the nodes tell one another there who is in the swarm" },
    { port: 4789, protocol: "udp", why: "overlay networks take every packet there, from whomever it comes" },
];

export const swarmPortsInsideOnly: Rule = {
    name: "swarm-ports-inside-only",
    description: "The swarm's ports and Docker's API are never open from outside the stack's own nodes.",
    level: "mandatory",
    resource: {
        types: [types.firewall],
        needs: ["inboundRules"],
        check: (firewall) => {
            const own = texts(firewall.properties.tags);
            return openings(firewall).flatMap((at) => {
                const strangers = outsiders(at, own);
                const touched = INSIDE.filter(
                    ({ port, protocol }) => protocol === at.protocol && opens(at, port),
                );
                if (strangers.length === 0 || touched.length === 0) return [];
                return [
                    `firewall "${firewall.name}" lets ${what(at)} in from ${listed(strangers)}, and in it ` +
                        `${touched.map(({ port, why }) => `${port} (${why})`).join(", ")}. Allowed: ` +
                        `sources by the firewall's own tags alone (${listed(own)})`,
                ];
            });
        },
    },
};

/** Sources that are none of the nodes that the firewall is for. */
const outsiders = (at: Opening, own: readonly string[]): string[] => [
    ...at.addresses,
    ...at.tags.filter((tag) => !own.includes(tag)).map((tag) => `tag ${tag}`),
    ...at.dropletIds.map((id) => `droplet ${id}`),
    ...at.others,
];
