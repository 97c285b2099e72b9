/** Whether tasks move, and which. */
import { drifted, isLeaving, isLost, type Nodes, type PlannedNode, runs } from "./nodes.ts";
import { isClosed, rejoiningSeed } from "./order.ts";
import type { Preview } from "./preview.ts";
import type { ServiceChange, ServiceFacts } from "./services.ts";
import { joined, nodeNames, own, say, type Words } from "./words.ts";

export interface Tasks {
    /** Whether any task that runs is ended for this change. */
    readonly move: boolean;
    readonly lines: readonly Words[];
}

/** The nodes whose tasks are moved away. */
export function emptiedNodes({ all }: Nodes): PlannedNode[] {
    return all.filter((node) => node.before?.takesTasks && (isLeaving(node) || isClosed(node)));
}

export function readTasks(preview: Preview, nodes: Nodes, services: readonly ServiceChange[]): Tasks {
    // It empties nodes before they go.
    const moved = nodeLines(nodes, runs(preview, "roster"));
    if (drifted(preview, "roster")) {
        moved.push(own("tasks move from members that were to have none, and from those that are removed"));
    }
    const ended = services.flatMap((service) => serviceLines(service));
    if (nodes.managersBefore.length === 0) return { move: false, lines: [] };
    const lines = [...moved, ...ended.map(({ line }) => line), ...roomLines(nodes)];
    const move = moved.length > 0 || ended.some(({ ends }) => ends);
    return { move, lines: move ? lines : [own("no task that runs is touched"), ...lines] };
}

function nodeLines(nodes: Nodes, hasRoster: boolean): Words[] {
    const emptied = hasRoster ? emptiedNodes(nodes) : [];
    const ended = hasRoster ? [] : nodes.all.filter((node) => node.before?.takesTasks && isLeaving(node));
    const lost = nodes.all.filter((node) => isLost(node) && node.before?.takesTasks);
    const lines: Words[] = [];
    if (emptied.length > 0) {
        const names = nodeNames(emptied.map(({ name }) => name));
        lines.push(
            emptied.length === 1
                ? say`the tasks on ${names} move to other nodes; a service that runs only there is moved by its own update policy, before`
                : say`the tasks on ${names} move to other nodes, one node after another; a service that runs only there is moved by its own update policy, before`,
        );
    }
    if (ended.length > 0) {
        lines.push(
            say`the tasks on ${nodeNames(ended.map(({ name }) => name))} end with ${own(ended.length === 1 ? "its droplet" : "their droplets")}, and are started elsewhere once that is noticed`,
        );
    }
    const again = rejoiningSeed(nodes);
    if (again) {
        lines.push(say`the tasks on ${again.name} end while it joins again; they are started elsewhere`);
    }
    if (lost.length > 0) {
        lines.push(
            say`those that ran on ${nodeNames(lost.map(({ name }) => name))} run elsewhere already, where there was room: ${own(lost.length === 1 ? "its droplet is gone" : "their droplets are gone")}`,
        );
    }
    return lines;
}

/** Tasks do not come by themselves to a node that is new. */
function roomLines({ all }: Nodes): Words[] {
    const room = all.filter(
        (node) => (node.change === "comes" || node.change === "joins") && node.after?.takesTasks,
    );
    const had = all.some(({ before }) => before !== undefined);
    return room.length > 0 && had
        ? [
              say`${nodeNames(room.map(({ name }) => name))} ${own(room.length === 1 ? "takes" : "take")} new tasks; none moves there by itself, but for global services`,
          ]
        : [];
}

interface Line {
    readonly line: Words;
    /** Whether tasks are ended. */
    readonly ends: boolean;
}

function serviceLines({ name, change, effect, before, after }: ServiceChange): Line[] {
    if (change === "goes") return [{ line: say`${name}: its tasks end`, ends: true }];
    if (change === "comes" || change === "confirmed") return [];
    switch (effect) {
        case "none":
            return [{ line: say`${name}: no task is touched`, ends: false }];
        case "more":
            return [
                { line: say`${name}: ${difference(before, after)} more; those that run stay`, ends: false },
            ];
        case "fewer":
            return [{ line: say`${name}: ${difference(before, after)} fewer; the others stay`, ends: true }];
        case "misplaced":
            return [{ line: say`${name}: those tasks move whose node does not fit any more`, ends: true }];
        case "roll":
            return [{ line: say`${name}: its tasks are exchanged, ${rolloutText(after)}`, ends: true }];
        case "again":
            return [{ line: say`${name}: the job runs again`, ends: false }];
        case "anew":
            return [{ line: say`${name}: all its tasks end, then new ones start`, ends: true }];
        default:
            return [{ line: say`${name}: whether its tasks are exchanged cannot be told`, ends: true }];
    }
}

function difference(before: ServiceFacts | undefined, after: ServiceFacts | undefined): Words {
    const count = Math.abs((after?.replicas ?? 0) - (before?.replicas ?? 0));
    return count === 1 ? own("1 task") : say`${count} tasks`;
}

function rolloutText(facts: ServiceFacts | undefined): Words {
    const at = facts?.parallelism ?? 1;
    const pace = at === 0 ? own("all at once") : at === 1 ? own("one after another") : say`${at} at a time`;
    return joined([pace, own(facts?.startFirst ? "the new one started first" : "the old one stopped first")]);
}
