/** What a preview means for the swarm: everything that is shown, decided here and printed elsewhere. No I/O. */

import { readServices as readConfigured } from "../../model/services.ts";
import type { ServiceSpec } from "../../model/settings.ts";
import { type Cost, costOf, type Prices } from "./cost.ts";
import type { Course } from "./count.ts";
import { keyChanges, keyParts } from "./keys.ts";
import { command, drifted, isDestroy, type Nodes, readNodes, swarmMadeAgain } from "./nodes.ts";
import { courseOf, demoted, destroyCourse, isClosed, promoted } from "./order.ts";
import { type PortChanges, readPorts } from "./ports.ts";
import { type Preview, type Said, STACK } from "./preview.ts";
import { readServices, type ServiceChange } from "./services.ts";
import { readTasks, type Tasks } from "./tasks.ts";
import { destroyWarnings, type Limit, warningsOf } from "./warnings.ts";
import { joined, own, say, type Words } from "./words.ts";

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
    readonly tasks: Tasks;
    readonly services: readonly ServiceChange[];
    readonly ports: PortChanges;
    readonly cost: Cost;
    readonly warnings: readonly Words[];
    /** Resources beside all these, such as a network's, by what is done to them. */
    readonly others: readonly Words[];
}

export function planOf(preview: Preview, beside: Beside): Plan {
    const nodes = readNodes(preview);
    const specs = configuredServices(preview);
    const services = readServices(preview, specs, swarmMadeAgain(preview, nodes) === "new");
    const ports = readPorts(preview, (port, when) => publishers(port, when, services, specs));
    const destroy = isDestroy(preview);
    const course = destroy ? destroyCourse(nodes) : courseOf({ preview, nodes, services, ports });
    const errors = errorsOf(preview, beside);
    return {
        stack: preview.stack ?? "",
        operation: destroy ? "destroy" : "update",
        changes:
            preview.leftover.length > 0 ||
            preview.changes.some(({ kind, type }) => kind !== "same" && (destroy || type !== STACK)),
        failed: errors.length > 0 || beside.violations.some(({ mandatory }) => mandatory),
        errors,
        violations: beside.violations,
        said: preview.said.filter(
            ({ level, text }) => level === "warning" || (level === "info" && text !== ""),
        ),
        headline: headline(preview, nodes, services, ports),
        nodes,
        course,
        tasks: destroy ? { move: true, lines: [own("all tasks end")] } : readTasks(preview, nodes, services),
        services,
        ports,
        cost: costOf(nodes, beside.prices),
        warnings: destroy
            ? destroyWarnings(nodes, specs)
            : warningsOf({ preview, nodes, course, services, specs, ports, account: beside.account }),
        others: ports.first || destroy ? [] : othersOf(preview),
    };
}

/** The engine's own closing word, which gives no reason. */
const NO_REASON = /^preview failed$/i;

/** Why the preview has failed: the reasons that it gives, or where to find them. */
function errorsOf({ said }: Preview, { violations, stderr }: Beside): Said[] {
    const errors = said.filter(({ level }) => level === "error");
    const reasons = errors.filter(({ text }) => !NO_REASON.test(text));
    if (reasons.length > 0 || errors.length === 0) return reasons;
    if (violations.some(({ mandatory }) => mandatory)) return [];
    const text =
        stderr?.trim() ||
        "the preview failed, and its JSON does not say why. Policies that are violated are not in it: " +
            "run pulumi preview without --json, or give this command the engine's log of events (--events)";
    return [{ level: "error", text }];
}

/** All services after the change; undefined where the config keeps them secret, or the program refuses them. */
function configuredServices({ config }: Preview): readonly ServiceSpec[] | undefined {
    if (config.services === undefined) return undefined;
    try {
        const { specs, problems } = readConfigured(JSON.parse(config.services), false);
        return problems.length > 0 ? undefined : specs;
    } catch (error) {
        if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
        throw error;
    }
}

function publishers(
    port: string,
    when: "before" | "after",
    services: readonly ServiceChange[],
    specs: readonly ServiceSpec[] = [],
): string[] {
    const changed = services
        .filter((service) => service[when]?.published.includes(port))
        .map(({ name }) => name);
    const unchanged = specs
        .filter(({ name }) => !services.some((service) => service.name === name))
        .filter(({ ports }) => ports.some(({ published, protocol }) => `${published}/${protocol}` === port))
        .map(({ name }) => name);
    return [...changed, ...unchanged].sort();
}

function count(number: number, one: string, many: string): Words[] {
    return number === 0 ? [] : [say`${number} ${own(number === 1 ? one : many)}`];
}

function headline(
    preview: Preview,
    nodes: Nodes,
    services: readonly ServiceChange[],
    ports: PortChanges,
): Words {
    if (isDestroy(preview)) {
        return say`everything is destroyed: ${joined(count(nodes.all.length, "node", "nodes"))}`;
    }
    const { all } = nodes;
    const madeAgain = swarmMadeAgain(preview, nodes);
    const of = (change: string) => all.filter((node) => node.change === change).length;
    const keptManagers = all.filter(
        ({ change, before, after }) =>
            change === "stays" && before?.role === "manager" && after?.role === "manager",
    );
    const closed = keptManagers.filter(isClosed);
    const opened = keptManagers.filter(({ before, after }) => !before?.takesTasks && after?.takesTasks);
    const seedChanges = nodes.managersBefore.length > 0 && nodes.managersBefore[0] !== nodes.managersAfter[0];
    const serviceCount = (change: ServiceChange["change"]) =>
        services.filter((service) => service.change === change).length;
    const parts = [
        ...count(of("comes"), "node comes", "nodes come"),
        ...count(of("joins"), "node joins", "nodes join"),
        ...count(of("goes"), "node goes", "nodes go"),
        ...count(of("replaced"), "node is replaced", "nodes are replaced"),
        ...count(of("lost"), "lost node is made anew", "lost nodes are made anew"),
        ...count(promoted(nodes).length, "node is promoted", "nodes are promoted"),
        ...count(demoted(nodes).length, "node is demoted", "nodes are demoted"),
        ...count(closed.length, "manager is closed to tasks", "managers are closed to tasks"),
        ...count(opened.length, "manager is opened to tasks", "managers are opened to tasks"),
        ...(seedChanges ? [own("another first manager")] : []),
        ...(madeAgain === undefined ? [] : [own(madeAgain === "new" ? "a new swarm" : "the swarm is kept")]),
        ...(command(preview, "recover")?.kind === "create" ? [own("a lost quorum is made anew")] : []),
        ...keyParts(keyChanges(preview)),
        ...(drifted(preview, "roster") ? [own("members are set right")] : []),
        ...count(serviceCount("comes"), "service comes", "services come"),
        ...count(serviceCount("goes"), "service goes", "services go"),
        ...count(serviceCount("changes"), "service changes", "services change"),
        ...count(serviceCount("mended"), "service is set right", "services are set right"),
        ...count(serviceCount("anew"), "service is made anew", "services are made anew"),
        ...count(ports.first ? 0 : ports.changes.length, "port changes", "ports change"),
    ];
    return parts.length > 0 ? joined(parts) : own("no node, service or port changes");
}

/** Types that everything above is said of already, or that say nothing to an operator. */
const SAID_ELSEWHERE = /^(pulumi:|swarm:|command:|tls:)|droplet:Droplet$|firewall:Firewall$/;

function othersOf({ changes }: Preview): Words[] {
    return changes
        .filter(({ type, kind }) => kind !== "same" && !SAID_ELSEWHERE.test(type))
        .map(
            ({ type, name, kind }) =>
                say`${own(OTHER_WORDS[kind])} ${type.split(":").at(-1) ?? type} ${name}`,
        )
        .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b), "en"));
}

const OTHER_WORDS = {
    create: "made:",
    update: "changed:",
    delete: "deleted:",
    replace: "replaced:",
    lost: "made again:",
    gone: "gone already:",
    same: "",
} as const;
