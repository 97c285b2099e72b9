/** The log of a service, as Docker's API gathers it from the nodes. */

import type { ApiService, ApiTask } from "../look/facts.ts";
import type { Access } from "./access.ts";
import { type DockerApi, dockerApi } from "./dockerApi.ts";
import { LineReader, LogReader, parseLine } from "./logStream.ts";
import type { StackNode } from "./stackState.ts";
import { paint } from "./table.ts";
import { requireService } from "./taskTable.ts";

export interface LogOptions {
    readonly follow?: boolean;
    /** A number, or "all". */
    readonly tail: string;
    /** Unix time in seconds. */
    readonly since?: string;
    readonly timestamps?: boolean;
}

/** Prints them until they end, or until the signal comes when they are followed. @throws CliError */
export async function followLogs(
    access: Access,
    manager: StackNode,
    names: readonly string[],
    options: LogOptions,
    signal: AbortSignal,
): Promise<void> {
    // A connection each: one that is followed has no room for another question.
    const apis = names.map(() => dockerApi(access, manager, signal));
    try {
        await Promise.all(apis.map((api, index) => followOne(access, api, names[index] as string, options)));
    } finally {
        for (const api of apis) api.close();
    }
}

async function followOne(access: Access, api: DockerApi, name: string, options: LogOptions): Promise<void> {
    const services = await api.get<ApiService[]>("/services");
    const service = requireService(
        services.map(({ ID, Spec }) => ({
            id: ID,
            name: Spec.Name,
            terminal: Spec.TaskTemplate.ContainerSpec?.TTY ?? false,
        })),
        name,
    );
    const tasks = await api.get<ApiTask[]>(`/tasks?filters=${filter(service.id)}`);
    const nodes = new Map(access.state.nodes.map((node) => [node.nodeId, node.name]));
    const slots = new Map(tasks.map((task) => [task.ID, task.Slot]));
    const label = (node: string | undefined, task: string | undefined) => {
        const slot = slots.get(task ?? "");
        // A task that is younger than the list goes by its ID.
        return `${nodes.get(node) ?? node ?? "?"} ${name}.${slot ?? task?.slice(0, 12) ?? "?"}`;
    };
    const query = new URLSearchParams({
        stdout: "1",
        stderr: "1",
        details: "1",
        tail: options.tail,
        timestamps: options.timestamps ? "1" : "0",
        follow: options.follow ? "1" : "0",
        ...(options.since && { since: options.since }),
    });
    const reader = service.terminal ? new LineReader() : new LogReader();
    for await (const data of await api.stream(`/services/${service.id}/logs?${query}`)) {
        for (const { from, text } of reader.read(data)) {
            const line = parseLine(text.toString("utf8").replace(/\r?\n$/, ""), options.timestamps ?? false);
            const time = line.time === undefined ? "" : `${line.time} `;
            process[from].write(
                `${paint("cyan", label(line.node, line.task), process[from])} | ${time}${line.text}\n`,
            );
        }
    }
}

function filter(service: string): string {
    return encodeURIComponent(JSON.stringify({ service: [service] }));
}
