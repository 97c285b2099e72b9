/** The nodes before and after: from their droplets, their joins, and what the last roster was told. */
import { expandNames } from "../../model/names.ts";
import { availability } from "../../model/nodes.ts";
import { Refused } from "../../model/problems.ts";
import { valuesOf } from "../../model/scriptInput.ts";
import type { NodeRole } from "../../model/settings.ts";
import { roleByTags } from "../../model/stackNames.ts";
import { byName } from "../stackState.ts";
import {
    type Change,
    command,
    DROPLET,
    hasDrifted,
    inputsOf,
    knownText,
    type Preview,
    runs,
} from "./preview.ts";

/** A node at one time. */
export interface NodeState {
    readonly role: NodeRole;
    /** Slugs or IDs; undefined where the preview does not tell. */
    readonly size?: string;
    readonly image?: string;
    /** Whether it runs tasks. */
    readonly takesTasks: boolean;
}

export type NodeChange =
    /** A new name. */
    | "comes"
    /** Its name goes. */
    | "goes"
    /** Its name goes, and its droplet is gone already. */
    | "gone"
    /** Another droplet under its name. */
    | "replaced"
    /** Its droplet is gone already, and is made again. */
    | "lost"
    /** Its droplet is there and no member: an interrupted run has not brought it in, or somebody has removed it. */
    | "joins"
    | "stays";

export interface PlannedNode {
    readonly name: string;
    readonly change: NodeChange;
    /** As a member of the swarm. */
    readonly before?: NodeState;
    readonly after?: NodeState;
    /** What a replacement is for: `image`, `size`, `userData`; empty when somebody asked for it by `--replace`. */
    readonly reasons: readonly string[];
    /** Its join runs; left out by a --target without dependents, a new droplet comes into no swarm. */
    readonly runsJoin: boolean;
    /** The engine refuses to delete or replace its droplet. */
    readonly isProtected: boolean;
}

export interface Nodes {
    /** Managers first, in the order of the config after the change; then by name. */
    readonly all: readonly PlannedNode[];
    /** In the order of the config of then; the first is the seed. */
    readonly managersBefore: readonly string[];
    readonly managersAfter: readonly string[];
    /** The first manager after the change. */
    readonly seed?: PlannedNode;
    /**
     * What becomes of the swarm where the command that makes it is replaced: a first manager whose droplet stays keeps the one
     * that it is in, with all that is in it, and any other initialises a new one (`components/swarm.sh`).
     */
    readonly madeAgain?: "kept" | "new";
}

/** A droplet is made for it. */
export const isMade = ({ change }: PlannedNode) =>
    change === "comes" || change === "replaced" || change === "lost";

/** It joins the swarm: as a member it is another one, even under an old name. */
export const isJoining = (node: PlannedNode) => node.runsJoin && (isMade(node) || node.change === "joins");

/** There is a droplet of this name before the change. */
export const hasDroplet = ({ change }: PlannedNode) =>
    change !== "comes" && change !== "lost" && change !== "gone";

/** Its droplet is gone already, while the swarm still has it on its list. */
export const isLost = ({ change }: PlannedNode) => change === "lost" || change === "gone";

/** Its droplet and its membership end. */
export const isLeaving = ({ change }: PlannedNode) => change === "goes" || change === "replaced";

export const wasManager = ({ before }: PlannedNode) => before?.role === "manager";

/** It stays the member that it is, and its role changes. */
const turns = ({ change, before, after }: PlannedNode, role: NodeRole) =>
    change === "stays" && before?.role !== role && after?.role === role;
export const isPromoted = (node: PlannedNode) => turns(node, "manager");
export const isDemoted = (node: PlannedNode) => turns(node, "worker");

/** It stays, and runs no tasks any more. */
export const isClosed = ({ change, before, after }: PlannedNode) =>
    change === "stays" && before?.takesTasks === true && after?.takesTasks === false;

/**
 * A worker that becomes the first manager where no other manager stays or comes before it: nobody promotes it, so it
 * leaves the swarm and joins it again.
 */
export function rejoiningSeed({ all, seed }: Nodes): PlannedNode | undefined {
    const promotes = (node: PlannedNode) =>
        node !== seed &&
        ((wasManager(node) && node.change === "stays") ||
            (isJoining(node) && node.after?.role === "manager"));
    return seed && isPromoted(seed) && !all.some(promotes) ? seed : undefined;
}

export function readNodes(preview: Preview): Nodes {
    const { changes, config } = preview;
    const droplets = new Map(
        changes.filter(({ type }) => type === DROPLET).map((change) => [change.name, change]),
    );
    // What the last roster was told is what the swarm is.
    const roster = inputsOf(command(preview, "roster")).before;
    const told = new Map(
        valuesOf(roster, "member").map((line) => {
            const [, name = "", role, availability] = line.split(" ");
            return [name, { role, availability }];
        }),
    );
    const wanted = namesIn(config.managers);
    const found = [...new Set([...told.keys(), ...droplets.keys()])]
        .map((name): Found => {
            const droplet = droplets.get(name);
            const join = command(preview, `${name}-join`);
            const had = told.get(name)?.role ?? roleIn(droplet?.old);
            const isMember = join?.old !== undefined && !hasDrifted(join);
            // With --target, what is not targeted and not there stays away.
            const stays =
                droplet?.new !== undefined && (droplet.kind !== "same" || droplet.old !== undefined);
            const role = (isManager: boolean) => (isManager ? "manager" : "worker");
            return {
                name,
                droplet,
                was: isMember ? role(had === "manager") : undefined,
                is: stays ? (roleIn(droplet.new) ?? role(wanted.includes(name))) : undefined,
            };
        })
        .filter(({ droplet, was, is }) => was || is || droplet?.old);
    const managersBefore = managersOf(found, "was", [...told.keys()]);
    const managersAfter = managersOf(found, "is", [...wanted, ...managersBefore]);
    const toldManagers = [...told.values()].find(({ role }) => role === "manager");
    const wish = config.managerAvailability;
    const had = toldManagers ? toldManagers.availability : wish;
    const drains = { was: managersDrain(had, found, "was"), is: managersDrain(wish, found, "is") };
    const all = sorted(found, [...managersAfter, ...managersBefore]).map((node): PlannedNode => {
        const { name, droplet } = node;
        const at = (when: "was" | "is", state: Change["old"]): NodeState | undefined =>
            node[when] && {
                role: node[when],
                size: knownText(state?.inputs?.size),
                image: knownText(state?.inputs?.image),
                takesTasks: node[when] === "worker" || !drains[when],
            };
        return {
            name,
            change: nodeChange(node),
            before: at("was", droplet?.old),
            after: at("is", droplet?.new),
            reasons: droplet?.kind === "replace" ? droplet.reasons : [],
            runsJoin: runs(preview, `${name}-join`),
            isProtected: droplet?.old?.protect === true,
        };
    });
    const seed = all.find(({ name }) => name === managersAfter[0]);
    const isReplaced = command(preview, "swarm")?.kind === "replace";
    return {
        all,
        managersBefore,
        managersAfter,
        seed,
        madeAgain: isReplaced ? (seed?.change === "stays" ? "kept" : "new") : undefined,
    };
}

/** A node by its droplet, and the roles that it had and will have as a member of the swarm. */
interface Found {
    readonly name: string;
    readonly droplet: Change | undefined;
    readonly was: NodeRole | undefined;
    readonly is: NodeRole | undefined;
}

function nodeChange({ droplet, was, is }: Found): NodeChange {
    if (!is) return droplet?.old ? "goes" : "gone";
    if (droplet?.kind === "replace") return "replaced";
    if (droplet?.kind === "create") return was ? "lost" : "comes";
    return was ? "stays" : "joins";
}

/** Undefined where a preview does not know the tags, as before the first up. */
function roleIn(state: Change["old"]): NodeRole | undefined {
    const tags = state?.inputs?.tags;
    return roleByTags(Array.isArray(tags) ? tags.flatMap((tag) => knownText(tag) ?? []) : []);
}

/** None where the config keeps them secret, or the program refuses them, and says why. */
function namesIn(text = ""): string[] {
    try {
        return expandNames(text);
    } catch (error) {
        if (error instanceof Refused) return [];
        throw error;
    }
}

/** In that order, the rest by name. */
function sorted(found: readonly Found[], order: readonly string[]): Found[] {
    const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
    return found.toSorted((a, b) => place(a.name) - place(b.name) || byName(a.name, b.name));
}

function managersOf(found: readonly Found[], when: "was" | "is", order: readonly string[]): string[] {
    const managers = found.filter((node) => node[when] === "manager");
    return sorted(managers, order).map(({ name }) => name);
}

function managersDrain(wish: string | undefined, found: readonly Found[], when: "was" | "is"): boolean {
    const named = (role: NodeRole) => found.filter((node) => node[when] === role).map(({ name }) => name);
    const all = { managers: named("manager"), workers: named("worker") };
    return availability(wish === "active" || wish === "drain" ? wish : "auto", all) === "drain";
}
