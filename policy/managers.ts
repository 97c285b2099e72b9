import { ofType, type SeenInStack, texts, types } from "./rule.ts";

/** The droplets that carry the tag of managers, by name. That tag is the one that the program names `manager`. */
export function managersOf(resources: readonly SeenInStack[]): SeenInStack[] {
    const tags = ofType(resources, types.tag).filter(({ name }) => name === "manager");
    const names = tags.map(({ properties }) => properties.name);
    const urns = tags.map(({ urn }) => urn);
    return ofType(resources, types.droplet)
        .filter(
            ({ properties, madeFrom }) =>
                texts(properties.tags).some((tag) => names.includes(tag)) ||
                (madeFrom.tags ?? []).some(({ urn }) => urns.includes(urn)),
        )
        .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
}
