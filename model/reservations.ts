/**
 * Whether the droplets' sizes have room for what services reserve. Where they have not, a task waits for ever for a node.
 */

import { certainNodes, eligibleNodes } from "./placement.ts";
import type { ResourceSpec, ServiceSpec, Settings } from "./settings.ts";

/** A droplet size, as DigitalOcean describes it. */
export interface SizeFacts {
    readonly slug: string;
    /** MiB. */
    readonly memory: number;
    readonly vcpus: number;
    /** GB. */
    readonly disk: number;
}

type Stack = Pick<Settings, "nodes" | "managerAvailability" | "services">;

/**
 * Each service by itself, on nodes that are empty: what is refused here can never be. Nothing is said of nodes whose
 * size is not known.
 */
export function reservationProblems(stack: Stack, sizes: readonly SizeFacts[] = []): string[] {
    const sizeOf = new Map(
        stack.nodes.map(({ name, size }) => [name, sizes.find(({ slug }) => slug === size)]),
    );
    return stack.services.flatMap((service) => {
        const { cpus, memoryBytes } = service.reservations;
        const rooms = (names: readonly string[]) =>
            names.map((name) => ({ name, room: roomFor(service.reservations, sizeOf.get(name)) }));
        const why =
            service.mode.kind === "global" || service.mode.kind === "global-job"
                ? tooSmallNodes(service, rooms(certainNodes(service, stack)))
                : tooFewPlaces(
                      service,
                      service.mode.kind === "replicated-job"
                          ? service.mode.concurrent
                          : service.mode.replicas,
                      rooms(eligibleNodes(service, stack)),
                  );
        return why === undefined
            ? []
            : [
                  `swarm:services.${service.name}.reservations: ${why}, at ${cpus} CPUs and ${memoryBytes / 2 ** 20}M for each ` +
                      "task: reserve less, or take a larger size or more nodes",
              ];
    });
}

interface Room {
    readonly name: string;
    readonly room: number;
}

/** A global service has one task on each node, and a second one while that is exchanged with start-first. */
function tooSmallNodes(service: ServiceSpec, rooms: readonly Room[]): string | undefined {
    const need = atOnce(service);
    const small = rooms.filter(({ room }) => room < need).map(({ name }) => name);
    return small.length === 0
        ? undefined
        : `there is no room on ${small.join(", ")} for ${need}${meanwhile(service)}`;
}

function tooFewPlaces(service: ServiceSpec, replicas: number, rooms: readonly Room[]): string | undefined {
    const need = replicas === 0 ? 0 : replicas - 1 + atOnce(service);
    const have = rooms.reduce((sum, { room }) => sum + room, 0);
    return rooms.length === 0 || have >= need
        ? undefined
        : `its nodes have room for ${have} tasks, while it needs ${need}${meanwhile(service)}`;
}

/** Tasks in one place at the least, while an update exchanges one for another. */
function atOnce(service: ServiceSpec): number {
    return service.update.order === "start-first" ? 2 : 1;
}

function meanwhile(service: ServiceSpec): string {
    return service.update.order === "start-first" ? ", one of them to start before another stops" : "";
}

/** How many tasks with these reservations an empty node of that size holds; CPUs in whole billionths, as Docker counts. */
function roomFor({ cpus, memoryBytes }: ResourceSpec, size: SizeFacts | undefined): number {
    return size === undefined
        ? Number.POSITIVE_INFINITY
        : Math.min(
              cpus === 0 ? Number.POSITIVE_INFINITY : Math.floor((size.vcpus * 1e9) / Math.round(cpus * 1e9)),
              memoryBytes === 0
                  ? Number.POSITIVE_INFINITY
                  : Math.floor((size.memory * 2 ** 20) / memoryBytes),
          );
}
