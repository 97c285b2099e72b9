import {
    listed,
    ofType,
    type Properties,
    type Rule,
    type SeenInStack,
    shown,
    texts,
    types,
    UNKNOWN,
    type Violation,
} from "../rule.ts";

export const dropletsTagged: Rule = {
    name: "droplets-tagged",
    description: "Every droplet has a tag by which a firewall of the stack covers it.",
    level: "mandatory",
    resource: {
        types: [types.droplet],
        check: ({ name, properties }) =>
            hasTags(properties)
                ? []
                : [
                      `droplet "${name}" has tags ${shown(properties.tags)}: no firewall would cover it, and what an ` +
                          "interrupted run leaves behind of it could not be found. Allowed: the stack's tags",
                  ],
    },
    stack: (resources) => {
        const firewalls = ofType(resources, types.firewall);
        return ofType(resources, types.droplet)
            .filter(({ properties }) => hasTags(properties))
            .filter((droplet) => !firewalls.some((firewall) => covers(firewall, droplet)))
            .map(
                (droplet): Violation => ({
                    urn: droplet.urn,
                    text:
                        `droplet "${droplet.name}" has tags ${shown(droplet.properties.tags)}, and no firewall of the ` +
                        "stack goes by one of them: all its ports would be open to the world. Allowed: a tag of " +
                        listed(
                            firewalls.map(
                                ({ name, properties: { tags } }) =>
                                    `firewall "${name}" (${listed(texts(tags))})`,
                            ),
                            "a firewall, of which the stack has none",
                        ),
                }),
            );
    },
};

const hasTags = ({ tags }: Properties) =>
    tags === UNKNOWN || (Array.isArray(tags) && tags.some((tag) => tag === UNKNOWN || (tag && tag !== "")));

/** By the tags' names, or, while those are unknown, by the tag resources that they come from. */
function covers(firewall: SeenInStack, droplet: SeenInStack): boolean {
    const names = texts(droplet.properties.tags);
    const sources = new Set(droplet.madeFrom.tags?.map(({ urn }) => urn));
    return (
        texts(firewall.properties.tags).some((tag) => names.includes(tag)) ||
        (firewall.madeFrom.tags ?? []).some(({ type, urn }) => type === types.tag && sources.has(urn))
    );
}
