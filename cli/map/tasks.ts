/**
 * Which tasks belong in a picture. A swarm remembers tasks that ended long ago; drawn are those that are there, those
 * that should be, and a failure for as long as nothing runs in its place.
 */
import type { ClusterView, TaskView } from "../clusterView.ts";

/**
 * `runs`, `starts`, `leaves` and `failed` are what they say; `waits` is a task for which no node has been found, and
 * `unknown` one on a node that does not answer: it may run there, or not.
 */
export type Phase = "runs" | "starts" | "waits" | "leaves" | "failed" | "unknown";

/** What each phase is called in a picture, and the sign of it where there is no room for the word. */
export const PHASES: Readonly<Record<Phase, { readonly word: string; readonly sign: string }>> = {
    runs: { word: "running", sign: "" },
    starts: { word: "starting", sign: "+" },
    waits: { word: "waiting", sign: "…" },
    leaves: { word: "leaving", sign: "-" },
    failed: { word: "failed", sign: "✗" },
    unknown: { word: "unknown", sign: "?" },
};

export interface DrawnTask {
    readonly task: TaskView;
    readonly phase: Phase;
    /** Name of the node that it is drawn on. */
    readonly host?: string;
}

const ENDED = new Set(["complete", "shutdown", "failed", "rejected", "remove", "orphaned"]);
const FAILED = new Set(["failed", "rejected"]);

/** The tasks to draw, in the order of the view. */
export function drawnTasks({ tasks, nodes }: ClusterView): DrawnTask[] {
    const silent = new Set(nodes.filter(({ state }) => state !== "ready").map(({ name }) => name));
    for (const { name, state } of nodes) if (state === "ready") silent.delete(name);
    const live = tasks.flatMap((task) => {
        const phase = livePhase(task, silent);
        return phase === undefined ? [] : [drawn(task, phase)];
    });
    const filled = new Set(
        live.filter(({ phase }) => phase === "runs" || phase === "failed").map(({ task }) => place(task)),
    );
    return [...live, ...lastFailures(tasks, filled)];
}

const drawn = (task: TaskView, phase: Phase): DrawnTask => ({
    task,
    phase,
    ...(task.node === undefined ? {} : { host: task.node }),
});

/** What a task is a holder of: a replica's number, or a node's one task of a global service. */
const place = ({ service, slot, node }: TaskView) => JSON.stringify([service, slot ?? node ?? ""]);

/** Undefined for a task that has had its time. */
function livePhase(task: TaskView, silent: ReadonlySet<string>): Phase | undefined {
    const wanted = task.desired !== "shutdown" && task.desired !== "remove";
    // The swarm wants a task elsewhere when its node falls silent, and says of the old one what it last heard.
    if (!ENDED.has(task.state) && task.node !== undefined && silent.has(task.node)) return "unknown";
    if (!wanted) return ENDED.has(task.state) ? undefined : "leaves";
    if (task.state === "running") return "runs";
    if (FAILED.has(task.state)) return "failed";
    if (ENDED.has(task.state)) return undefined;
    return task.node === undefined ? "waits" : "starts";
}

/** Of each place that nothing runs in, the task that failed last. */
function lastFailures(tasks: readonly TaskView[], filled: ReadonlySet<string>): DrawnTask[] {
    const last = new Map<string, TaskView>();
    for (const task of tasks) {
        const wanted = task.desired !== "shutdown" && task.desired !== "remove";
        if (wanted || !FAILED.has(task.state) || filled.has(place(task))) continue;
        const other = last.get(place(task));
        if (other === undefined || Date.parse(other.since) < Date.parse(task.since))
            last.set(place(task), task);
    }
    return [...last.values()].map((task) => drawn(task, "failed"));
}
