/** What there is to see of a cluster, in words and in order. The page draws this and decides nothing itself. */
import type { ClusterView, NodeView, ServiceView, TaskView } from "../clusterView.ts";
import { byName } from "../stackState.ts";
import { oneLine } from "../words.ts";

/** `good`: nothing to do. `note`: worth a look. `bad`: does not work. */
export type Level = "good" | "note" | "bad";

export interface Picture {
    readonly stack: string;
    readonly services: readonly ServiceEntry[];
    readonly nodes: readonly NodeCard[];
    /** Tasks that are on none of the nodes, most of them since no node has been found for them. */
    readonly waiting: readonly TaskMark[];
    /** What is amiss with the cluster or could not be read, a line each. */
    readonly problems: readonly string[];
}

export interface ServiceEntry {
    readonly name: string;
    readonly colour: number;
    /** `2 of 3 run, nginx:1.27, 80:80/tcp, updating`. */
    readonly words: string;
    readonly level: Level;
}

export interface NodeCard {
    /** A droplet's ID, where it is known: it stays the same when the droplet becomes a member. */
    readonly key: string;
    /** Where two nodes have a name, as while one is replaced, with which of them it is. */
    readonly name: string;
    readonly role: string;
    readonly state: string;
    readonly level: Level;
    readonly address: string;
    readonly tasks: readonly TaskMark[];
}

/** `unknown`: on a node that does not answer, it may run or not. */
export type Phase = "running" | "starting" | "waiting" | "failed" | "unknown" | "leaving";

export interface TaskMark {
    /** `nginx.2`; the service's name alone for a global one. */
    readonly label: string;
    readonly global: boolean;
    readonly colour: number;
    readonly phase: Phase;
    readonly node?: string;
    readonly error?: string;
}

export function pictureOf(view: ClusterView): Picture {
    const tasks = drawnTasks(view);
    const nodes = cards(view.nodes, tasks);
    const placed = new Set(nodes.flatMap((node) => node.tasks));
    return {
        stack: oneLine(view.stack),
        services: view.services.map(serviceEntry),
        nodes,
        waiting: tasks.filter((task) => !placed.has(task)),
        problems: view.problems.map(oneLine),
    };
}

/** The same for a name each time. Two services may share one: their names stand beside it. */
const colourOf = (name: string) => Buffer.from(name).reduce((sum, byte) => sum + byte, 0) % 8;

function serviceEntry({ name, image, mode, ports, updateState = "", ...service }: ServiceView): ServiceEntry {
    const { wanted, running } = service;
    const stuck = /paused|rollback/.test(updateState);
    // An update that has ended well is no news.
    const update =
        updateState === "completed" ? "" : `${updateState === "paused" ? "update " : ""}${updateState}`;
    const isGlobal = mode === "global" ? mode : "";
    const words = [`${running} of ${wanted} run`, image, isGlobal, ...ports, update.replaceAll("_", " ")];
    return {
        name: oneLine(name),
        colour: colourOf(name),
        words: words.filter(Boolean).map(oneLine).join(", "),
        level: running >= wanted ? (stuck ? "note" : "good") : running === 0 ? "bad" : "note",
    };
}

/** Managers first, then workers, then what is no member; each by name. Who leads changes, and moves nobody. */
function cards(all: readonly NodeView[], tasks: readonly TaskMark[]): NodeCard[] {
    const rank = ({ role, wantedRole, origin }: NodeView) =>
        origin === "lost" ? 3 : (role ?? wantedRole) === "manager" ? 1 : 2;
    const nodes = all.toSorted((a, b) => rank(a) - rank(b) || byName(a.name, b.name));
    const named = Map.groupBy(
        nodes.filter(({ origin }) => origin !== "lost"),
        ({ name }) => name,
    );
    return nodes.map((node) => {
        const alike = named.get(node.name) ?? [];
        // Tasks are on the one that is ready, or the first.
        const host = alike.find(({ state }) => state === "ready") ?? alike[0];
        // The new one is not among what a finished `up` has put out.
        const age = node.wantedRole === undefined ? " (new)" : " (old)";
        const which = alike.includes(node) && alike.length > 1 ? age : "";
        return {
            key: node.dropletId ?? node.nodeId ?? node.name,
            name: oneLine(node.name) + which,
            role: roleWords(node),
            state: stateWords(node),
            level: levelOf(node),
            address: node.publicIp ?? "",
            tasks: node === host ? tasks.filter((task) => task.node === node.name) : [],
        };
    });
}

function roleWords({ role, wantedRole, leader, origin }: NodeView): string {
    if (origin === "lost") return "droplet";
    if (role === undefined) return wantedRole === undefined ? "no member" : `${wantedRole} wanted`;
    if (wantedRole !== undefined && wantedRole !== role) return `${role}, ${wantedRole} wanted`;
    return leader ? `${role}, leader` : role;
}

function stateWords({ state, availability, reachability, dropletStatus, origin }: NodeView): string {
    if (origin === "lost") return "in neither swarm nor stack";
    const droplet = dropletStatus === "absent" ? "no droplet" : dropletStatus && `droplet ${dropletStatus}`;
    const words = [
        state === "absent" ? "not in the swarm" : state,
        availability === "drain" ? "drained" : availability === "pause" ? "paused" : "",
        reachability === "reachable" ? "" : reachability,
        dropletStatus === "active" ? "" : droplet,
        origin === "foreign" ? origin : "",
    ];
    return oneLine(words.filter(Boolean).join(", "));
}

function levelOf(node: NodeView): Level {
    const { state, availability, reachability = "reachable", dropletStatus = "", origin } = node;
    const { role, wantedRole } = node;
    if (origin === "lost") return "note";
    if (["off", "absent", "archive"].includes(dropletStatus)) return "bad";
    // What is about to join: a droplet that has never been a member, a member that has not reported yet.
    if (state === "absent" && node.nodeId === undefined) return "note";
    if (state === "unknown" || (state === "ready" && reachability === "unknown")) return "note";
    if (state !== "ready" || reachability !== "reachable") return "bad";
    const otherRole = wantedRole !== undefined && wantedRole !== role;
    return availability === "pause" || origin === "foreign" || otherRole ? "note" : "good";
}

const ENDED = ["complete", "shutdown", "failed", "rejected", "remove", "orphaned"];
const FAILED = ["failed", "rejected"];

/**
 * A swarm remembers tasks that ended long ago. Drawn are those that are there, those that should be, and of each place that
 * nothing runs in the task that failed last.
 */
function drawnTasks({ tasks, nodes }: ClusterView): TaskMark[] {
    const ready = new Set(nodes.filter(({ state }) => state === "ready").map(({ name }) => name));
    const silent = new Set(nodes.map(({ name }) => name).filter((name) => !ready.has(name)));
    const places = Map.groupBy(tasks, ({ service, slot, node }) =>
        JSON.stringify([service, slot ?? node ?? ""]),
    );
    const drawn = [...places.values()].flatMap((inPlace): TaskMark[] => {
        const live = inPlace.flatMap((task) => {
            const phase = livePhase(task, silent);
            return phase === undefined ? [] : [markOf(task, phase)];
        });
        const failures = inPlace.filter(({ state }) => FAILED.includes(state));
        const last = failures.toSorted((a, b) => Date.parse(b.since) - Date.parse(a.since))[0];
        const filled = live.some(({ phase }) => phase === "running" || phase === "failed");
        return filled || !last ? live : [...live, markOf(last, "failed")];
    });
    return drawn.sort((a, b) => byName(a.label, b.label));
}

/** Undefined for a task that has had its time. */
function livePhase({ state, desired, node }: TaskView, silent: ReadonlySet<string>): Phase | undefined {
    const hasEnded = ENDED.includes(state);
    // The swarm wants a task elsewhere when its node falls silent, and says of the old one what it last heard.
    if (!hasEnded && node !== undefined && silent.has(node)) return "unknown";
    if (desired === "shutdown" || desired === "remove") return hasEnded ? undefined : "leaving";
    if (state === "running") return "running";
    if (FAILED.includes(state)) return "failed";
    if (hasEnded) return undefined;
    return node === undefined ? "waiting" : "starting";
}

function markOf({ service, slot, node, error }: TaskView, phase: Phase): TaskMark {
    return {
        label: oneLine(service) + (slot === undefined ? "" : `.${slot}`),
        global: slot === undefined,
        colour: colourOf(service),
        phase,
        ...(node !== undefined && { node }),
        ...(error && { error: oneLine(error) }),
    };
}

interface Told {
    readonly name: string;
    readonly words: string;
}

/** Which of a replica's tasks speaks for it. */
const PHASES: readonly Phase[] = ["running", "starting", "waiting", "failed", "unknown", "leaving"];

function toldIn({ services, nodes, waiting }: Picture): Map<string, Told> {
    const tasks = [...nodes.flatMap((node) => node.tasks), ...waiting];
    const replicas = Map.groupBy(tasks, ({ label, global, node }) =>
        global ? `${label} on ${node}` : label,
    );
    return new Map<string, Told>([
        ...services.map(({ name, words }) => [`service ${name}`, { name, words }] as const),
        ...[...replicas].map(([name, some]) => {
            const { phase, node, global, error } = some.toSorted(
                (a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase),
            )[0] as TaskMark;
            const where = node === undefined || global ? "" : ` on ${node}`;
            return [`task ${name}`, { name, words: `${phase}${where}${error ? `: ${error}` : ""}` }] as const;
        }),
        ...nodes.map(
            ({ key, name, role, state }) => [`node ${key}`, { name, words: `${role}, ${state}` }] as const,
        ),
    ]);
}

export function changesBetween(before: Picture, after: Picture): string[] {
    const [had, has] = [toldIn(before), toldIn(after)];
    return [
        ...[...had].filter(([key]) => !has.has(key)).map(([, { name }]) => `${name} is gone`),
        ...[...has].flatMap(([key, { name, words }]) => {
            const old = had.get(key);
            if (old === undefined) return [`${name} is new: ${words}`];
            return old.words === words ? [] : [`${name}: ${words}; before: ${old.words}`];
        }),
    ];
}
