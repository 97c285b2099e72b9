/** What a preview means for the swarm: everything that is shown, decided here and printed elsewhere. No I/O. */
import { type Cost, costOf, type Prices } from "./cost.ts";
import type { Course } from "./managers.ts";
import { type Nodes, readNodes } from "./nodes.ts";
import { courseOf, destroyCourse } from "./order.ts";
import { type PortChanges, readPorts } from "./ports.ts";
import { isDestroy, type Preview, type Said, STACK } from "./preview.ts";
import { readServices, type ServiceChange } from "./services.ts";
import { destroyWarnings, type Limit, warningsOf } from "./warnings.ts";
import { say, type Words } from "./words.ts";

export interface Violation {
    readonly policy: string;
    /** Whether the preview fails for it. */
    readonly mandatory: boolean;
    readonly text: string;
}

/** What is not in the preview: looked up, or from the engine's log of events. */
export interface Beside {
    readonly prices: Prices;
    readonly account?: Limit;
    readonly violations: readonly Violation[];
    /** What the preview's own command said on standard error, where that is known. */
    readonly stderr?: string;
}

export interface Plan {
    readonly stack: string;
    readonly operation: "update" | "destroy";
    readonly changes: boolean;
    /** The preview has failed: what follows from it is what it had got to. */
    readonly failed: boolean;
    readonly errors: readonly Said[];
    readonly violations: readonly Violation[];
    /** What the program said beside. */
    readonly said: readonly Said[];
    readonly nodes: Nodes;
    readonly course: Course;
    /** Those that are not left as they are. */
    readonly services: readonly ServiceChange[];
    readonly ports: PortChanges;
    readonly cost: Cost;
    readonly warnings: readonly Words[];
    /** Resources beside all these, such as a network's, by what is done to them. */
    readonly others: readonly Words[];
}

export function planOf(preview: Preview, beside: Beside): Plan {
    const nodes = readNodes(preview);
    const services = readServices(preview, nodes.madeAgain === "new");
    const ports = readPorts(preview, services);
    const facts = { preview, nodes, services, ports };
    const destroy = isDestroy(preview);
    const course = destroy ? destroyCourse(nodes) : courseOf(facts);
    const errors = errorsOf(preview, beside);
    return {
        stack: preview.stack,
        operation: destroy ? "destroy" : "update",
        changes:
            preview.leftover.length > 0 ||
            preview.changes.some(({ kind, type }) => kind !== "same" && (destroy || type !== STACK)),
        failed: errors.length > 0 || beside.violations.some(({ mandatory }) => mandatory),
        errors,
        violations: beside.violations,
        said: preview.said.filter(({ level }) => level !== "error"),
        nodes,
        course,
        services: services.filter(({ change }) => change !== "stays"),
        ports,
        cost: costOf(nodes, beside.prices),
        warnings: destroy ? destroyWarnings(nodes) : warningsOf(facts, course, beside.account),
        others: ports.first || destroy ? [] : othersOf(preview),
    };
}

/** Why the preview has failed: the reasons that it gives, or where to find them. */
function errorsOf({ said }: Preview, { violations, stderr }: Beside): Said[] {
    const errors = said.filter(({ level }) => level === "error");
    // The engine's own closing word gives no reason.
    const reasons = errors.filter(({ text }) => !/^preview failed$/i.test(text));
    if (reasons.length > 0 || errors.length === 0) return reasons;
    if (violations.some(({ mandatory }) => mandatory)) return [];
    const text =
        stderr?.trim() ||
        "the preview failed, and its JSON does not say why. Policies that are violated are not in it: " +
            "run pulumi preview without --json, or give this command the engine's log of events (--events)";
    return [{ level: "error", text }];
}

/** Types that everything above is said of already, or that say nothing to an operator. */
const SAID_ELSEWHERE = /^(pulumi:|swarm:|command:|tls:)|droplet:Droplet$|firewall:Firewall$/;

/** With what an interrupted run has replaced and not deleted. */
function othersOf({ changes, leftover }: Preview): Words[] {
    const marks = { create: "+", update: "~", delete: "-", replace: "±", same: "" };
    const others = changes.filter(({ type, kind }) => kind !== "same" && !SAID_ELSEWHERE.test(type));
    return [...leftover, ...others]
        .map(({ type, name, kind }) => say`${marks[kind]} ${type.split(":").at(-1) ?? type} ${name}`)
        .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b), "en"));
}
