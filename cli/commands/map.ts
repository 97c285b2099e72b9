import { type Command, InvalidArgumentError, Option } from "commander";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly port: number;
}

export function map(program: Command): void {
    program
        .command("map")
        .summary("a page that shows the cluster live: nodes, and the tasks on each")
        .description(
            "Serves a page on 127.0.0.1 that shows the nodes with role and state, and the tasks on each by service, and " +
                "follows the cluster until Ctrl-C, so that one sees replicas move while an `up` runs.",
        )
        .addOption(
            new Option("--port <number>", "port of the page; 0 for any that is free")
                .default(8740)
                .argParser(port),
        )
        .addOption(stackOption())
        .addHelpText("after", "\nExample:\n  swarm map")
        .action(
            run(async (signal, options: Options) => {
                const { map } = await import("../map/map.ts");
                return await map({ ...options, signal });
            }),
        );
}

function port(text: string): number {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
        throw new InvalidArgumentError("Allowed: a whole number from 0 to 65535; 0 for any that is free.");
    return Number(text);
}
