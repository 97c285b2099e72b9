/**
 * Whether the stack's networks are apart and have room for its nodes and tasks.
 */

import {
    LONGEST_OVERLAY_MASK,
    overlapping,
    overlayNetworks,
    overlayRoom,
    POOL_ALLOWED,
    prefixLength,
    VPC_ALLOWED,
    vpcRoom,
} from "./addresses.ts";
import { eligibleNodes, type Members } from "./placement.ts";
import type { Problem } from "./problems.ts";
import type { ServiceSpec, Settings } from "./settings.ts";

/**
 * Nodes for one name while nodes are exchanged: another image or size makes the new droplets and joins them before
 * the old ones go.
 */
const EXCHANGE = 2;

type Networks = Pick<Settings, "vpcIpRange" | "overlayPool" | "overlayPoolMaskLength">;
type Load = Members & Pick<Settings, "services">;

/** What is wrong with the two ranges taken together. */
export function rangeProblems(networks: Networks, received: (key: string) => unknown): Problem[] {
    const problems: Problem[] = [];
    const { vpcIpRange, overlayPool, overlayPoolMaskLength } = networks;
    if (overlapping(vpcIpRange, overlayPool)) {
        problems.push({
            path: ["overlayPool"],
            value: received("overlayPool"),
            why: `overlaps swarm:vpcIpRange, ${vpcIpRange}`,
            allowed: POOL_ALLOWED,
        });
    }
    const prefix = prefixLength(overlayPool);
    if (overlayPoolMaskLength < prefix) {
        problems.push({
            path: ["overlayPoolMaskLength"],
            value: received("overlayPoolMaskLength"),
            why: `is shorter than the prefix of swarm:overlayPool, ${overlayPool}`,
            allowed: maskAllowed(prefix),
        });
    }
    return problems;
}

/** Whether the ranges, in order by themselves, are wide enough for nodes and services. */
export function roomProblems(networks: Networks, load: Load, received: (key: string) => unknown): Problem[] {
    return [
        ...vpcProblems(networks, load, received),
        ...poolProblems(networks, load, received),
        ...overlayProblems(networks, load, received),
    ];
}

function vpcProblems(
    { vpcIpRange }: Networks,
    { nodes }: Load,
    received: (key: string) => unknown,
): Problem[] {
    const room = vpcRoom(vpcIpRange);
    const need = EXCHANGE * nodes.length;
    if (need <= room) {
        return [];
    }
    const why =
        `has ${room} addresses for droplets, while ${nodes.length} nodes need ${need}: ` +
        "an exchange of all nodes makes the new ones before the old ones go";
    return [{ path: ["vpcIpRange"], value: received("vpcIpRange"), why, allowed: VPC_ALLOWED }];
}

function poolProblems(
    { overlayPool, overlayPoolMaskLength }: Networks,
    { services }: Load,
    received: (key: string) => unknown,
): Problem[] {
    const room = overlayNetworks(overlayPool, overlayPoolMaskLength);
    const own = new Set(services.flatMap((service) => service.networks.map(({ name }) => name))).size;
    if (own + 1 <= room) {
        return [];
    }
    const why =
        `divides into ${room} × /${overlayPoolMaskLength}, while the ingress network ` +
        `and the services' own need ${own + 1}`;
    return [{ path: ["overlayPool"], value: received("overlayPool"), why, allowed: POOL_ALLOWED }];
}

/**
 * Every overlay network gives an address to each node on it, to each task, and to each service. Where they do not
 * suffice, tasks stay in state "New" without any error (moby/moby#43052).
 */
function overlayProblems(
    { overlayPool, overlayPoolMaskLength }: Networks,
    load: Load,
    received: (key: string) => unknown,
): Problem[] {
    const room = overlayRoom(overlayPoolMaskLength);
    const users = new Map<string, ServiceSpec[]>([
        ["ingress", load.services.filter((service) => service.ports.some((port) => port.mode === "ingress"))],
    ]);
    for (const service of load.services) {
        for (const { name: network } of service.networks) {
            users.set(network, [...(users.get(network) ?? []), service]);
        }
    }
    const problems: Problem[] = [];
    for (const [network, services] of users) {
        const nodes = EXCHANGE * load.nodes.length;
        const tasks = services.reduce((sum, service) => sum + mostTasks(service, load), 0);
        const need = nodes + tasks + services.length;
        if (need > room) {
            problems.push({
                path: ["overlayPoolMaskLength"],
                value: received("overlayPoolMaskLength"),
                why:
                    `gives the network ${JSON.stringify(network)} ${room} addresses, while it needs ${need}: ` +
                    `${nodes} for nodes (twice ${load.nodes.length}, for an exchange of all), ` +
                    `${tasks} for tasks, ${services.length} for services`,
                allowed: maskAllowed(prefixLength(overlayPool)),
            });
        }
    }
    return problems;
}

/** Most tasks of a service at one time, those of an update under way and of nodes being exchanged included. */
function mostTasks(service: ServiceSpec, load: Load): number {
    if (service.mode.kind === "global" || service.mode.kind === "global-job") {
        return EXCHANGE * eligibleNodes(service, load).length;
    }
    if (service.mode.kind === "replicated-job") {
        return service.mode.concurrent;
    }
    const { replicas } = service.mode;
    const atOnce = service.update.parallelism === 0 ? replicas : service.update.parallelism;
    return replicas + (service.update.order === "start-first" ? Math.min(atOnce, replicas) : 0);
}

function maskAllowed(poolPrefix: number): string {
    return (
        `a whole number from ${poolPrefix} (the prefix of swarm:overlayPool) to ${LONGEST_OVERLAY_MASK} that gives ` +
        "each overlay network an address for every node, task and service on it"
    );
}
