/**
 * What an `up` would do to the swarm, in the order in which it does it, and how many managers there are after each step.
 * The order is that of the program: droplets, `swarm`, joins, roster (components/roster.sh), services, deletions.
 */

import { Count, type Course, managersOf } from "./count.ts";
import { keyChanges, keySteps } from "./keys.ts";
import {
    command,
    drifted,
    isJoining,
    isLeaving,
    isLost,
    isMade,
    type Nodes,
    type PlannedNode,
    runs,
    swarmMadeAgain,
} from "./nodes.ts";
import type { PortChanges } from "./ports.ts";
import type { Preview } from "./preview.ts";
import type { ServiceChange } from "./services.ts";
import { joined, listed, nodeNames, own, say, type Words } from "./words.ts";

export interface CourseFacts {
    readonly preview: Preview;
    readonly nodes: Nodes;
    readonly services: readonly ServiceChange[];
    readonly ports: PortChanges;
}

const namesOf = (nodes: readonly { readonly name: string }[]) => nodes.map(({ name }) => name);

/** Members that go, whose names may have others by then. */
function former(nodes: readonly PlannedNode[]): Words {
    const named = (is: (node: PlannedNode) => boolean, text: string) => {
        const names = namesOf(nodes.filter(is));
        return names.length === 0 ? [] : [say`${own(text)}${nodeNames(names)}`];
    };
    return joined(
        [
            ...named(isLost, "the lost "),
            ...named((node) => node.change === "goes" && !node.isGone, ""),
            ...named(({ change }) => change === "replaced", "the old "),
        ],
        " and ",
    );
}

/** A member that comes, whose name may have been another one's. */
function made({ name, change }: PlannedNode): Words {
    return change === "comes" || change === "joins" ? say`${name}` : say`the new ${name}`;
}

/** Whether a manager has told the program's look that there is no quorum; which ones are lost, nobody says. */
function hasNoLeader({ said }: Preview): boolean {
    return said.some(({ text }) =>
        /^The swarm could not be looked at.*The swarm does not have a leader/s.test(text),
    );
}

/** The course of an `up`. */
export function courseOf(facts: CourseFacts): Course {
    const { preview, nodes, services } = facts;
    const lost = nodes.all.filter((node) => isLost(node) && node.before?.role === "manager");
    const members = nodes.managersBefore.length;
    const start = managersOf(members, members - lost.length);
    const count = new Count(hasNoLeader(preview) ? { ...start, bears: -1 } : start);
    // Managers on the list that are no more.
    let dead = lost.length;
    firewallStep(count, facts);
    dropletSteps(count, nodes);
    const survivor = preview.config.recoverFrom ?? "";
    if (command(preview, "recover")?.kind === "create") {
        if (start.bears < 0) {
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
    const startsOver = swarmMadeAgain(preview, nodes) === "new";
    seedStep(count, facts);
    for (const step of keySteps(keyChanges(preview))) count.step(step);
    const hasRoster = runs(preview, "roster");
    if (startsOver) startOverSteps(count, nodes, hasRoster);
    else {
        joinSteps(count, nodes);
        if (hasRoster) rosterSteps(count, facts, dead);
    }
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
        if (hasRoster || startsOver || managers === 0) count.step(what);
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
    const madeAgain = swarmMadeAgain(preview, nodes);
    if (madeAgain === "kept") {
        count.step(
            say`${seed.name} keeps the swarm that it is in; only where it is in none does it initialise one`,
        );
        return;
    }
    if (madeAgain === "new") {
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

/** All nodes come into the new swarm, those that stay out of the one before; the roster finds nobody to demote or to remove. */
function startOverSteps(count: Count, { all, managersAfter }: Nodes, hasRoster: boolean): void {
    const others = all.filter(({ name, after }) => after !== undefined && name !== managersAfter[0]);
    const workers = namesOf(others.filter(({ after }) => after?.role === "worker"));
    if (workers.length > 0) {
        count.step(
            workers.length === 1
                ? say`${nodeNames(workers)} joins the new swarm, without tasks yet`
                : say`${nodeNames(workers)} join the new swarm all at once, without tasks yet`,
        );
    }
    for (const { name, after } of others) {
        if (after?.role !== "manager") continue;
        count.managers(
            say`${name} joins the new swarm as a manager; the next step waits until it is reachable`,
            1,
        );
    }
    const opened = namesOf(all.filter(({ after }) => after?.takesTasks));
    if (hasRoster && opened.length > 0) count.step(say`opened to tasks: ${nodeNames(opened)}`);
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
    const out = nodes.all.filter((node) => isLeaving(node) || isLost(node));
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
