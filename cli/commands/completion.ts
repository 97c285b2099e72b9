import { Argument } from "commander";
import { scriptFor } from "../completion.ts";
import { define, type Verb } from "../options.ts";

export default (program: Verb) =>
    define(program, "completion", {
        summary: "completion for bash, zsh or fish",
        description:
            "Prints the script that lets a shell complete commands, options, and the names of nodes and services.",
        more: "The script calls swarm, which has to be on PATH: make shell sees to that.",
        examples: [
            "source <(swarm completion bash)",
            "source <(swarm completion zsh)",
            "swarm completion fish | source",
        ],
    })
        .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh", "fish"]))
        .does(async (_choice, shell: "bash" | "zsh" | "fish") => {
            process.stdout.write(scriptFor(shell));
        });
