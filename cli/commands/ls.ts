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

export function ls(program: Command): void {
    program
        .command("ls")
        .summary("the nodes: cloud and swarm side by side")
        .description(
            "Lists the nodes of the stack, the members of its swarm, and the droplets with its tag: what is in one of " +
                "them and not in another stands out, and is named below the table.",
        )
        .addOption(stackOption())
        .addOption(outputOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExit status: 2 when no manager could be asked; the table then shows what state and cloud know.\n\n" +
                "Examples:\n  swarm ls\n  swarm ls --json | jq -r '.nodes[] | select(.state != \"ready\") | .name'",
        )
        .action(
            run(async (signal, options: Options) => {
                const [{ comparedOf }, { surveyReader }, { nodeTable }, { drift, driftText }] =
                    await Promise.all([
                        import("../cluster.ts"),
                        import("../reading.ts"),
                        import("../nodeTable.ts"),
                        import("../drift.ts"),
                    ]);
                const choice = { stack: options.stack, signal };
                const found = await surveyReader()(choice);
                const compared = await comparedOf(found, choice);
                const { view } = compared;
                printed(options, view, (wide) => nodeTable(view, wide));
                const lines = [
                    ...view.problems,
                    ...drift(compared).map(driftText),
                    ...(found.noManager ? [found.noManager.message] : []),
                ];
                for (const line of lines) process.stderr.write(`${line}\n`);
                return found.noManager ? EXIT.unreachable : EXIT.ok;
            }),
        );
}
