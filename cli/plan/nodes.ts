/** The nodes before and after, from droplets, the roster's input, the last outputs and the config. */
import { expandNames } from "../../model/names.ts";
import { availability, nodeSpecs } from "../../model/nodes.ts";
import { Refused } from "../../model/problems.ts";
import { valuesOf } from "../../model/scriptInput.ts";
import type { NodeRole, NodeSpec } from "../../model/settings.ts";
import { roleByTags } from "../../model/stackNames.ts";
import { byName } from "../stackState.ts";
import {
    type Change,
    COMMAND,
    DROPLET,
    hasDrifted,
    inputsOf,
    knownList,
    knownText,
    type Preview,
    STACK,
} from "./preview.ts";

type Availability = "active" | "drain";

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
    readonly before?: NodeState;
    readonly after?: NodeState;
    /** What a replacement is for: `image`, `size`, `userData`; empty when somebody asked for it by `--replace`. */
    readonly reasons: readonly string[];
    /** Its join runs; left out by a --target without dependents, a new droplet comes into no swarm. */
    readonly runsJoin: boolean;
    /** The engine refuses to delete or replace its droplet. */
    readonly isProtected: boolean;
    /** Its name goes, and its droplet is gone already. */
    readonly isGone: boolean;
}

export interface Nodes {
    /** Managers first, in the order of the config after the change; then by name. */
    readonly all: readonly PlannedNode[];
    /** In the order of the config; the first is the seed. */
    readonly managersBefore: readonly string[];
    readonly managersAfter: readonly string[];
    /** Droplets that an interrupted run has replaced, and that go with this one. */
    readonly leftover: number;
}

/** A droplet is made for it. */
export function isMade({ change }: PlannedNode): boolean {
    return change === "comes" || change === "replaced" || change === "lost";
}

/** It joins the swarm: as a member it is another one, even under an old name. */
export function isJoining(node: PlannedNode): boolean {
    return node.runsJoin && (isMade(node) || node.change === "joins");
}

/** There is a droplet of this name before the change. */
export function hasDroplet(node: PlannedNode): boolean {
    return node.change === "joins" || (node.before !== undefined && !isLost(node));
}

/** Its droplet is gone already, while the swarm still has it on its list. */
export function isLost({ change, isGone }: PlannedNode): boolean {
    return change === "lost" || isGone;
}

/** Its droplet and its membership end. */
export function isLeaving({ change, isGone }: PlannedNode): boolean {
    return (change === "goes" && !isGone) || change === "replaced";
}

/**
 * What becomes of the swarm where the command that makes it is replaced: a first manager whose droplet stays keeps the one
 * that it is in, with all that is in it, and any other initialises a new one (`components/swarm.sh`). Undefined where that
 * command is not replaced.
 */
export function swarmMadeAgain(preview: Preview, { all, managersAfter }: Nodes): "kept" | "new" | undefined {
    if (command(preview, "swarm")?.kind !== "replace") return undefined;
    const seed = all.find(({ name }) => name === managersAfter[0]);
    return seed?.change === "stays" ? "kept" : "new";
}

export function readNodes(preview: Preview): Nodes {
    const droplets = new Map(
        preview.changes.filter(({ type }) => type === DROPLET).map((change) => [change.name, change]),
    );
    const config = configured(preview);
    const before = membersBefore(preview, droplets, config);
    const after = membersAfter(preview, droplets, before, config);
    const managersBefore = [...before].filter(([, role]) => role === "manager").map(([name]) => name);
    const managersAfter = [...after].filter(([, role]) => role === "manager").map(([name]) => name);
    const drains = {
        before: drainsBefore(preview, managersBefore, before.size, config),
        after: managersDrain(config, managersAfter, [...after.keys()]),
    };
    const names = [...new Set([...after.keys(), ...before.keys()])];
    const place = (name: string) => {
        const index = [...managersAfter, ...managersBefore].indexOf(name);
        return index < 0 ? Number.POSITIVE_INFINITY : index;
    };
    return {
        all: names
            .sort((a, b) => (place(a) === place(b) ? byName(a, b) : place(a) - place(b)))
            .map((name) => plannedNode(name, droplets.get(name), { before, after, drains }, preview, config)),
        managersBefore,
        managersAfter,
        leftover: preview.leftover.filter(({ type }) => type === DROPLET).length,
    };
}

/** What the config says of the nodes; undefined where it is kept secret or cannot be read. */
interface Configured {
    readonly specs?: readonly NodeSpec[];
    readonly managerAvailability: "auto" | "active" | "drain";
}

function configured({ config }: Preview): Configured {
    const wish = config.managerAvailability;
    const managerAvailability = wish === "active" || wish === "drain" ? wish : "auto";
    const { managers, workers, image, size } = config;
    if (managers === undefined || workers === undefined || image === undefined || size === undefined) {
        return { managerAvailability };
    }
    try {
        const roles = { managers: expandNames(managers), workers: expandNames(workers) };
        const template = {
            image,
            size,
            managerImage: config.managerImage ?? "",
            workerImage: config.workerImage ?? "",
            managerSize: config.managerSize ?? "",
            workerSize: config.workerSize ?? "",
        };
        return { specs: nodeSpecs(roles, template), managerAvailability };
    } catch (error) {
        // The program says what is wrong with them.
        if (error instanceof Refused) return { managerAvailability };
        throw error;
    }
}

type Members = Map<string, NodeRole>;

/**
 * The members before, managers in the order of the config of then. What the last roster was told counts, since that is
 * what the swarm is; after it the last outputs, and the tags that droplets have.
 */
function membersBefore(
    preview: Preview,
    droplets: ReadonlyMap<string, Change>,
    { specs }: Configured,
): Members {
    const members: Members = new Map();
    const add = (name: string, role: string | undefined) => {
        if (!members.has(name) && (role === "manager" || role === "worker")) members.set(name, role);
    };
    const roster = inputsOf(command(preview, "roster")).before;
    for (const line of roster ? valuesOf(roster, "member") : [])
        add(line.split(" ")[1] ?? "", line.split(" ")[2]);
    const outputs = preview.changes.find(({ type }) => type === STACK)?.old?.outputs;
    if (!roster) {
        for (const node of (knownList(outputs?.nodes) ?? []) as { name?: string; role?: string }[]) {
            add(node.name ?? "", node.role);
        }
    }
    const joins = (name: string) => joinsAnew(preview, name);
    const had = [...droplets.values()]
        .filter(({ old, name }) => old !== undefined && !joins(name))
        .sort((a, b) => byName(a.name, b.name));
    for (const { name, old } of had) add(name, roleIn(old?.inputs?.tags));
    // After a first up that was interrupted there are no outputs, and what nothing is done to is not on the list.
    if (!preview.complete && !hasRun(preview)) {
        for (const { name, role } of specs ?? []) if (!droplets.has(name) && !joins(name)) add(name, role);
    }
    for (const name of [...members.keys()]) if (drifted(preview, `${name}-join`)) members.delete(name);
    // Of those that it does not list, a complete preview says that they are no more.
    if (preview.complete) {
        for (const name of [...members.keys()]) if (!droplets.has(name)) members.delete(name);
    }
    return members;
}

/** The members after, managers in the order of the config. */
function membersAfter(
    preview: Preview,
    droplets: ReadonlyMap<string, Change>,
    before: Members,
    { specs }: Configured,
): Members {
    if (isDestroy(preview)) return new Map();
    const stays = (name: string) => {
        const droplet = droplets.get(name);
        if (droplet) return droplet.kind !== "delete" && droplet.kind !== "gone" && !isSkipped(droplet);
        return !preview.complete && (before.has(name) || joinsAnew(preview, name));
    };
    const members: Members = new Map();
    for (const { name, role } of specs ?? []) {
        if (!stays(name)) continue;
        // An update that leaves the droplet out, as with --target, leaves the member as it is.
        const tags = droplets.get(name)?.new?.inputs?.tags;
        members.set(name, roleIn(tags) ?? role);
    }
    for (const [name, role] of before) {
        const droplet = droplets.get(name);
        if (members.has(name) || !stays(name)) continue;
        members.set(name, roleIn(droplet?.new?.inputs?.tags) ?? role);
    }
    for (const { name, kind, new: made } of droplets.values()) {
        const role = roleIn(made?.inputs?.tags);
        if (!members.has(name) && kind === "create" && role) members.set(name, role);
    }
    return members;
}

/** With --target, what is not targeted and not there stays away, and shows as "same". */
function isSkipped({ kind, old }: Change): boolean {
    return kind === "same" && old === undefined;
}

/** Whether an `up` has gone through: then a name that nothing is done for has been there. */
function hasRun(preview: Preview): boolean {
    return preview.changes.find(({ type }) => type === STACK)?.old?.outputs?.nodes !== undefined;
}

export function isDestroy({ changes }: Preview): boolean {
    return changes.some(({ type, kind }) => type === STACK && kind === "delete");
}

/** A command of the swarm itself: `swarm`, `roster`, `recover`, `<node>-join`. A service may have the same name. */
export function command(preview: Preview, name: string): Change | undefined {
    return preview.changes.find(
        (change) =>
            change.type === COMMAND && change.name === name && change.urn.includes("::swarm:index:Swarm$"),
    );
}

/** Whether a command of the swarm itself is carried out. */
export function runs(preview: Preview, name: string): boolean {
    const kind = command(preview, name)?.kind;
    return kind !== undefined && kind !== "same" && kind !== "delete";
}

/** Whether it runs since the swarm is not what it has made of it. */
export function drifted(preview: Preview, name: string): boolean {
    const change = command(preview, name);
    return change !== undefined && hasDrifted(change);
}

/** Whether a node is no member before: never was, or was removed by hand. */
function joinsAnew(preview: Preview, name: string): boolean {
    return command(preview, `${name}-join`)?.kind === "create" || drifted(preview, `${name}-join`);
}

/** Undefined where a preview does not know the tags, as before the first up. */
function roleIn(tags: unknown): NodeRole | undefined {
    return roleByTags((knownList(tags) ?? []).filter((tag) => typeof tag === "string"));
}

function managersDrain(
    { managerAvailability }: Configured,
    managers: readonly string[],
    all: readonly string[],
): boolean {
    const workers = all.filter((name) => !managers.includes(name));
    return availability(managerAvailability, { managers, workers }) === "drain";
}

/** What the last roster was told; where it does not run now, what this one would be told. */
function drainsBefore(
    preview: Preview,
    managers: readonly string[],
    count: number,
    config: Configured,
): boolean {
    const roster = inputsOf(command(preview, "roster")).before;
    const lines = roster ? valuesOf(roster, "member").map((line) => line.split(" ")) : [];
    const told = lines.find(([, , role]) => role === "manager")?.[3] as Availability | undefined;
    if (told !== undefined) return told === "drain";
    const roles = { managers, workers: new Array<string>(count - managers.length).fill("") };
    return availability(config.managerAvailability, roles) === "drain";
}

function plannedNode(
    name: string,
    droplet: Change | undefined,
    members: {
        readonly before: Members;
        readonly after: Members;
        readonly drains: { readonly before: boolean; readonly after: boolean };
    },
    preview: Preview,
    { specs }: Configured,
): PlannedNode {
    const spec = specs?.find((candidate) => candidate.name === name);
    const at = (when: "before" | "after", state: Change["old"]): NodeState | undefined => {
        const role = members[when].get(name);
        return (
            role && {
                role,
                size: knownText(state?.inputs?.size) ?? spec?.size,
                image: knownText(state?.inputs?.image) ?? spec?.image,
                takesTasks: role === "worker" || !members.drains[when],
            }
        );
    };
    const [before, after] = [
        at("before", droplet?.old ?? droplet?.new),
        at("after", droplet?.new ?? droplet?.old),
    ];
    return {
        name,
        change: nodeChange(droplet, before, after),
        before,
        after,
        reasons: droplet?.kind === "replace" ? droplet.reasons : [],
        runsJoin: runs(preview, `${name}-join`),
        isProtected: droplet?.old?.protect === true,
        isGone: droplet?.kind === "gone",
    };
}

function nodeChange(
    droplet: Change | undefined,
    before: NodeState | undefined,
    after: NodeState | undefined,
): NodeChange {
    if (after === undefined) return "goes";
    if (droplet?.kind === "lost") return "lost";
    if (droplet?.kind === "replace") return "replaced";
    if (droplet?.kind === "create") return "comes";
    return before === undefined ? "joins" : "stays";
}
