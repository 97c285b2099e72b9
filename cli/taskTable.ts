/** Tasks of services as a table. No I/O. */
import type { ClusterView, TaskView } from "./clusterView.ts";
import { CliError, EXIT } from "./errors.ts";
import { duration, paint, table } from "./table.ts";

/**
 * The tasks of one service, or of all.
 *
 * @param all Also those that have ended and been replaced.
 * @throws CliError For a service that there is none of.
 */
export function tasksOf(view: ClusterView, service: string | undefined, all: boolean): TaskView[] {
    if (service !== undefined) requireService(view.services, service);
    return view.tasks.filter(
        (task) =>
            (service === undefined || task.service === service) &&
            (all || task.desired === "running" || task.desired === "ready"),
    );
}

/** @throws CliError That says which services there are. */
export function requireService<S extends { readonly name: string }>(
    services: readonly S[],
    wanted: string,
): S {
    const found = services.find(({ name }) => name === wanted);
    if (found) return found;
    const names = services
        .map(({ name }) => name)
        .sort()
        .join(", ");
    throw new CliError(
        `there is no service "${wanted}" in the swarm; there are: ${names || "none"}`,
        EXIT.usage,
    );
}

export function taskTable(tasks: readonly TaskView[], at: string): string {
    return table(
        ["ID", "TASK", "NODE", "WANTED", "STATE", "FOR", "ERROR"],
        tasks.map((task) => [
            task.id.slice(0, 12),
            `${task.service}${task.slot === undefined ? "" : `.${task.slot}`}`,
            task.node ?? "",
            task.desired,
            task.state === task.desired
                ? paint("green", task.state)
                : paint(task.error ? "red" : "yellow", task.state),
            duration((Date.parse(at) - Date.parse(task.since)) / 1000),
            task.error ?? "",
        ]),
    );
}
