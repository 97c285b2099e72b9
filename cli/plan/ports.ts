/** Which ports open or close to the outside, from the firewall's rules. */
import { type Change, FIREWALL, knownList, knownText, type Preview } from "./preview.ts";

export interface PortChange {
    /** `80/tcp` */
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

/** @param publishers Names of the services that publish a port, by `80/tcp`. */
export function readPorts(
    preview: Preview,
    publishers: (port: string, when: "before" | "after") => readonly string[],
): PortChanges {
    const firewall = preview.changes.find(({ type, kind }) => type === FIREWALL && kind !== "same");
    if (!firewall) return { changes: [], first: false, unknown: false };
    const before = sourcesByPort(firewall.old);
    const after = firewall.kind === "delete" ? new Map<string, string[]>() : sourcesByPort(firewall.new);
    if (!after || (firewall.old && !before)) return { changes: [], first: false, unknown: true };
    const ports = [...new Set([...(before?.keys() ?? []), ...after.keys()])].sort(byNumber);
    return {
        first: firewall.old === undefined,
        unknown: false,
        changes: ports.flatMap((port): PortChange[] => {
            const [old, now] = [before?.get(port) ?? [], after.get(port) ?? []];
            if (old.join() === now.join()) return [];
            const change = old.length === 0 ? "opens" : now.length === 0 ? "closes" : "sources";
            const services = publishers(port, change === "closes" ? "before" : "after");
            return [{ port, change, before: old, after: now, services }];
        }),
    };
}

/** Rules by tag are for the nodes among themselves, and left out. */
function sourcesByPort(state: Change["old"]): Map<string, string[]> | undefined {
    const rules = knownList(state?.inputs?.inboundRules);
    if (!rules) return undefined;
    const sources = new Map<string, string[]>();
    for (const rule of rules as Record<string, unknown>[]) {
        const addresses = knownList(rule.sourceAddresses);
        if (!addresses) continue;
        const port = `${knownText(rule.portRange)}/${knownText(rule.protocol)}`;
        sources.set(port, [...(sources.get(port) ?? []), ...(addresses as string[])].sort());
    }
    return sources;
}

function byNumber(a: string, b: string): number {
    return Number.parseInt(a, 10) - Number.parseInt(b, 10) || a.localeCompare(b, "en");
}
