/** What the droplets cost a month, before, after, and while both old and new ones are there. */
import type { NodeState, Nodes } from "./nodes.ts";
import { hasDroplet, isMade } from "./nodes.ts";

/** USD a month by the slug of a size, or why they are not known. */
export type Prices = ReadonlyMap<string, number> | { readonly unknown: string };

export type Cost =
    | {
          /** USD a month, without taxes. */
          readonly before: number;
          readonly after: number;
          /** While old and new droplets are there. */
          readonly meanwhile: number;
      }
    | { readonly unknown: string };

export function costOf({ all }: Nodes, prices: Prices): Cost {
    if ("unknown" in prices) return prices;
    const sum = (states: readonly (NodeState | undefined)[]): number | string => {
        let total = 0;
        for (const state of states) {
            if (state === undefined) continue;
            if (state.size === undefined) return "the preview does not tell every droplet's size";
            const price = prices.get(state.size);
            if (price === undefined) return `the API has no price for the size ${state.size}`;
            total += price;
        }
        // Cents: sums of such numbers are not exact.
        return Math.round(total * 100) / 100;
    };
    const before = sum(all.filter(hasDroplet).map((node) => node.before ?? node.after));
    const after = sum(all.map((node) => node.after));
    const made = sum(all.filter(isMade).map((node) => node.after));
    if (typeof before === "string") return { unknown: before };
    if (typeof after === "string") return { unknown: after };
    return typeof made === "string"
        ? { unknown: made }
        : { before, after, meanwhile: Math.round((before + made) * 100) / 100 };
}

/** Droplets that there are in the end, and at most on the way. */
export function dropletCounts({ all }: Nodes): { readonly made: number; readonly most: number } {
    const had = all.filter(hasDroplet).length;
    const made = all.filter(isMade).length;
    return { made, most: had + made };
}
