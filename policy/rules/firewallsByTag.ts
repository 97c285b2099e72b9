import { openings, what } from "../firewall.ts";
import { type Properties, type Rule, shown, texts, types, UNKNOWN } from "../rule.ts";

export const firewallsByTag: Rule = {
    name: "firewalls-by-tag",
    description: "Firewalls go by tag and never by droplet ID.",
    level: "mandatory",
    resource: {
        types: [types.firewall],
        check: ({ name, properties }) => {
            const byId = openings({ properties }).filter(({ dropletIds }) => dropletIds.length > 0);
            return [
                ...(namesDroplets(properties)
                    ? [
                          `firewall "${name}" is for dropletIds ${shown(properties.dropletIds)}: it takes ten at ` +
                              "most, and a new node is open until the firewall has changed, too. Allowed: tags, " +
                              "which hold from a droplet's first second",
                      ]
                    : []),
                ...(hasTags(properties)
                    ? []
                    : [
                          `firewall "${name}" has tags ${shown(properties.tags)}, so it covers no node that comes ` +
                              "later. Allowed: at least one tag that the nodes carry",
                      ]),
                ...byId.map(
                    (at) =>
                        `firewall "${name}" lets ${what(at)} in from sourceDropletIds ${shown(at.dropletIds)}: a ` +
                        "node that is replaced has another ID, and is shut out. Allowed: sourceTags",
                ),
            ];
        },
    },
};

/** Droplet IDs that are unknown yet are IDs all the same. */
const namesDroplets = ({ dropletIds }: Properties) =>
    dropletIds === UNKNOWN || (Array.isArray(dropletIds) && dropletIds.length > 0);

const hasTags = ({ tags }: Properties) =>
    tags === UNKNOWN || (Array.isArray(tags) && (texts(tags).some(Boolean) || tags.includes(UNKNOWN)));
