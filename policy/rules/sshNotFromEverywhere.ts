import { EVERYWHERE_TEXT, opens, openToAll } from "../../model/openings.ts";
import { openings, sources, what } from "../firewall.ts";
import { type Rule, types } from "../rule.ts";

const SSH = 22;

export const sshNotFromEverywhere: Rule = {
    name: "ssh-not-from-everywhere",
    description: "Port 22 is open to everybody only where the policy config says so in so many words.",
    level: "mandatory",
    settings: {
        allowSshFromAnywhere: {
            type: "boolean",
            default: false,
            description: "Whether anybody may knock at port 22.",
        },
    },
    resource: {
        types: [types.firewall],
        needs: ["inboundRules"],
        check: (firewall, { allowSshFromAnywhere }) =>
            openings(firewall)
                .filter(({ protocol }) => protocol === "tcp" && allowSshFromAnywhere !== true)
                .filter((at, _, all) => openToAll(at, all).some((ports) => opens({ ports }, SSH)))
                .map(
                    (at) =>
                        `firewall "${firewall.name}" lets ${what(at)} in from ${sources(at)}: that is everywhere ` +
                        `(${EVERYWHERE_TEXT}), so every scanner tries its passwords, and the next hole in sshd is ` +
                        "open to all. Allowed: in swarm:sshFrom, the ranges of those who log in and of the machine " +
                        'that runs Pulumi; or, in the policy config, "ssh-not-from-everywhere": ' +
                        '{ "allowSshFromAnywhere": true }',
                ),
    },
};
