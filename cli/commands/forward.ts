import { type Command, InvalidArgumentError, Option } from "commander";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly local: number;
}

export function forward(program: Command): void {
    program
        .command("forward")
        .summary("a local port that leads to a service, published or not")
        .description(
            "Opens a port on 127.0.0.1 that leads through SSH into a task of a service, until Ctrl-C: also to a port that " +
                "is not published. It leads to that task alone: once that has ended, connections are refused, which is said.",
        )
        .argument(
            "<service>",
            "nginx for its first task that runs, nginx.2 for that replica, nginx.node3 by node",
        )
        .argument("<port>", "the port in the container", port(1))
        .addOption(
            new Option("--local <port>", "the local port; 0 for any that is free")
                .default(0)
                .argParser(port(0)),
        )
        .addOption(stackOption())
        .addHelpText(
            "after",
            "\nExamples:\n  swarm forward db 5432 --local 15432\n  swarm forward nginx.2 80",
        )
        .action(
            run(async (signal, task: string, port: number, options: Options) => {
                const { forwardTo } = await import("../forwarding.ts");
                return await forwardTo({ task, port, ...options, signal });
            }),
        );
}

function port(least: number): (text: string) => number {
    return (text) => {
        if (!/^\d{1,5}$/.test(text) || Number(text) < least || Number(text) > 65_535)
            throw new InvalidArgumentError(`Allowed: a whole number from ${least} to 65535.`);
        return Number(text);
    };
}
