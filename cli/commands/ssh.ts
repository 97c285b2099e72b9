import type { Command } from "commander";
import { CliError, EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

export function ssh(program: Command): void {
    program
        .command("ssh")
        .summary("a shell or a command on a node")
        .description(
            "Logs in to a node with the stack's key, and only if it shows the host key that the stack gave it. A single " +
                "word after -- is a line for the shell there; several are a command and its arguments, as they are.",
        )
        .argument("<name>", "the node; options come before it")
        .argument("[command...]", "what to run there; a shell if left out")
        .addOption(stackOption())
        .passThroughOptions()
        .addHelpText(
            "after",
            "\nExit status: that of the command; 2 when the login fails.\n\n" +
                "Examples:\n  swarm ssh node1\n  swarm ssh node1 -- df -h /\n  swarm ssh node1 -- 'docker ps -q | wc -l'",
        )
        .action(
            run(async (signal, name: string, words: string[], options: StackOption) => {
                const [{ openAccess }, { pickNode }, { login }] = await Promise.all([
                    import("../access.ts"),
                    import("../nodeRange.ts"),
                    import("../ssh.ts"),
                ]);
                if (words[0]?.startsWith("-") && words[0] !== "--") {
                    throw new CliError(
                        `"${words[0]}" behind the name would be sent to the node: options come before the name, and a ` +
                            "command that begins with a dash after --",
                        EXIT.usage,
                    );
                }
                const command = words[0] === "--" ? words.slice(1) : words;
                const access = await openAccess({ stack: options.stack, signal });
                return await login(access, pickNode(access.state.nodes, name), command);
            }),
        );
}
