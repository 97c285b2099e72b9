/** What a preview means for the swarm: everything that is shown, decided here and printed elsewhere. No I/O. */
import { count } from "../words.ts";
import { type Cost, costOf, type Prices } from "./cost.ts";
import type { Course } from "./managers.ts";
import { isClosed, isDemoted, isPromoted, type Nodes, type PlannedNode, readNodes } from "./nodes.ts";
import { courseOf, destroyCourse, type Facts, keyChanges } from "./order.ts";
import { type PortChanges, readPorts } from "./ports.ts";
import { drifted, isDestroy, type Preview, runs, type Said, STACK } from "./preview.ts";
import { readServices, type ServiceChange } from "./services.ts";
import { destroyWarnings, type Limit, warningsOf } from "./warnings.ts";
import { own, say, type Words } from "./words.ts";

/** A rule of a policy pack that is violated. */
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
    /** Whether there is anything to do. */
    readonly changes: boolean;
    /** The preview has failed: what follows from it is what it had got to. */
    readonly failed: boolean;
    readonly errors: readonly Said[];
    readonly violations: readonly Violation[];
    /** What the program said beside. */
    readonly said: readonly Said[];
    /** What there is to do, in one line. */
    readonly headline: Words;
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
        headline: destroy
            ? own(`everything is destroyed: ${count(nodes.all.length, "node")}`)
            : headline(facts),
        nodes,
        course,
        services: services.filter(({ change }) => change !== "stays"),
        ports,
        cost: costOf(nodes, beside.prices),
        warnings: destroy
            ? destroyWarnings(nodes)
            : warningsOf({ ...facts, course, account: beside.account }),
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

function headline({ preview, nodes, services, ports }: Facts): Words {
    const { all, managersBefore, managersAfter, madeAgain } = nodes;
    const node = (is: (node: PlannedNode) => boolean) => all.filter(is).length;
    const changed = (...kinds: readonly PlannedNode["change"][]) =>
        node(({ change }) => kinds.includes(change));
    const service = (kind: ServiceChange["change"]) =>
        services.filter(({ change }) => change === kind).length;
    const isOpened = ({ change, before, after }: PlannedNode) =>
        change === "stays" && before?.takesTasks === false && after?.takesTasks === true;
    const stays = ({ before, after }: PlannedNode) => before?.role === "manager" && after?.role === "manager";
    const counts: [number, one: string, many: string][] = [
        [changed("comes"), "node comes", "nodes come"],
        [changed("joins"), "node joins", "nodes join"],
        [changed("goes", "gone"), "node goes", "nodes go"],
        [changed("replaced"), "node is replaced", "nodes are replaced"],
        [changed("lost"), "lost node is made anew", "lost nodes are made anew"],
        [node(isPromoted), "node is promoted", "nodes are promoted"],
        [node(isDemoted), "node is demoted", "nodes are demoted"],
        [
            node((one) => stays(one) && isClosed(one)),
            "manager is closed to tasks",
            "managers are closed to tasks",
        ],
        [
            node((one) => stays(one) && isOpened(one)),
            "manager is opened to tasks",
            "managers are opened to tasks",
        ],
        [service("comes"), "service comes", "services come"],
        [service("goes"), "service goes", "services go"],
        [service("changes"), "service changes", "services change"],
        [service("mended"), "service is set right", "services are set right"],
        [service("anew"), "service is made anew", "services are made anew"],
        [ports.first ? 0 : ports.changes.length, "port changes", "ports change"],
    ];
    const singles: [boolean, string][] = [
        [managersBefore.length > 0 && managersBefore[0] !== managersAfter[0], "another first manager"],
        [madeAgain !== undefined, madeAgain === "new" ? "a new swarm" : "the swarm is kept"],
        [runs(preview, "recover"), "a lost quorum is made anew"],
        ...keyChanges(preview).map((text): [boolean, string] => [true, text]),
        [drifted(preview, "roster"), "members are set right"],
    ];
    const parts = [
        ...counts.flatMap(([number, one, many]) =>
            number > 0 ? [`${number} ${number === 1 ? one : many}`] : [],
        ),
        ...singles.flatMap(([is, text]) => (is ? [text] : [])),
    ];
    return own(parts.join(", ") || "no node, service or port changes");
}

/** Types that everything above is said of already, or that say nothing to an operator. */
const SAID_ELSEWHERE = /^(pulumi:|swarm:|command:|tls:)|droplet:Droplet$|firewall:Firewall$/;

function othersOf({ changes }: Preview): Words[] {
    const marks = { create: "+", update: "~", delete: "-", replace: "±", same: "" };
    return changes
        .filter(({ type, kind }) => kind !== "same" && !SAID_ELSEWHERE.test(type))
        .map(({ type, name, kind }) => say`${marks[kind]} ${type.split(":").at(-1) ?? type} ${name}`)
        .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b), "en"));
}
