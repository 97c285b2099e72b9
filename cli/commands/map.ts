import { type Command, InvalidArgumentError } from "commander";
import { type JsonOption, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {
    readonly svg?: string;
    readonly serve?: boolean;
    readonly port?: number;
}

export function map(program: Command): void {
    program
        .command("map")
        .summary("a picture of the cluster: nodes, and the tasks on each")
        .description(
            "Draws the nodes with role and state, and the tasks on each by service: in the terminal, as SVG, or as a page " +
                "on this machine that follows the cluster live, so that one sees replicas move while an `up` runs.",
        )
        .option("--svg <file>", "write the picture to a file; - for standard output")
        .option("--serve", "serve a page that follows the cluster, until Ctrl-C; on 127.0.0.1 alone")
        .option("--port <number>", "port of the page; 0 for any that is free (default: 8740)", port)
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText("after", "\nExamples:\n  swarm map\n  swarm map --svg cluster.svg\n  swarm map --serve")
        .action(
            run(async (signal, options: Options) => {
                const { map } = await import("../map/command.ts");
                return await map({ ...options, signal });
            }),
        );
}

function port(text: string): number {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
        throw new InvalidArgumentError("Allowed: a whole number from 0 to 65535; 0 for any that is free.");
    return Number(text);
}
