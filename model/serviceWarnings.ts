/** What is allowed in a service, and where Swarm is known to bite. */

import { isJob } from "./engineSpec.ts";
import { eligibleNodes } from "./placement.ts";
import { portKey } from "./ports.ts";
import { orList } from "./schema.ts";
import type { ServiceSpec, Settings } from "./settings.ts";

type Stack = Pick<Settings, "nodes" | "nodeLabels" | "managerAvailability" | "services" | "secretKeys">;

/**
 * One line each, with the service's name in front; none of services that the config keeps secret.
 *
 * @param changing Has the services, by name, that are new or are about to change; undefined where nobody knows: then all count.
 */
export function serviceWarnings(
    stack: Stack,
    changing?: { readonly has: (name: string) => boolean },
): string[] {
    if (stack.secretKeys.includes("services")) return [];
    const services = stack.services.filter(({ name }) => changing?.has(name) ?? true);
    return services.flatMap((service) =>
        [
            ...healthWarnings(service),
            ...volumeWarnings(service),
            ...bindWarnings(service, stack),
            ...jobWarnings(service),
            ...imageWarnings(service),
        ].map((text) => `${service.name}: ${text}`),
    );
}

function healthWarnings({ ports, fields, spec }: ServiceSpec): string[] {
    const { ContainerSpec } = (spec.TaskTemplate ?? {}) as { ContainerSpec?: { Healthcheck?: unknown } };
    const [port] = ports;
    return port && fields.healthcheck === undefined && ContainerSpec?.Healthcheck === undefined
        ? [
              `publishes ${portKey(port)} without a healthcheck: unless its image has one, a task is sent connections from the ` +
                  "moment that its process is there",
          ]
        : [];
}

function volumeWarnings({ mode, mounts, update }: ServiceSpec): string[] {
    const volume = mounts.find((mount) => mount.type === "volume" && mount.source !== "");
    const isOne = mode.kind === "replicated" && mode.replicas === 1;
    return isOne && volume && update.order === "start-first"
        ? [
              `is one replica with a volume, ${"source" in volume ? volume.source : ""}, and starts the new task first: both ` +
                  "write to it for a moment, or the new one gets an empty one on another node",
          ]
        : [];
}

/** What every node has. */
const EVERYWHERE =
    /^\/(?:$|dev|proc|sys|tmp|run|etc\/(?:localtime|timezone|hostname|hosts|os-release|ssl)|var\/(?:log|run|lib\/docker))(?:$|\/|\.)|^\/etc$/;

function bindWarnings(service: ServiceSpec, stack: Stack): string[] {
    const own = service.mounts.flatMap((mount) =>
        mount.type === "bind" && !EVERYWHERE.test(mount.source) ? [mount.source] : [],
    );
    const nodes = stack.nodes.map((node) => ({ ...node, labels: stack.nodeLabels[node.name] }));
    const count = eligibleNodes(service, { ...stack, nodes }).length;
    return own.length > 0 && count > 1
        ? [
              `${orList(own, "and")} ${own.length === 1 ? "has" : "have"} to be on each of the ${count} nodes that can run it: ` +
                  "where a bind's source is not, a task is rejected. A volume is made where it is missing",
          ]
        : [];
}

function jobWarnings(service: ServiceSpec): string[] {
    const { condition, maxAttempts } = service.restart;
    return isJob(service) && condition !== "none" && maxAttempts === 0
        ? [
              `is a job with restart.condition ${condition} and no maxAttempts: one that fails is started again for ever`,
          ]
        : [];
}

/** Tags whose very point is that they move. */
const MOVING = /^(?:latest|stable|edge|nightly|main|master|dev|develop|prod|production|staging)$/;

function imageWarnings({ image }: ServiceSpec): string[] {
    const [, tag] = /:([^/:]+)$/.exec(image) ?? [];
    const moves = !image.includes("@") && (tag === undefined || MOVING.test(tag));
    return moves
        ? [
              `its image ${image} goes by ${tag === undefined ? "no tag, which is latest" : "a tag that moves"}: what that means today is ` +
                  "deployed once, and not again until the text changes; a version or a digest says what runs",
          ]
        : [];
}
