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
    const apis = new Map([...new Set(names)].map((name) => [name, dockerApi(access, manager, signal)]));
    try {
        // Nothing is printed where one of them is no service.
        const found = await Promise.all([...apis].map(([name, api]) => serviceIn(api, name)));
        await Promise.all(found.map((one) => followOne(access, one, options)));
    } finally {
        for (const api of apis.values()) api.close();
    }
}

interface Followed {
    readonly api: DockerApi;
    readonly id: string;
    readonly name: string;
    readonly terminal: boolean;
}

async function serviceIn(api: DockerApi, name: string): Promise<Followed> {
    const services = await api.get<ApiService[]>("/services");
    return requireService(
        services.map(({ ID, Spec }) => ({
            api,
            id: ID,
            name: Spec.Name,
            terminal: Spec.TaskTemplate.ContainerSpec?.TTY ?? false,
        })),
        name,
    );
}

async function followOne(
    access: Access,
    { api, id, name, terminal }: Followed,
    options: LogOptions,
): Promise<void> {
    const tasks = await api.get<ApiTask[]>(`/tasks?filters=${filter(id)}`);
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
    const reader = terminal ? new LineReader() : new LogReader();
    for await (const data of await api.stream(`/services/${id}/logs?${query}`)) {
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
