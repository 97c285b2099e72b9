/** What the droplets cost a month, before, after, and while both old and new ones are there. */
import { hasDroplet, isMade, type NodeState, type Nodes } from "./nodes.ts";

/** USD a month by the slug of a size, or why they are not known. */
export type Prices = ReadonlyMap<string, number> | { readonly unknown: string };

export type Cost =
    | {
          readonly before: number;
          readonly after: number;
          /** While old and new droplets are there. */
          readonly meanwhile: number;
      }
    | { readonly unknown: string };

export function costOf({ all }: Nodes, prices: Prices): Cost {
    if ("unknown" in prices) return prices;
    const before = all.filter(hasDroplet).map((node) => node.before ?? node.after);
    const after = all.map((node) => node.after);
    const made = all.filter(isMade).map((node) => node.after);
    const sizes = [...before, ...after].flatMap((state) => (state ? [state.size] : []));
    const strange = sizes.find((size) => size === undefined || !prices.has(size));
    if (strange !== undefined) return { unknown: `the API has no price for the size ${strange}` };
    if (sizes.includes(undefined)) return { unknown: "the preview does not tell every droplet's size" };
    const sum = (states: readonly (NodeState | undefined)[]) => {
        const total = states.reduce((all, state) => all + (prices.get(state?.size ?? "") ?? 0), 0);
        // Cents: sums of such numbers are not exact.
        return Math.round(total * 100) / 100;
    };
    return { before: sum(before), after: sum(after), meanwhile: sum([...before, ...made]) };
}
