/** What nodes and tasks take of processors and memory, as the nodes themselves say. */
import { type Access, openAccess } from "../access.ts";
import { attempt, EXIT } from "../errors.ts";
import { define, jsonOption, outputOption, printed, type TableOption, type Verb } from "../options.ts";
import { atMost } from "../parallel.ts";
import { onNode } from "../ssh.ts";
import { byName } from "../stackState.ts";
import { table } from "../table.ts";
import { oneLine } from "../words.ts";

export default (program: Verb) =>
    define(program, "top", {
        summary: "processors and memory, by node and by task",
        description:
            "Shows what nodes and tasks take of processors and memory at this moment: of a node its load beside its number " +
            "of processors, of a task 100 % for a whole processor. -o wide adds the IDs of containers.",
        more: "Exit status: 1 when a node could not be asked.",
        examples: ["swarm top", "swarm top -o json | jq '.tasks[0]'"],
    })
        .addOption(outputOption())
        .addOption(jsonOption())
        .does(async (choice, options: TableOption) => {
            const found = await usage(await openAccess(choice), choice.signal);
            printed(options, found, (wide) => usageText(found, wide));
            const failed = found.nodes.filter(({ problem }) => problem !== undefined);
            for (const { name, problem } of failed) process.stderr.write(`${name}: ${problem}\n`);
            return failed.length > 0 ? EXIT.no : EXIT.ok;
        });

export interface NodeUsage {
    readonly name: string;
    readonly processors?: number;
    /** Average of the last minute: how many wanted a processor. */
    readonly load?: number;
    readonly memory?: number;
    readonly memoryTotal?: number;
    readonly problem?: string;
}

export interface TaskUsage {
    /** `nginx.2`; of a global service its name alone. */
    readonly task: string;
    readonly node: string;
    readonly container: string;
    /** As docker writes it: `0.51%`. */
    readonly cpu: string;
    /** `3.4MiB / 964MiB`. */
    readonly memory: string;
}

interface Usage {
    readonly nodes: readonly NodeUsage[];
    readonly tasks: readonly TaskUsage[];
}

const QUESTION = `nproc
cut -d' ' -f1 /proc/loadavg
awk '/^MemTotal|^MemAvailable/ { print $2 }' /proc/meminfo
docker stats --no-stream --no-trunc --format '{{.ID}} {{.Name}} {{.CPUPerc}} {{.MemUsage}}'`;

async function usage(access: Access, signal: AbortSignal): Promise<Usage> {
    const answers = await atMost(8, access.state.nodes, async (node) => {
        const ran = await attempt(onNode(access, node, QUESTION, { signal }));
        if (!(ran instanceof Error) && ran.status === 0) return readUsage(node.name, ran.stdout);
        const problem = ran instanceof Error ? ran.message : oneLine(ran.stderr);
        return { node: { name: node.name, problem }, tasks: [] };
    });
    return { nodes: answers.map(({ node }) => node), tasks: answers.flatMap(({ tasks }) => tasks) };
}

/** The answer of a node, read. What is not of the expected form is left out: it comes from the host. */
export function readUsage(name: string, text: string): { node: NodeUsage; tasks: TaskUsage[] } {
    const [processors, load, total, available, ...containers] = text.split("\n");
    const tasks = containers.flatMap((line): TaskUsage[] => {
        // Swarm names a container SERVICE.SLOT.TASK, of a global service SERVICE.NODE.TASK, in IDs of 25 letters.
        const [, container, task, cpu, memory] =
            /^([0-9a-f]{64}) ([\w.-]+?)(?:\.[0-9a-z]{25}){1,2} (\d[\d.]*%) (.*)$/.exec(line) ?? [];
        return container && task && cpu && memory
            ? [{ task, node: name, container, cpu, memory: oneLine(memory) }]
            : [];
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
        tasks: tasks.sort((a, b) => byName(a.task, b.task)),
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
            ["TASK", "NODE", "CPU", "MEMORY", ...(wide ? ["CONTAINER"] : [])],
            tasks.map(({ task, node, cpu, memory, container: id }) =>
                [task, node, cpu, memory].concat(wide ? id.slice(0, 12) : []),
            ),
        ),
    ].join("");
}
