/**
 * Placement constraints, and what they leave of the nodes.
 */

import { closest } from "fastest-levenshtein";
import { NODE_LABEL } from "./engineSpec.ts";
import { Refused } from "./problems.ts";
import type { NodeRole, ServiceSpec, Settings } from "./settings.ts";

/** Keys that swarm's scheduler knows; any other makes a service wait for ever (swarmkit, manager/constraint). */
const KEYS = ["node.id", "node.hostname", "node.ip", "node.role", "node.platform.os", "node.platform.arch"];
const LABEL_KEYS = /^(?:node|engine)\.labels\.[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Swarmkit's own pattern for values. */
const VALUE = /^[A-Za-z0-9:\-_\s.*()?+[\]\\^$|/]+$/;

export const CONSTRAINT_ALLOWED =
    '"key==value" or "key!=value" with the key node.role, node.hostname, node.id, node.ip, node.platform.os, ' +
    "node.platform.arch, node.labels.<name> or engine.labels.<name>";

interface Constraint {
    readonly key: string;
    readonly equal: boolean;
    readonly value: string;
}

interface Node {
    readonly name: string;
    readonly role: NodeRole;
    /** Those that the config gives it. */
    readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** The nodes of a stack, as far as placement goes. */
export interface Members {
    readonly nodes: readonly Node[];
    readonly managerAvailability: Settings["managerAvailability"];
}

function parse(text: string): Constraint {
    const { key, operator, value } = /^(?<key>.*?)(?<operator>[=!]=)(?<value>.*)$/.exec(text)?.groups ?? {};
    if (key === undefined || operator === undefined || value === undefined) {
        throw new Refused("");
    }
    return { key: key.trim(), equal: operator === "==", value: value.trim() };
}

/** Reads a constraint and writes it without the spaces that Docker ignores. @throws Refused */
export function constraint(text: string): string {
    const { key, equal, value } = parse(text);
    if (!KEYS.includes(key) && !LABEL_KEYS.test(key)) {
        throw new Refused(
            `unknown key ${JSON.stringify(key)}, the nearest known one is ${closest(key, KEYS)}`,
        );
    }
    if (!VALUE.test(value)) {
        throw new Refused(value === "" ? "has no value" : "has a character in its value that Docker refuses");
    }
    if (key === "node.role" && value !== "manager" && value !== "worker") {
        throw new Refused("the role is neither manager nor worker");
    }
    return `${key}${equal ? "==" : "!="}${value}`;
}

/**
 * The nodes on which the service's tasks may run, as far as the configuration tells: by availability, role, host name
 * and the labels that the config gives to nodes. Other constraints depend on labels and IDs that only the running swarm knows, and are taken as met.
 */
export function eligibleNodes(service: Pick<ServiceSpec, "constraints">, members: Members): string[] {
    return nodesWhere(service, members, (meets) => meets !== false);
}

/** The nodes on which they may run whatever labels and IDs there are. */
export function certainNodes(service: Pick<ServiceSpec, "constraints">, members: Members): string[] {
    return nodesWhere(service, members, (meets) => meets === true);
}

function nodesWhere(
    service: Pick<ServiceSpec, "constraints">,
    { nodes, managerAvailability }: Members,
    test: (meets: boolean | undefined) => boolean,
): string[] {
    const constraints = service.constraints.map(parse);
    return nodes
        .filter((node) => node.role === "worker" || managerAvailability === "active")
        .filter((node) => constraints.every((one) => test(meets(one, node))))
        .map((node) => node.name);
}

/** Undefined where the configuration does not tell. Compares without regard to case, as the scheduler does. */
function meets({ key, equal, value }: Constraint, node: Node): boolean | undefined {
    const known: Readonly<Record<string, string>> = {
        "node.role": node.role,
        "node.hostname": node.name,
        [`node.labels.${NODE_LABEL}`]: node.name,
    };
    const actual = known[key] ?? node.labels?.[key.replace(/^node\.labels\./, "")];
    return actual === undefined ? undefined : (actual.toLowerCase() === value.toLowerCase()) === equal;
}
