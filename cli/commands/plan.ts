import { type Command, Option } from "commander";
import { EXIT } from "../errors.ts";
import { type JsonOption, json, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {
    readonly format: "text" | "markdown" | "json";
    readonly events?: string;
    readonly exitCode?: boolean;
}

export function plan(program: Command): void {
    program
        .command("plan")
        .summary("what a change of the config will do to the swarm")
        .description(
            "Reads a preview and says what it means for the swarm: nodes that come, go or change, in what order; losses " +
                "that the managers bear meanwhile; services and what becomes of their tasks; ports and cost; and what is " +
                "dangerous. Without a file it runs the preview itself. Changes nothing.",
        )
        .argument(
            "[words...]",
            "a file with what `pulumi preview --json --show-sames` printed, - for standard input; or behind -- options for the preview",
        )
        .addOption(
            new Option("--format <format>", "how to print it; markdown is for a comment on a pull request")
                .choices(["text", "markdown", "json"])
                .default("text"),
        )
        .option(
            "--events <file>",
            "what --event-log of the same preview wrote, for policies that are violated",
        )
        .option("--exit-code", "end with 2 where there is something to do")
        .addOption(stackOption())
        .addOption(jsonOption().conflicts("format"))
        .addHelpText(
            "after",
            "\nExit status: 0 when the preview has succeeded (with --exit-code: and nothing is to be done, 2 when something " +
                "is), 1 when it has failed, or violates a mandatory policy, 3 when it cannot be read.\n\n" +
                "Examples:\n  swarm plan\n  swarm plan -- --refresh\n" +
                "  pulumi destroy --preview-only --json | swarm plan -\n" +
                "  swarm plan preview.json --format markdown",
        )
        .action(
            run(async (signal, words: string[], options: Options) => {
                const { makePlan } = await import("../plan/run.ts");
                const made = await makePlan(words, options.events, { stack: options.stack, signal });
                switch (options.json ? "json" : options.format) {
                    case "json":
                        process.stdout.write(json((await import("../plan/json.ts")).planJson(made)));
                        break;
                    case "markdown":
                        process.stdout.write((await import("../plan/markdown.ts")).planMarkdown(made));
                        break;
                    default:
                        process.stdout.write((await import("../plan/text.ts")).planText(made));
                }
                if (made.failed) return EXIT.no;
                return options.exitCode && made.changes ? EXIT.changes : EXIT.ok;
            }),
        );
}
