import { INSIDE_PORTS, opens, outsiders } from "../../model/openings.ts";
import { openings, what } from "../firewall.ts";
import { listed, type Rule, texts, types } from "../rule.ts";

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
                const touched = INSIDE_PORTS.filter(
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
