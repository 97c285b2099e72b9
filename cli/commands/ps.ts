import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { type JsonOption, json, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {
    readonly all?: boolean;
}

export function ps(program: Command): void {
    program
        .command("ps")
        .summary("the tasks of services, and where they run")
        .description("Lists the tasks of a service, or of all services, across the nodes.")
        .argument("[name]", "the service; all if left out")
        .option("-a, --all", "also tasks that have ended")
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText("after", "\nExamples:\n  swarm ps\n  swarm ps nginx --all")
        .action(
            run(async (signal, name: string | undefined, options: Options) => {
                const [{ readCluster }, { taskTable, tasksOf }] = await Promise.all([
                    import("../cluster.ts"),
                    import("../taskTable.ts"),
                ]);
                const view = await readCluster({ stack: options.stack, signal });
                const tasks = tasksOf(view, name, options.all ?? false);
                process.stdout.write(options.json ? json(tasks) : taskTable(tasks, view.at));
                return EXIT.ok;
            }),
        );
}
