/** What has changed from one picture to the next, in words: for those who listen, and as a log for those who look. */

import { count } from "../words.ts";
import type { NodeCard, Picture, TaskMark } from "./picture.ts";

/** More tasks than this in a sentence, and they are counted by node instead of named. */
const NAMED = 3;

/** Sentences, the most important last, since that is what stays in the ear. */
export function changesBetween(before: Picture, after: Picture): string[] {
    return [
        ...serviceChanges(before, after),
        ...taskChanges(before, after),
        ...nodeChanges(before.nodes, after.nodes),
    ];
}

function serviceChanges(before: Picture, after: Picture): string[] {
    const had = new Map(before.services.map((service) => [service.name, service]));
    const has = new Set(after.services.map(({ name }) => name));
    return [
        ...before.services.filter(({ name }) => !has.has(name)).map(({ name }) => `${name} is gone.`),
        ...after.services.flatMap((service) => {
            const { name, wanted, state, image } = service;
            const old = had.get(name);
            if (old === undefined) return [`${name} is new: ${count(wanted, "task")} wanted.`];
            if (state === "removed") return old.state === "removed" ? [] : [`${name} is removed.`];
            return [
                ...(old.wanted === wanted
                    ? []
                    : [`${name}: ${count(wanted, "task")} wanted, before ${old.wanted}.`]),
                ...(old.image === image || old.image === ""
                    ? []
                    : [`${name}: image ${image}, before ${old.image}.`]),
                ...service.more.filter((word) => !old.more.includes(word)).map((word) => `${name}: ${word}.`),
            ];
        }),
    ];
}

const allTasks = ({ nodes, waiting }: Picture) => [...nodes.flatMap(({ tasks }) => tasks), ...waiting];

function taskChanges(before: Picture, after: Picture): string[] {
    const old = new Map(allTasks(before).map((task) => [task.key, task]));
    const now = allTasks(after);
    const keys = new Set(now.map(({ key }) => key));
    const came = now.filter(({ key, phase }) => old.get(key)?.phase !== phase);
    // One that is replaced elsewhere is in the sentence about its successor.
    const running = new Set(now.filter(({ phase }) => phase === "runs").map(({ label }) => label));
    const left = [...old.values()].filter(
        ({ key, phase, label, slot }) =>
            !keys.has(key) && phase !== "waits" && !(slot !== "" && running.has(label)),
    );
    return [
        ...grouped(left, "ended", ({ node }) => (node === undefined ? "ended" : `ended on ${node}`)),
        ...grouped(
            came.filter(({ phase }) => phase === "waits"),
            "wait for a node",
            ({ error }) => `waits for a node${error ? `: ${error}` : ""}`,
        ),
        ...grouped(
            came.filter(({ phase }) => phase === "unknown"),
            "do not answer",
            ({ node }) => `does not answer on ${node}`,
        ),
        ...grouped(
            came.filter(({ phase }) => phase === "failed"),
            "failed",
            ({ node, error }) =>
                `failed${node === undefined ? "" : ` on ${node}`}${error ? `: ${error}` : ""}`,
        ),
        ...grouped(
            came.filter(({ phase }) => phase === "runs"),
            "run",
            (task) => `runs on ${task.node}${movedFrom(task, old)}`,
        ),
    ];
}

/** `, before on node2`, for a replica that ran elsewhere. */
function movedFrom(task: TaskMark, old: ReadonlyMap<string, TaskMark>): string {
    const others = [...old.values()].filter(
        ({ key, label, phase, node }) =>
            key !== task.key &&
            label === task.label &&
            node !== undefined &&
            phase !== "waits" &&
            phase !== "starts",
    );
    const other = task.slot === "" ? undefined : others.at(-1)?.node;
    return other === undefined || other === task.node ? "" : `, before on ${other}`;
}

/** A sentence a task, or one for all of a service when they are many: `6 tasks of nginx run: 4 on node2, 2 on node3.` */
function grouped(tasks: readonly TaskMark[], many: string, one: (task: TaskMark) => string): string[] {
    return [...Map.groupBy(tasks, ({ service }) => service)].flatMap(([service, group]) => {
        if (group.length <= NAMED) return group.map((task) => ended(`${task.label} ${one(task)}`));
        const places = [...Map.groupBy(group, ({ node }) => node)].flatMap(([node, those]) =>
            node === undefined ? [] : [`${those.length} on ${node}`],
        );
        const where = places.length === 0 ? "" : `: ${places.join(", ")}`;
        return [ended(`${group.length} tasks of ${service} ${many}${where}`)];
    });
}

const ended = (sentence: string) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

function nodeChanges(before: readonly NodeCard[], after: readonly NodeCard[]): string[] {
    const same = (one: NodeCard, other: NodeCard) =>
        one.key === other.key || one.ids.some((id) => other.ids.includes(id));
    const gone = before.filter((node) => !after.some((other) => same(node, other)));
    return [
        ...gone.map(({ name, which }) => `${which === undefined ? name : `the ${which} ${name}`} is gone.`),
        ...after.flatMap((node) => {
            const { name, role, state } = node;
            const had = before.find((other) => same(other, node));
            if (had === undefined) return [`${name} is new: ${role}, ${state}.`];
            return [
                ...(had.role === role ? [] : [`${name}: ${role}, before ${had.role}.`]),
                ...(had.state === state ? [] : [`${name}: ${state}, before ${had.state}.`]),
            ];
        }),
    ];
}
