/**
 * What an `up` would do to the swarm, in the order in which it does it, and how many managers there are after each step.
 * The order is that of the program: droplets, `swarm`, joins, roster (components/roster.sh), services, deletions.
 */
import { valuesOf } from "../../model/scriptInput.ts";
import { Course, managersOf } from "./managers.ts";
import {
    isClosed,
    isDemoted,
    isJoining,
    isLeaving,
    isLost,
    isMade,
    isPromoted,
    type Nodes,
    type PlannedNode,
    rejoiningSeed,
    wasManager,
} from "./nodes.ts";
import type { PortChanges } from "./ports.ts";
import { command, drifted, inputsOf, type Preview, runs } from "./preview.ts";
import type { ServiceChange } from "./services.ts";
import { namesOf, own, say } from "./words.ts";

export interface Facts {
    readonly preview: Preview;
    readonly nodes: Nodes;
    readonly services: readonly ServiceChange[];
    readonly ports: PortChanges;
}

export function courseOf(facts: Facts): Course {
    const { preview, nodes } = facts;
    const { all, madeAgain, managersBefore } = nodes;
    const lost = all.filter((node) => isLost(node) && wasManager(node));
    const start = managersOf(managersBefore.length, managersBefore.length - lost.length);
    const course = new Course(hasNoLeader(preview) ? { ...start, bears: -1 } : start);
    if (facts.ports.first) course.step(own("network, firewall and the key that logs in are made"));
    else if (facts.ports.changes.length > 0) course.step(own("the firewall changes"));
    course.stepOf("new droplets made, all at once", all.filter(isMade));
    if (isStuck(course, facts)) {
        course.step(own("here the up fails: without a quorum nothing in the swarm can be changed"));
        return course;
    }
    const isRecovered = course.before.bears < 0 && runs(preview, "recover");
    if (runs(preview, "recover")) recoverStep(course, preview);
    seedStep(course, facts);
    for (const text of keyChanges(preview)) course.step(own(text));
    joinSteps(course, nodes);
    if (runs(preview, "roster")) {
        if (madeAgain === "new")
            for (const role of ["manager", "worker"] as const) openStep(course, nodes, role);
        else rosterSteps(course, facts, isRecovered ? [] : lost);
    }
    const served = facts.services.filter(({ change }) => !["stays", "goes", "confirmed"].includes(change));
    course.stepOf("services, each until it has converged", served);
    const gone = all.filter(isLeaving);
    const { members, reachable } = course.after;
    const managers = gone.filter(wasManager).length;
    // Without the roster they stay on the list of managers.
    if (runs(preview, "roster") || madeAgain === "new" || managers === 0)
        course.stepOf("old droplets deleted", gone);
    else
        course.become(say`old droplets deleted: ${namesOf(gone)}`, managersOf(members, reachable - managers));
    return course;
}

/** The course of a `destroy`, which opens no connection to any node. */
export function destroyCourse({ all, managersBefore }: Nodes): Course {
    const course = new Course(managersOf(managersBefore.length));
    const what = say`droplets deleted, all at once and without being emptied: ${namesOf(all)}`;
    if (all.length > 0) course.become(what, managersOf(0));
    course.step(own("what is left in the VPC is named, and network, tags and keys go"));
    return course;
}

/** Whether a manager has told the program's look that there is no quorum; which ones are lost, nobody says. */
function hasNoLeader({ said }: Preview): boolean {
    const told = /^The swarm could not be looked at.*The swarm does not have a leader/s;
    return said.some(({ text }) => told.test(text));
}

/** Whether there is a swarm without a quorum, and nothing that gives it one. */
export function isStuck({ before }: Course, { preview, nodes }: Pick<Facts, "preview" | "nodes">): boolean {
    return before.members > 0 && before.bears < 0 && nodes.madeAgain !== "new" && !runs(preview, "recover");
}

function recoverStep(course: Course, { config }: Preview): void {
    const survivor = config.recoverFrom ?? "";
    const what = say`where no leader is found within 30 s, a new quorum is made of ${survivor} alone`;
    if (course.before.bears < 0) course.become(what, managersOf(1));
    else course.step(what);
}

function seedStep(course: Course, { preview, nodes }: Facts): void {
    const { seed, madeAgain, managersBefore } = nodes;
    if (!seed) return;
    if (command(preview, "swarm")?.kind === "create") {
        course.become(say`${seed.name} initialises the swarm`, managersOf(1));
    } else if (madeAgain === "kept") {
        course.step(
            say`${seed.name} keeps the swarm that it is in; only where it is in none does it initialise one`,
        );
    } else if (madeAgain === "new") {
        const what = say`${seed.name} initialises a new swarm; nothing of the one before is taken over`;
        course.become(what, managersOf(1));
    } else if (isMade(seed) || seed.change === "joins") {
        if (!runs(preview, "swarm")) return;
        course.change(say`joins as the first manager: ${seed.name}`, 1);
    } else if (seed.name !== managersBefore[0] && wasManager(seed)) {
        course.step(say`commands go to ${seed.name} from here on: it is the first manager`);
    }
}

/** What becomes of the swarm's join tokens and of autolock. */
function keyChanges(preview: Preview): string[] {
    const change = command(preview, "swarm");
    const { before, after } = change?.kind === "update" ? inputsOf(change) : {};
    const turned = (key: string, usual: string) => {
        const [old = usual, now = usual] = [before, after].map((input) => valuesOf(input, key)[0]);
        return before && after && old !== now ? now : undefined;
    };
    const autolock = turned("autolock", "false");
    const mended = autolock === undefined && drifted(preview, "swarm");
    return [
        ...(turned("rotation", "0") === undefined ? [] : ["the join tokens are rotated"]),
        ...(autolock === undefined ? [] : [`autolock is switched ${autolock === "true" ? "on" : "off"}`]),
        ...(mended ? ["autolock is set right"] : []),
    ];
}

/** The seed is in already, or is a worker that another manager promotes in its own join. */
function joinSteps(course: Course, nodes: Nodes): void {
    const { all, seed, madeAgain } = nodes;
    const joining = all.filter(
        (node) => node !== seed && (madeAgain === "new" ? node.after : isJoining(node)),
    );
    const managers = joining.filter(({ after }) => after?.role === "manager");
    const workers = joining.filter(({ after }) => after?.role === "worker");
    course.stepOf("join as workers, all at once, without tasks yet", workers);
    const again = rejoiningSeed(nodes);
    if (seed && isPromoted(seed) && !again && madeAgain !== "new") {
        course.change(say`promoted by another manager, the first from now on: ${seed.name}`, 1);
    }
    course.change(
        say`join as managers, each once the one before is reachable: ${namesOf(managers)}`,
        managers.length,
    );
    if (again) {
        // components/join.sh waits so long for somebody to promote it.
        const what = say`${again.name} waits 30 s for a manager that stays to promote it; there is none, so it leaves the swarm and joins it again as a manager`;
        course.change(what, 1);
    }
}

/** @param dead Managers on the list that are no more. */
function rosterSteps(
    course: Course,
    { preview, nodes, services }: Facts,
    dead: readonly PlannedNode[],
): void {
    const { all, seed, managersAfter } = nodes;
    const removed = services.filter(({ change }) => change === "goes");
    course.stepOf("services removed, with their tasks", removed);
    const promoted = all.filter((node) => isPromoted(node) && node !== seed);
    course.change(say`promoted: ${namesOf(promoted)}`, promoted.length);
    openStep(course, nodes, "manager");
    course.change(say`lost managers demoted: ${namesOf(dead)}`, -dead.length, false);
    const demoted = all.filter((node) => isDemoted(node) || (isLeaving(node) && wasManager(node)));
    const fewer = Math.min(demoted.length, course.after.members - managersAfter.length);
    course.change(say`old managers demoted one after another, the leader last: ${namesOf(demoted)}`, -fewer);
    openStep(course, nodes, "worker");
    const mended =
        "roles, availability and labels of members are set right, and what is no longer wanted is removed";
    if (drifted(preview, "roster")) course.step(own(mended));
    course.stepOf("emptied, since managers run no tasks any more", all.filter(isClosed));
    const out = all.filter((node) => node.before && (isLeaving(node) || isLost(node)));
    course.stepOf("old members emptied and removed from the swarm, one after another", out);
}

/** Managers are opened with the promotions, workers after the demotions. */
function openStep(course: Course, { all, madeAgain }: Nodes, role: "manager" | "worker"): void {
    const opened = all.filter(
        (node) =>
            node.after?.takesTasks &&
            node.after.role === role &&
            (madeAgain === "new" || isJoining(node) || node.before?.takesTasks === false),
    );
    course.stepOf("opened to tasks", opened);
}
