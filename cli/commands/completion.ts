import { Argument, type Command } from "commander";
import { EXIT } from "../errors.ts";
import { run } from "../options.ts";

export function completion(program: Command): void {
    program
        .command("completion")
        .summary("completion for bash, zsh or fish")
        .description(
            "Prints the script that lets a shell complete commands, options, and the names of nodes and services.",
        )
        .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh", "fish"]))
        .addHelpText(
            "after",
            "\nThe script calls swarm, which has to be on PATH: make shell sees to that.\n\n" +
                "Examples:\n  source <(swarm completion bash)\n  source <(swarm completion zsh)\n  swarm completion fish | source",
        )
        .action(
            run(async (_signal, shell: "bash" | "zsh" | "fish") => {
                const { scriptFor } = await import("../completion.ts");
                process.stdout.write(scriptFor(shell));
                return EXIT.ok;
            }),
        );
}
