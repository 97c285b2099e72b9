/**
 * What there is to see of a cluster, in words and in order. The page draws this and decides nothing itself.
 */
import type { ClusterView, NodeView, ServiceView } from "../clusterView.ts";
import { count, oneLine } from "../words.ts";
import { assignMarks, type Mark } from "./marks.ts";
import { type DrawnTask, drawnTasks, type Phase } from "./tasks.ts";

/** `good`: nothing to do. `note`: worth a look. `bad`: does not work. */
export type Level = "good" | "note" | "bad";

export interface Picture {
    readonly stack: string;
    /** When the cluster was read; RFC 3339. */
    readonly at: string;
    /** The whole in a sentence or two. */
    readonly headline: string;
    readonly services: readonly ServiceEntry[];
    readonly nodes: readonly NodeCard[];
    /** Tasks that are on none of the nodes, most of them since no node has been found for them. */
    readonly waiting: readonly TaskMark[];
    /** What is amiss with the cluster or could not be read, a line each. */
    readonly problems: readonly string[];
    /** Why tasks do not run, a line each: the errors of the tasks above, and which have them. */
    readonly errors: readonly string[];
}

export interface ServiceEntry {
    readonly name: string;
    readonly mark: Mark;
    readonly image: string;
    readonly wanted: number;
    /** `2 of 3 run`, `gone`, ... */
    readonly state: string;
    /** `global`, ports and the update under way, as far as there are any. */
    readonly more: readonly string[];
    readonly level: Level;
}

export interface NodeCard {
    /** No two cards have the same, though two nodes may have one name for a while. */
    readonly key: string;
    /** What it has from swarm and cloud: a droplet that joins is the same node still, though its card has another key. */
    readonly ids: readonly string[];
    readonly name: string;
    /** Where two nodes have its name, as while one is replaced: `new` is the one that no finished `up` has put out. */
    readonly which?: "old" | "new";
    readonly role: string;
    readonly state: string;
    readonly level: Level;
    /** What one may want to know of it besides. */
    readonly facts: readonly (readonly [label: string, value: string])[];
    readonly tasks: readonly TaskMark[];
}

export interface TaskMark {
    readonly key: string;
    readonly service: string;
    /** `nginx.2`; the service's name alone for a global one. */
    readonly label: string;
    /** `.2`, or nothing. */
    readonly slot: string;
    readonly mark: Mark;
    readonly phase: Phase;
    /** Name of its node. */
    readonly node?: string;
    readonly error?: string;
}

/**
 * The picture of a cluster.
 *
 * @param before The picture before this one, whose services keep their marks.
 */
export function pictureOf(view: ClusterView, before?: Picture): Picture {
    const drawn = drawnTasks(view);
    const names = [...view.services, ...drawn.map(({ task }) => ({ name: task.service }))];
    const kept = new Map(before?.services.map(({ name, mark }) => [name, mark]));
    const marks = assignMarks(
        names.map(({ name }) => name),
        kept,
    );
    const tasks = drawn
        .map((one) => taskMark(one, marks))
        .sort((a, b) => natural(a.label, b.label) || natural(a.key, b.key));
    const nodes = cards(view, tasks);
    const placed = new Set(nodes.flatMap((node) => node.tasks));
    return {
        stack: oneLine(view.stack),
        at: view.at,
        headline: headline(view),
        services: serviceEntries(view, marks),
        nodes,
        waiting: tasks.filter((task) => !placed.has(task)),
        problems: view.problems.map(oneLine),
        errors: taskErrors(tasks),
    };
}

const natural = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

function headline({ nodes, services }: ClusterView): string {
    const members = nodes.filter(({ role }) => role !== undefined);
    const lost = nodes.filter(({ origin }) => origin === "lost").length;
    const absent = nodes.length - members.length - lost;
    const ready = members.filter(({ state }) => state === "ready").length;
    const managers = members.filter(({ role }) => role === "manager").length;
    const workers = members.length - managers;
    const sum = (key: "running" | "wanted") => services.reduce((total, service) => total + service[key], 0);
    return [
        `${count(members.length, "node")}, ${ready === members.length ? "all" : ready} ready: ` +
            `${count(managers, "manager")}, ${count(workers, "worker")}.`,
        ...(absent > 0 ? [`${count(absent, "node")} not in the swarm.`] : []),
        ...(lost > 0 ? [`${count(lost, "droplet")} that nobody knows.`] : []),
        services.length === 0
            ? "No services."
            : `${count(services.length, "service")}: ${sum("running")} of ${count(sum("wanted"), "task")} run.`,
    ].join(" ");
}

function serviceEntries({ services }: ClusterView, marks: ReadonlyMap<string, Mark>): ServiceEntry[] {
    const byName = new Map(services.map((service) => [service.name, service]));
    return [...marks]
        .map(([name, mark]) => serviceEntry(name, mark, byName.get(name)))
        .sort((a, b) => natural(a.name, b.name));
}

function serviceEntry(name: string, mark: Mark, service: ServiceView | undefined): ServiceEntry {
    if (service === undefined) {
        return { name, mark, image: "", wanted: 0, state: "removed", more: [], level: "note" };
    }
    const { image, mode, ports, wanted, running, updateState } = service;
    // An update that has ended well is no news.
    const update = updateState === undefined || updateState === "completed" ? [] : [updateWords(updateState)];
    const stuck = /paused|rollback/.test(updateState ?? "");
    return {
        name: oneLine(name),
        mark,
        image: oneLine(image),
        wanted,
        state: `${running} of ${wanted} run`,
        more: [...(mode === "global" ? ["global"] : []), ...ports.map(oneLine), ...update],
        level: running < wanted ? (running === 0 ? "bad" : "note") : stuck ? "note" : "good",
    };
}

/** `rollback_completed` is "rollback completed", and `updating` is "updating". */
const updateWords = (state: string) =>
    state === "paused" ? "update paused" : oneLine(state.replaceAll("_", " "));

/** Managers first, then workers, then what is no member; each by name. Who leads changes, and moves nobody. */
function cards({ nodes }: ClusterView, tasks: readonly TaskMark[]): NodeCard[] {
    const rank = ({ role, wantedRole, origin }: NodeView) =>
        origin === "lost" ? 3 : (role ?? wantedRole) === "manager" ? 1 : 2;
    const sorted = [...nodes].sort((a, b) => rank(a) - rank(b) || natural(a.name, b.name));
    const hosts = hostOf(sorted);
    const own = sorted.filter(({ origin }) => origin !== "lost");
    const isShared = (node: NodeView) =>
        own.includes(node) &&
        [true, false].every((put) =>
            own.some(({ name, wantedRole }) => name === node.name && (wantedRole !== undefined) === put),
        );
    return sorted.map((node) => ({
        key: node.nodeId ?? node.dropletId ?? node.name,
        ids: [node.nodeId, node.dropletId].flatMap((id) => id || []),
        name: oneLine(node.name),
        ...(isShared(node) && { which: node.wantedRole === undefined ? "new" : "old" }),
        role: roleWords(node),
        state: stateWords(node),
        level: levelOf(node),
        facts: facts(node),
        tasks: tasks.filter((task) => task.node !== undefined && hosts.get(task.node) === node),
    }));
}

/** While a node is exchanged, two have its name; tasks are on the one that is ready, or the first. */
function hostOf(nodes: readonly NodeView[]): Map<string, NodeView> {
    const hosts = new Map<string, NodeView>();
    for (const node of nodes.filter(({ origin }) => origin !== "lost")) {
        const other = hosts.get(node.name);
        if (other === undefined || (other.state !== "ready" && node.state === "ready"))
            hosts.set(node.name, node);
    }
    return hosts;
}

function roleWords({ role, wantedRole, leader, origin }: NodeView): string {
    if (origin === "lost") return "droplet";
    if (role === undefined) return wantedRole === undefined ? "no member" : `${wantedRole} wanted`;
    if (wantedRole !== undefined && wantedRole !== role) return `${role}, ${wantedRole} wanted`;
    return leader ? `${role}, leader` : role;
}

function stateWords(node: NodeView): string {
    const { state, availability, reachability, dropletStatus, origin } = node;
    if (origin === "lost") return "in neither swarm nor stack";
    return [
        state === "absent" ? "not in the swarm" : oneLine(state),
        ...(availability === "drain" ? ["drained"] : availability === "pause" ? ["paused"] : []),
        ...(reachability === undefined || reachability === "reachable" ? [] : [oneLine(reachability)]),
        ...(dropletStatus === undefined || dropletStatus === "active"
            ? []
            : [dropletStatus === "absent" ? "no droplet" : `droplet ${oneLine(dropletStatus)}`]),
        ...(origin === "foreign" ? ["foreign"] : []),
    ].join(", ");
}

function levelOf(node: NodeView): Level {
    const { state, availability, reachability, dropletStatus, origin, role, wantedRole } = node;
    if (origin === "lost") return "note";
    if (dropletStatus === "off" || dropletStatus === "absent" || dropletStatus === "archive") return "bad";
    // What is about to join: a droplet that has never been a member, a member that has not reported yet.
    if (state === "absent" && node.nodeId === undefined) return "note";
    if (state === "unknown" || (state === "ready" && reachability === "unknown")) return "note";
    if (state !== "ready" || (reachability !== undefined && reachability !== "reachable")) return "bad";
    const otherRole = wantedRole !== undefined && wantedRole !== role;
    return availability === "pause" || origin === "foreign" || otherRole ? "note" : "good";
}

function facts(node: NodeView): NodeCard["facts"] {
    const all: [string, string | undefined][] = [
        ["Public address", node.publicIp],
        ["Private address", node.privateIp],
        ["Size", node.size],
        ["Docker", node.engineVersion],
        ["Droplet ID", node.dropletId],
        ["Node ID", node.nodeId],
        ["Tags", node.tags.join(", ")],
    ];
    return all.flatMap(([label, value]) => (value ? [[label, oneLine(value)] as const] : []));
}

function taskMark({ task, phase, host }: DrawnTask, marks: ReadonlyMap<string, Mark>): TaskMark {
    const slot = task.slot === undefined ? "" : `.${task.slot}`;
    return {
        key: task.id,
        service: oneLine(task.service),
        label: oneLine(task.service) + slot,
        slot,
        mark: marks.get(task.service) as Mark,
        phase,
        ...(host === undefined ? {} : { node: host }),
        ...(task.error ? { error: oneLine(task.error) } : {}),
    };
}

/** `nginx.2 on node3: task: non-zero exit (1)`; tasks of a service with the same error share a line. */
function taskErrors(tasks: readonly TaskMark[]): string[] {
    const groups = new Map<string, TaskMark[]>();
    for (const task of tasks.filter(({ error }) => error !== undefined)) {
        const key = JSON.stringify([task.service, task.error]);
        groups.set(key, [...(groups.get(key) ?? []), task]);
    }
    return [...groups.values()].map((group) => {
        const [{ error, service }] = group as [TaskMark];
        const where = group.map(({ label, node }) => (node === undefined ? label : `${label} on ${node}`));
        return `${group.length > 4 ? `${group.length} tasks of ${service}` : where.join(", ")}: ${error}`;
    });
}
