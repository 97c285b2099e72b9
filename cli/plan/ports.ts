/** Which ports open or close to the outside, from the firewall's rules. */
import { type Change, FIREWALL, knownText, type Preview } from "./preview.ts";
import type { ServiceChange } from "./services.ts";

export interface PortChange {
    readonly port: string;
    readonly change: "opens" | "closes" | "sources";
    /** CIDRs that reach it, before and after. */
    readonly before: readonly string[];
    readonly after: readonly string[];
    /** Services that publish it: those of after, or where it closes of before. */
    readonly services: readonly string[];
}

export interface PortChanges {
    readonly changes: readonly PortChange[];
    /** The firewall is made: all ports are new. */
    readonly first: boolean;
    /** The rules are not known before the change is made. */
    readonly unknown: boolean;
}

export function readPorts(preview: Preview, services: readonly ServiceChange[]): PortChanges {
    const firewall = preview.changes.find(({ type, kind }) => type === FIREWALL && kind !== "same");
    const [before, after] = [sourcesByPort(firewall?.old), sourcesByPort(firewall?.new)];
    if (!before || !after) return { changes: [], first: false, unknown: true };
    const changes = [...new Set([...before.keys(), ...after.keys()])].sort(byNumber).flatMap((port) => {
        const [old, now] = [before.get(port) ?? [], after.get(port) ?? []];
        if (old.join() === now.join()) return [];
        const change = old.length === 0 ? "opens" : now.length === 0 ? "closes" : "sources";
        const when = change === "closes" ? "before" : "after";
        const publishers = services.filter((service) => service[when]?.published.includes(port));
        return [
            { port, change, before: old, after: now, services: publishers.map(({ name }) => name) } as const,
        ];
    });
    return { changes, first: firewall !== undefined && firewall.old === undefined, unknown: false };
}

/** Undefined where they are not known. Rules by tag are for the nodes among themselves, and left out. */
function sourcesByPort(state: Change["old"]): ReadonlyMap<string, string[]> | undefined {
    const sources = new Map<string, string[]>();
    const rules = state?.inputs?.inboundRules ?? [];
    if (!Array.isArray(rules) || rules.some((rule) => typeof rule === "string")) return undefined;
    for (const rule of rules as Record<string, unknown>[]) {
        if (!Array.isArray(rule.sourceAddresses)) continue;
        const port = `${knownText(rule.portRange)}/${knownText(rule.protocol)}`;
        sources.set(port, [...(sources.get(port) ?? []), ...rule.sourceAddresses].sort());
    }
    return sources;
}

function byNumber(a: string, b: string): number {
    return Number.parseInt(a, 10) - Number.parseInt(b, 10) || a.localeCompare(b, "en");
}
