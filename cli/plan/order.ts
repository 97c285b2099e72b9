/**
 * What an `up` would do to the swarm, in the order in which it does it, and how many managers there are after each step.
 * The order is that of the program: droplets, `swarm`, joins, roster (components/roster.sh), services, deletions.
 */

import { quorumOf } from "../../model/quorum.ts";
import { keyChanges, keySteps } from "./keys.ts";
import {
    command,
    drifted,
    isJoining,
    isLeaving,
    isMade,
    type Nodes,
    type PlannedNode,
    runs,
} from "./nodes.ts";
import type { PortChanges } from "./ports.ts";
import type { Preview } from "./preview.ts";
import type { ServiceChange } from "./services.ts";
import { joined, listed, nodeNames, own, say, type Words } from "./words.ts";

/** Managers on the swarm's list after a step, and how many of them answer as far as the preview knows. */
export interface Managers {
    readonly members: number;
    readonly reachable: number;
    /** How many more may be lost with the quorum kept; -1 where there is none. */
    readonly bears: number;
}

export interface Step {
    readonly what: Words;
    /** Where the step changes them. */
    readonly managers?: Managers;
}

export interface Course {
    readonly steps: readonly Step[];
    readonly before: Managers;
    readonly after: Managers;
    /** The state that bears the least, and of several such the one with most managers: each of them may fail. */
    readonly worst: Managers;
    /** Every number of managers that there is, the one before first. */
    readonly path: readonly number[];
}

export function managersOf(members: number, reachable: number): Managers {
    if (members === 0) return { members, reachable, bears: -1 };
    const quorum = quorumOf({ members, reachable });
    return { members, reachable, bears: quorum.has ? quorum.bears : -1 };
}

/** Counts the managers through the steps of a course. */
class Count {
    readonly steps: Step[] = [];
    readonly states: Managers[];

    constructor(start: Managers) {
        this.states = [start];
    }

    get now(): Managers {
        return this.states.at(-1) as Managers;
    }

    step(what: Words): void {
        this.steps.push({ what });
    }

    /** @param members How many more, or fewer, there are on the list. @param reachable The same of those that answer. */
    managers(what: Words, members: number, reachable = members): void {
        this.become(what, managersOf(this.now.members + members, this.now.reachable + reachable));
    }

    /** Fewer by one, so many times. @param answer Whether those that go could be reached. */
    fewer(what: Words, times: number, answer = true): void {
        for (let left = times - 1; left > 0; left -= 1) {
            const { members, reachable } = this.now;
            this.states.push(managersOf(members - 1, reachable - (answer ? 1 : 0)));
        }
        if (times > 0) this.managers(what, -1, answer ? -1 : 0);
    }

    become(what: Words, managers: Managers): void {
        this.states.push(managers);
        this.steps.push({ what, managers });
    }

    course(): Course {
        const [before] = this.states as [Managers];
        // Before there is a swarm, and after it, there is nothing to be lost.
        const swarms = this.states.filter(({ members }) => members > 0);
        const weaker = (a: Managers, b: Managers) =>
            b.bears < a.bears || (b.bears === a.bears && b.members > a.members) ? b : a;
        return {
            steps: this.steps,
            before,
            after: this.now,
            worst: swarms.reduce(weaker, swarms[0] ?? before),
            path: this.states
                .map(({ members }) => members)
                .filter((members, index, all) => index === 0 || members !== all[index - 1]),
        };
    }
}

export interface CourseFacts {
    readonly preview: Preview;
    readonly nodes: Nodes;
    readonly services: readonly ServiceChange[];
    readonly ports: PortChanges;
}

const namesOf = (nodes: readonly { readonly name: string }[]) => nodes.map(({ name }) => name);

/** Members that go, whose names may have others by then. */
function former(nodes: readonly PlannedNode[]): Words {
    const named = (change: PlannedNode["change"], text: string) => {
        const names = namesOf(nodes.filter((node) => node.change === change));
        return names.length === 0 ? [] : [say`${own(text)}${nodeNames(names)}`];
    };
    return joined(
        [...named("lost", "the lost "), ...named("goes", ""), ...named("replaced", "the old ")],
        " and ",
    );
}

/** A member that comes, whose name may have been another one's. */
function made({ name, change }: PlannedNode): Words {
    return change === "comes" || change === "joins" ? say`${name}` : say`the new ${name}`;
}

/** The course of an `up`. */
export function courseOf(facts: CourseFacts): Course {
    const { preview, nodes, services } = facts;
    const lost = nodes.all.filter(({ change, before }) => change === "lost" && before?.role === "manager");
    const members = nodes.managersBefore.length;
    const count = new Count(managersOf(members, members - lost.length));
    // Managers on the list that are no more.
    let dead = lost.length;
    firewallStep(count, facts);
    dropletSteps(count, nodes);
    const survivor = preview.config.recoverFrom ?? "";
    if (command(preview, "recover")?.kind === "create") {
        if (count.now.bears < 0) {
            count.become(
                say`where no leader is found within 30 s, a new quorum is made of ${survivor} alone; the managers that are lost count no more`,
                managersOf(1, 1),
            );
            dead = 0;
        } else {
            count.step(
                say`on ${survivor} a leader is looked for; only if there is none within 30 s, a new quorum is made of it alone`,
            );
        }
    }
    if (command(preview, "swarm")?.kind === "replace") dead = 0;
    seedStep(count, facts);
    for (const step of keySteps(keyChanges(preview))) count.step(step);
    joinSteps(count, nodes);
    const hasRoster = runs(preview, "roster");
    if (hasRoster) rosterSteps(count, facts, dead);
    for (const [kind, text] of SERVICE_STEPS) {
        const found = services.filter(({ change }) => change === kind);
        if (found.length > 0) count.step(say`${own(text)} ${listed(namesOf(found))}`);
    }
    const gone = nodes.all.filter(isLeaving);
    if (gone.length > 0) {
        const what =
            gone.length === 1
                ? say`the droplet of ${former(gone)} is deleted`
                : say`the droplets of ${former(gone)} are deleted`;
        const managers = gone.filter(({ before }) => before?.role === "manager").length;
        // Without the roster they stay on the list of managers.
        if (hasRoster || managers === 0) count.step(what);
        else count.managers(what, 0, -managers);
    }
    if (nodes.leftover > 0) {
        count.step(
            nodes.leftover === 1
                ? own("a droplet that an interrupted run has left is deleted")
                : say`${nodes.leftover} droplets that an interrupted run has left are deleted`,
        );
    }
    return count.course();
}

/** All services at once, after the roster. */
const SERVICE_STEPS = [
    ["comes", "new services, each until it runs and stays up:"],
    ["changes", "services are updated, each until it has converged:"],
    ["mended", "services are set right, each until it has converged:"],
    ["anew", "services are made anew:"],
] as const;

function firewallStep(count: Count, { ports }: CourseFacts): void {
    if (ports.first) {
        count.step(own("network, firewall and the key that logs in are made"));
        return;
    }
    const does = [
        ["opens", "opens ports"],
        ["closes", "closes ports"],
        ["sources", "changes who reaches ports"],
    ]
        .filter(([change]) => ports.changes.some((port) => port.change === change))
        .map(([, text]) => own(text as string));
    if (does.length > 0) count.step(say`the firewall ${joined(does, " and ")}, before anything else is done`);
}

function dropletSteps(count: Count, { all }: Nodes): void {
    const names = namesOf(all.filter(isMade));
    if (names.length > 0) {
        count.step(
            names.length === 1
                ? say`a droplet is made: ${nodeNames(names)}`
                : say`${names.length} droplets are made, all at once: ${nodeNames(names)}`,
        );
    }
}

/** Whether a node is a manager of the swarm already, as the same member. */
function isManagerStill({ before, change }: PlannedNode): boolean {
    return before?.role === "manager" && change === "stays";
}

function seedStep(count: Count, { preview, nodes }: CourseFacts): void {
    const name = nodes.managersAfter[0];
    const seed = nodes.all.find((node) => node.name === name);
    const kind = command(preview, "swarm")?.kind;
    if (!seed) return;
    if (kind === "create" || kind === "lost") {
        count.become(say`${seed.name} initialises the swarm`, managersOf(1, 1));
        return;
    }
    if (kind === "replace") {
        count.become(
            say`${seed.name} initialises a new swarm; nothing of the one before is taken over`,
            managersOf(1, 1),
        );
        return;
    }
    if (isMade(seed) || seed.change === "joins") {
        if (!runs(preview, "swarm")) return;
        count.managers(say`${made(seed)}, the first manager, joins the swarm as a manager`, 1);
        return;
    }
    if (name !== nodes.managersBefore[0] && isManagerStill(seed)) {
        count.step(say`commands go to ${seed.name} from here on: it is the first manager`);
    }
}

/** Workers join all at once, managers one after another, in the order of the config; the seed is in already. */
function joinSteps(count: Count, nodes: Nodes): void {
    const [seedName, ...others] = nodes.managersAfter;
    const byName = (name: string) => nodes.all.find((node) => node.name === name) as PlannedNode;
    const workers = nodes.all.filter((node) => isJoining(node) && node.after?.role === "worker");
    if (workers.length > 0) {
        const names = nodeNames(namesOf(workers));
        count.step(
            workers.length === 1
                ? say`${names} joins, without tasks yet`
                : say`${names} join all at once, without tasks yet`,
        );
    }
    const seed = seedName === undefined ? undefined : byName(seedName);
    const isNewSeed = seed?.change === "stays" && seed.before?.role === "worker";
    const again = rejoiningSeed(nodes);
    if (isNewSeed && seed && !again) {
        count.managers(
            say`${seed.name}, the first manager from now on, is promoted by another manager; it stays the member that it is`,
            1,
        );
    }
    for (const node of others.map(byName).filter(isJoining)) {
        count.managers(say`${made(node)} joins as a manager; the next step waits until it is reachable`, 1);
    }
    if (again) {
        // components/join.sh waits so long for somebody to promote it.
        count.managers(
            say`${again.name} waits 30 s for a manager that stays to promote it; there is none, so it leaves the swarm and joins it again as a manager`,
            1,
        );
    }
}

/**
 * A worker that becomes the first manager where no other manager stays or comes before it: nobody promotes it, so it
 * leaves the swarm and joins it again.
 */
export function rejoiningSeed({ all, managersAfter }: Nodes): PlannedNode | undefined {
    const seed = all.find(({ name }) => name === managersAfter[0]);
    if (seed?.change !== "stays" || seed.before?.role !== "worker") return undefined;
    const promoters = all.filter(
        (node) =>
            node !== seed && (isManagerStill(node) || (isJoining(node) && node.after?.role === "manager")),
    );
    return promoters.length === 0 ? seed : undefined;
}

/** @param dead Managers on the list that are no more. */
function rosterSteps(count: Count, { preview, nodes, services }: CourseFacts, dead: number): void {
    const [seed] = nodes.managersAfter;
    const removed = services.filter(({ change }) => change === "goes");
    if (removed.length > 0) {
        count.step(say`services are removed, with their tasks: ${listed(namesOf(removed))}`);
    }
    for (const node of promoted(nodes)) {
        if (node.name !== seed) count.managers(say`${node.name} is promoted to manager`, 1);
    }
    openStep(count, nodes, "manager");
    count.fewer(
        own(
            dead === 1
                ? "the manager that is lost is demoted"
                : `the ${dead} managers that are lost are demoted`,
        ),
        dead,
        false,
    );
    const leave = nodes.all.filter((node) => isLeaving(node) && node.before?.role === "manager");
    const stay = demoted(nodes);
    const who = joined(
        [
            ...(stay.length > 0 ? [nodeNames(namesOf(stay))] : []),
            ...(leave.length > 0 ? [former(leave)] : []),
        ],
        " and ",
    );
    const down = Math.min(stay.length + leave.length, count.now.members - nodes.managersAfter.length);
    count.fewer(
        down === 1 ? say`${who} is demoted` : say`demoted one after another, the leader last: ${who}`,
        down,
    );
    openStep(count, nodes, "worker");
    if (drifted(preview, "roster")) {
        count.step(
            own(
                "roles, availability and labels of members are set right, and what is no longer wanted is removed",
            ),
        );
    }
    const closed = nodes.all.filter(isClosed);
    if (closed.length > 0) {
        count.step(say`emptied, since managers run no tasks any more: ${nodeNames(namesOf(closed))}`);
    }
    const out = nodes.all.filter((node) => isLeaving(node) || node.change === "lost");
    if (out.length > 0) {
        count.step(
            out.length === 1
                ? say`emptied and removed from the swarm: ${former(out)}`
                : say`emptied and removed from the swarm, one after another: ${former(out)}`,
        );
    }
}

/** Managers are opened with the promotions, workers after the demotions. */
function openStep(count: Count, { all }: Nodes, role: "manager" | "worker"): void {
    const opened = all.filter(
        (node) =>
            node.after?.takesTasks &&
            node.after.role === role &&
            (isJoining(node) || node.before?.takesTasks === false),
    );
    if (opened.length > 0) count.step(say`opened to tasks: ${nodeNames(namesOf(opened))}`);
}

/** A worker that becomes a manager, as the same member. */
export function promoted({ all }: Nodes): PlannedNode[] {
    return all.filter(
        ({ change, before, after }) =>
            change === "stays" && before?.role === "worker" && after?.role === "manager",
    );
}

/** A manager that becomes a worker, as the same member. */
export function demoted({ all }: Nodes): PlannedNode[] {
    return all.filter(
        ({ change, before, after }) =>
            change === "stays" && before?.role === "manager" && after?.role === "worker",
    );
}

/** It stays, and runs no tasks any more. */
export function isClosed({ change, before, after }: PlannedNode): boolean {
    return change === "stays" && before?.takesTasks === true && after?.takesTasks === false;
}

/** The course of a `destroy`, which opens no connection to any node. */
export function destroyCourse({ all, managersBefore }: Nodes): Course {
    const count = new Count(managersOf(managersBefore.length, managersBefore.length));
    if (all.length > 0) {
        count.become(
            say`all droplets are deleted at once, without emptying them: ${nodeNames(namesOf(all))}`,
            managersOf(0, 0),
        );
    }
    count.step(own("then what is left in the VPC is named, and network, tags and keys go"));
    return count.course();
}
