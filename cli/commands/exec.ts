import type { Command } from "commander";
import { run, type StackOption, stackOption } from "../options.ts";

export function exec(program: Command): void {
    program
        .command("exec")
        .summary("a command in a task of a service, wherever it runs")
        .description(
            "Runs a command in the container of a task, on the node that has it: with a terminal where there is one here.",
        )
        .argument(
            "<task>",
            "nginx for its first task that runs, nginx.2 for that replica, nginx.node3 by node",
        )
        .argument("[command...]", "what to run there; sh if left out")
        .addOption(stackOption())
        .passThroughOptions()
        .addHelpText(
            "after",
            "\nExit status: that of the command; 1 when no such task runs.\n\n" +
                "Examples:\n  swarm exec nginx\n  swarm exec nginx.2 -- nginx -T",
        )
        .action(
            run(async (signal, task: string, words: string[], options: StackOption) => {
                const [{ openAccess }, { onManager, placeOf }, { dockerHere }] = await Promise.all([
                    import("../access.ts"),
                    import("../places.ts"),
                    import("../dockerClient.ts"),
                ]);
                const command = words[0] === "--" ? words.slice(1) : words;
                const access = await openAccess({ stack: options.stack, signal });
                const place = await onManager(access, signal, (api) => placeOf(api, access, task));
                const flags = process.stdin.isTTY && process.stdout.isTTY ? "-it" : "-i";
                const wanted = command.length === 0 ? ["sh"] : command;
                return await dockerHere(access, place.node, ["exec", flags, place.container, ...wanted]);
            }),
        );
}
