/**
 * The nodes of a stack, from the names of its managers and workers.
 */

import { compressNames, MAX_NODES, NAMES_ALLOWED } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { NodeSpec, Settings } from "./settings.ts";

/**
 * Sizes of the managers' group. An even number tolerates no more losses than the odd one below it; above seven each
 * manager slows every write down (Docker's administration guide).
 */
const MANAGER_COUNTS = [1, 3, 5, 7];

interface Roles {
    readonly managers: readonly string[];
    readonly workers: readonly string[];
}

/** What is wrong with managers and workers taken together, each read without a problem of its own. */
export function nodeProblems({ managers, workers }: Roles, received: (key: string) => unknown): Problem[] {
    const problems: Problem[] = [];
    if (!MANAGER_COUNTS.includes(managers.length)) {
        problems.push({
            path: ["managers"],
            value: received("managers"),
            why: `makes ${managers.length === 0 ? "no" : managers.length} managers`,
            allowed: "1, 3, 5 or 7 managers, so that a majority is left when some are lost",
        });
    }
    const both = workers.filter((name) => managers.includes(name));
    if (both.length > 0) {
        problems.push({
            path: ["workers"],
            value: received("workers"),
            why: `makes ${compressNames(both)}, which swarm:managers makes already`,
            allowed: "names that are not among swarm:managers",
        });
    }
    if (managers.length + workers.length > MAX_NODES) {
        problems.push({
            path: ["workers"],
            value: received("workers"),
            why: `makes ${managers.length + workers.length} nodes together with swarm:managers`,
            allowed: NAMES_ALLOWED,
        });
    }
    return problems;
}

export const RECOVER_ALLOWED =
    'the name of the manager from which to go on, one of swarm:managers, or "" for none';

/** Whether the node to recover from is there to be a manager. */
export function recoveryProblems(managers: readonly string[], recoverFrom: string): Problem[] {
    return recoverFrom === "" || managers.includes(recoverFrom)
        ? []
        : [{ path: ["recoverFrom"], value: recoverFrom, why: "is not a manager", allowed: RECOVER_ALLOWED }];
}

/** Image and size of all nodes, and those of a role where they differ; empty where they do not. */
export interface NodeTemplate {
    readonly image: string;
    readonly managerImage: string;
    readonly workerImage: string;
    readonly size: string;
    readonly managerSize: string;
    readonly workerSize: string;
}

/** Managers first, then workers. */
export function members({ managers, workers }: Roles): Pick<NodeSpec, "name" | "role">[] {
    return [
        ...managers.map((name) => ({ name, role: "manager" }) as const),
        ...workers.map((name) => ({ name, role: "worker" }) as const),
    ];
}

/** The members with what their droplets are made from. */
export function nodeSpecs(roles: Roles, template: NodeTemplate): NodeSpec[] {
    return members(roles).map((member) => {
        const own = { image: template[`${member.role}Image`], size: template[`${member.role}Size`] };
        const ofRole = (["image", "size"] as const).filter((property) => own[property] !== "");
        return {
            ...member,
            image: own.image || template.image,
            size: own.size || template.size,
            ...(ofRole.length > 0 && { ofRole }),
        };
    });
}

/** The key of the config that a node has its image or size from. */
export function keyOf({ role, ofRole = [] }: NodeSpec, property: "image" | "size"): string {
    const own = property === "image" ? "Image" : "Size";
    return ofRole.includes(property) ? `${role}${own}` : property;
}

/**
 * Whether managers run tasks. Left to itself, a stack with three managers or more and workers beside them keeps its
 * managers free: a busy manager misses heartbeats, and enough of those cost the quorum.
 */
export function availability(
    wish: "auto" | "active" | "drain",
    { managers, workers }: Roles,
): Settings["managerAvailability"] {
    if (wish !== "auto") {
        return wish;
    }
    return managers.length >= 3 && workers.length > 0 ? "drain" : "active";
}
