import { type Rule, shown, types } from "../rule.ts";

export const newDropletFirst: Rule = {
    name: "new-droplet-first",
    description: "A droplet that is replaced goes only after the new one has come.",
    level: "mandatory",
    resource: {
        types: [types.droplet],
        check: ({ name, deleteBeforeReplace }) =>
            deleteBeforeReplace === false
                ? []
                : [
                      `droplet "${name}" has the option deleteBeforeReplace ${shown(deleteBeforeReplace)}: as it has a ` +
                          "name of its own, the plugin would delete the old droplet first, with its tasks on it, and " +
                          "the managers all at once, with the swarm. Allowed: false, said explicitly",
                  ],
    },
};
