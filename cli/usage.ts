/** What nodes and tasks take of processors and memory, as the nodes themselves say. */
import type { Access } from "./access.ts";
import { CliError } from "./errors.ts";
import { atMost } from "./parallel.ts";
import { onNode } from "./ssh.ts";
import { table } from "./table.ts";
import { oneLine } from "./words.ts";

export interface NodeUsage {
    readonly name: string;
    readonly processors?: number;
    /** Average of the last minute: how many wanted a processor. */
    readonly load?: number;
    /** Bytes. */
    readonly memory?: number;
    readonly memoryTotal?: number;
    readonly problem?: string;
}

export interface TaskUsage {
    /** `nginx.2`; of a global service its name alone. */
    readonly task: string;
    readonly node: string;
    readonly container: string;
    readonly image: string;
    /** As docker writes it: `0.51%`. */
    readonly cpu: string;
    /** `3.4MiB / 964MiB`. */
    readonly memory: string;
}

export interface Usage {
    readonly nodes: readonly NodeUsage[];
    readonly tasks: readonly TaskUsage[];
}

/** Containers of no service are left out. */
const QUESTION = `nproc
cut -d' ' -f1 /proc/loadavg
awk '/^MemTotal|^MemAvailable/ { print $2 }' /proc/meminfo
docker ps --no-trunc --filter label=com.docker.swarm.task --format '{{.ID}} {{.Names}} {{.Image}}'
echo --
docker stats --no-stream --no-trunc --format '{{.ID}} {{.CPUPerc}} {{.MemUsage}}'`;

export async function usage(access: Access, signal: AbortSignal): Promise<Usage> {
    const answers = await atMost(8, access.state.nodes, async ({ name, ...node }) => {
        try {
            const ran = await onNode(access, { name, ...node }, QUESTION, { signal });
            return ran.status === 0
                ? readUsage(name, ran.stdout)
                : { node: { name, problem: oneLine(ran.stderr) }, tasks: [] };
        } catch (error) {
            if (!(error instanceof CliError)) throw error;
            return { node: { name, problem: error.message }, tasks: [] };
        }
    });
    return { nodes: answers.map(({ node }) => node), tasks: answers.flatMap(({ tasks }) => tasks) };
}

/** The answer of a node, read. What is not of the expected form is left out: it comes from the host. */
export function readUsage(name: string, text: string): { node: NodeUsage; tasks: TaskUsage[] } {
    const [head = "", tail = ""] = text.split("\n--\n");
    const [processors, load, total, available, ...containers] = head.split("\n");
    const stats = new Map(
        tail.split("\n").flatMap((line) => {
            const [, id, cpu, memory] = /^([0-9a-f]{64}) (\d[\d.]*%) (.*)$/.exec(line) ?? [];
            return id && cpu && memory ? [[id, { cpu, memory: oneLine(memory) }] as const] : [];
        }),
    );
    const tasks = containers.flatMap((line): TaskUsage[] => {
        // Swarm names a container SERVICE.SLOT.TASK, of a global service SERVICE.NODE.TASK, in IDs of 25 letters.
        const [, container = "", task, image] =
            /^([0-9a-f]{64}) ([\w.-]+?)(?:\.[0-9a-z]{25}){1,2} (\S+)$/.exec(line) ?? [];
        const stat = stats.get(container);
        return task && image && stat ? [{ task, node: name, container, image: oneLine(image), ...stat }] : [];
    });
    const free = Number(available) * 1024;
    return {
        node: {
            name,
            processors: Number(processors),
            load: Number(load),
            memory: Number(total) * 1024 - free,
            memoryTotal: Number(total) * 1024,
        },
        tasks: tasks.sort((a, b) => a.task.localeCompare(b.task, "en", { numeric: true })),
    };
}

const mebibytes = (bytes: number | undefined) =>
    bytes === undefined ? "" : `${Math.round(bytes / 2 ** 20)}MiB`;

export function usageText({ nodes, tasks }: Usage, wide: boolean): string {
    return [
        table(
            ["NODE", "PROCESSORS", "LOAD", "MEMORY"],
            nodes.map(({ name, processors, load, memory, memoryTotal }) => [
                name,
                `${processors ?? ""}`,
                load?.toFixed(2) ?? "",
                memory === undefined ? "" : `${mebibytes(memory)} / ${mebibytes(memoryTotal)}`,
            ]),
        ),
        "\n",
        table(
            ["TASK", "NODE", "CPU", "MEMORY", ...(wide ? ["IMAGE", "CONTAINER"] : [])],
            tasks.map(({ task, node, cpu, memory, image, container }) => [
                task,
                node,
                cpu,
                memory,
                ...(wide ? [image, container.slice(0, 12)] : []),
            ]),
        ),
    ].join("");
}
