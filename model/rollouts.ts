/**
 * Whether an update of a service can come to its end: in the time that it has, and on the nodes that there are.
 */

import { isJob } from "./engineSpec.ts";
import { certainNodes, eligibleNodes, type Members } from "./placement.ts";
import { portKey } from "./ports.ts";
import type { Problem } from "./problems.ts";
import type { ServiceSpec, Settings } from "./settings.ts";

/** What Docker takes a monitoring time of 0 for. */
const DEFAULT_MONITOR_MS = 5000;

/** The longest that a service may have; `timeout` in `services.ts`. */
export const MAX_TIMEOUT = 3600;

export function rolloutProblems(settings: Members & Pick<Settings, "services">): Problem[] {
    const updated = settings.services.filter((service) => !isJob(service));
    return updated.flatMap((service) => [
        ...timeoutProblems(service, settings),
        ...orderProblems(service, settings),
    ]);
}

/**
 * An update whose own pauses take longer than the service has. By swarmkit's updater (manager/orchestrator/update):
 * `parallelism` workers take one task after another and each waits for the delay after every one of its tasks, the
 * last included; when all are done, the update is watched for the monitoring time or, where the delay is not shorter,
 * for a second more than the delay. What the tasks themselves take to stop and to start comes on top, so that an update
 * of exactly that length cannot be in time either. A rollback is no part of it: once it begins, the update has failed.
 */
function timeoutProblems(service: ServiceSpec, members: Members): Problem[] {
    const { parallelism, delayMs, monitorMs } = service.update;
    const tasks =
        service.mode.kind === "replicated"
            ? service.mode.replicas
            : // One, where labels that only the swarm knows decide.
              Math.max(1, certainNodes(service, members).length);
    const rounds = Math.ceil(tasks / (parallelism || Math.max(tasks, 1)));
    const monitoring = monitorMs || DEFAULT_MONITOR_MS;
    const watching = delayMs >= monitoring ? delayMs + 1000 : monitoring;
    const least = Math.ceil((rounds * delayMs + watching) / 1000);
    if (tasks === 0 || least < service.timeout) {
        return [];
    }
    const delays =
        delayMs === 0
            ? ""
            : `${rounds} × ${delayMs / 1000} s of delay, for ${tasks} ${tasks === 1 ? "task" : "tasks"}, ` +
              `${parallelism === 0 ? "all" : parallelism} at a time, and `;
    const longer = least < MAX_TIMEOUT ? `from ${least + 1} to ${MAX_TIMEOUT} seconds, or ` : "";
    return [
        {
            path: ["services", service.name, "timeout"],
            value: service.timeout,
            why: `an update takes more than ${least} s: ${delays}${watching / 1000} s of watching at its end`,
            allowed: `${longer}a shorter update.delay or update.monitor, or more update.parallelism`,
        },
    ];
}

/**
 * A new task that is to start before the old one stops, while the old one has the port that both need. A global
 * service's task has to run on the same node; another's may find a node without a task of the service.
 */
function orderProblems(service: ServiceSpec, members: Members): Problem[] {
    const port = service.ports.find(({ mode }) => mode === "host");
    const nodes = eligibleNodes(service, members).length;
    const isGlobal = service.mode.kind === "global";
    const isFull = service.mode.kind === "replicated" && service.mode.replicas === nodes;
    if (port === undefined || nodes === 0 || !(isGlobal || isFull)) {
        return [];
    }
    const taken = isGlobal
        ? ""
        : `, and each of the ${nodes} nodes that can run the service has a task of it`;
    return (["update", "rollback"] as const)
        .filter((rollout) => service[rollout].order === "start-first")
        .map((rollout) => ({
            path: ["services", service.name, rollout, "order"],
            value: "start-first",
            why:
                `port ${portKey(port)} is published in mode host, which each node can do once${taken}: ` +
                "a new task would wait for ever for the old one to give the port up",
            allowed: `stop-first, or mode ingress${isGlobal ? "" : ", or fewer replicas than nodes"}`,
        }));
}
