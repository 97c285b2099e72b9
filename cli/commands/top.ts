import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import {
    jsonOption,
    outputOption,
    printed,
    run,
    type StackOption,
    stackOption,
    type TableOption,
} from "../options.ts";

interface Options extends StackOption, TableOption {}

export function top(program: Command): void {
    program
        .command("top")
        .summary("processors and memory, by node and by task")
        .description(
            "Shows what nodes and tasks take of processors and memory at this moment: of a node its load beside its number " +
                "of processors, of a task 100 % for a whole processor. -o wide adds images and IDs.",
        )
        .addOption(stackOption())
        .addOption(outputOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExit status: 1 when a node could not be asked.\n\nExamples:\n  swarm top\n  swarm top -o json | jq '.tasks[0]'",
        )
        .action(
            run(async (signal, options: Options) => {
                const [{ openAccess }, { usage, usageText }] = await Promise.all([
                    import("../access.ts"),
                    import("../usage.ts"),
                ]);
                const found = await usage(await openAccess({ stack: options.stack, signal }), signal);
                printed(options, found, (wide) => usageText(found, wide));
                for (const { name, problem } of found.nodes)
                    if (problem !== undefined) process.stderr.write(`${name}: ${problem}\n`);
                return found.nodes.some(({ problem }) => problem !== undefined) ? EXIT.no : EXIT.ok;
            }),
        );
}
