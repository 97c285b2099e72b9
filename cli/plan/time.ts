/**
 * How long an `up` or a `destroy` takes: from figures that were measured, each with its source. A range, since the lab's
 * machines boot in seconds and a cloud's in a minute.
 */
import { dropletCounts } from "./cost.ts";
import { command, isJoining, isLeaving, isLost, type Nodes, runs, swarmMadeAgain } from "./nodes.ts";
import { isClosed, rejoiningSeed } from "./order.ts";
import type { Preview } from "./preview.ts";
import type { ServiceChange } from "./services.ts";

interface Figure {
    /** Seconds, in the lab, all warm. */
    readonly least: number;
    /** Seconds, with the official plugins' own waits, and DigitalOcean's time where the source names one. */
    readonly most: number;
    readonly source: string;
}

/**
 * "Figures" and "Where the time goes" are sections of docs/performance.md.
 */
export const FIGURES = {
    /** Engine, program and plugins start, and the account is looked up; and the end. */
    start: {
        least: 2.5,
        most: 3.5,
        source: 'docs/performance.md, "Where the time goes": 2.1 s and 0.4 s; "Figures": up, nothing to do',
    },
    /**
     * New nodes until they are in the swarm: droplets active, first boot, joins; all at once, ten at a time at
     * DigitalOcean (README, "Where the state is kept").
     */
    made: {
        least: 3.1,
        most: 73.6,
        source:
            'docs/performance.md, "Figures": one worker more, less start and roster; "Where the time goes": a minute or so ' +
            "a droplet, 10 s of the plugin's, boot 2.3 s, joins 1.3 s",
    },
    /** Each manager that joins, one after another, until it is reachable. At least half of what slow cores take. */
    join: {
        least: 3,
        most: 6,
        source: 'docs/operations.md, "How long it takes": two managers more, 24 s, less one worker more, 12 s',
    },
    /** A worker that becomes the first manager where nobody promotes it. */
    again: { least: 31.3, most: 31.3, source: "components/join.sh: 30 s; docs/performance.md: joins" },
    /** The roster, where nobody leaves. */
    roster: { least: 0.7, most: 0.7, source: 'docs/performance.md, "Where the time goes"' },
    /** A member that is emptied and removed. */
    leave: {
        least: 1,
        most: 6.5,
        source: 'docs/performance.md, "Figures"; README, "More nodes, and fewer": 13 s for two',
    },
    /** A manager that becomes a worker, before it goes or to stay; the leader costs an election. Half, likewise. */
    demote: {
        least: 1,
        most: 3,
        source: 'docs/operations.md, "How long it takes": all managers rolled, 32 s, less the joins and the rest',
    },
    /** A service that is made: pull, start, calm. A batch of tasks that an update exchanges counts as much at most. */
    service: {
        least: 4.2,
        most: 5.2,
        source: 'docs/performance.md, "Where the time goes": nginx; 2 s of calm since, not 3',
    },
    /** A service with other options: at least the 2 s of calm. */
    update: {
        least: 2,
        most: 5.2,
        source: 'docs/design.md, "When a service has converged"; as a service that is made',
    },
    /** Droplets deleted, all at once. */
    deletion: {
        least: 1,
        most: 20,
        source: 'README, "More nodes, and fewer"; docs/performance.md: the plugin waits 20 s',
    },
    /** A destroy as a whole. */
    destroy: {
        least: 3.1,
        most: 21.2,
        source: 'docs/performance.md, "Figures", and with the official plugins',
    },
} as const satisfies Record<string, Figure>;

/** DigitalOcean makes so many droplets at a time. */
const AT_ONCE = 10;

/** Seconds: at least as in the lab, at most as at DigitalOcean. */
export interface Time {
    readonly least: number;
    readonly most: number;
    /** What it was put together from: names of figures, and how often each counts. */
    readonly parts: readonly { readonly figure: keyof typeof FIGURES; readonly times: number }[];
}

export function timeOf(preview: Preview, nodes: Nodes, services: readonly ServiceChange[]): Time {
    const { made } = dropletCounts(nodes);
    const startsOver = swarmMadeAgain(preview, nodes) === "new";
    const managers = nodes.all.filter(
        (node) => node.after?.role === "manager" && (isJoining(node) || startsOver),
    ).length;
    // The first of a new swarm joins nobody.
    const initialises = startsOver || command(preview, "swarm")?.kind === "create";
    const hasRoster = runs(preview, "roster");
    const leaving = nodes.all.filter(
        (node) => hasRoster && !startsOver && (isLeaving(node) || isClosed(node) || isLost(node)),
    ).length;
    const demotions = nodes.all.filter(
        (node) =>
            hasRoster &&
            !startsOver &&
            node.before?.role === "manager" &&
            (isLeaving(node) || isLost(node) || node.after?.role === "worker"),
    ).length;
    // All services at once: the one with most batches is waited for.
    const most = Math.max(0, ...services.map(batches));
    const parts: Time["parts"] = [
        { figure: "start", times: 1 },
        { figure: "made", times: Math.ceil(made / AT_ONCE) },
        { figure: "join", times: Math.max(0, managers - (initialises ? 1 : 0)) },
        { figure: "again", times: rejoiningSeed(nodes) ? 1 : 0 },
        { figure: "roster", times: hasRoster ? 1 : 0 },
        { figure: "demote", times: demotions },
        { figure: "leave", times: leaving },
        {
            figure: "service",
            times: services.some(({ change }) => change === "comes" || change === "anew") ? 1 : 0,
        },
        { figure: "update", times: most },
        { figure: "deletion", times: nodes.all.some(isLeaving) ? 1 : 0 },
    ];
    return sum(parts);
}

export function destroyTime(): Time {
    return sum([{ figure: "destroy", times: 1 }]);
}

function sum(parts: Time["parts"]): Time {
    const counted = parts.filter(({ times }) => times > 0);
    const total = (end: "least" | "most") =>
        counted.reduce((seconds, { figure, times }) => {
            // However many batches an update has, at least one is waited for.
            const counts = figure === "update" && end === "least" ? 1 : times;
            return seconds + FIGURES[figure][end] * counts;
        }, 0);
    return { least: Math.round(total("least")), most: Math.round(total("most")), parts: counted };
}

/** How many times an update exchanges tasks; 1 where it exchanges none. */
function batches({ change, effect, after }: ServiceChange): number {
    if (change === "mended") return 1;
    if (change !== "changes") return 0;
    const replicas = after?.replicas ?? 1;
    return effect === "roll" && after && after.parallelism > 0
        ? Math.max(1, Math.ceil(replicas / after.parallelism))
        : 1;
}
