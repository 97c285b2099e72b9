import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

/** `drain` and `activate`: one thing and its opposite. */
export function drain(program: Command): void {
    define(program, "drain", {
        summary: "a node without tasks, for work on it",
        description:
            "Moves a node's tasks elsewhere and keeps new ones away, until swarm activate, or the next up, which opens it again. " +
            "status says that it was drained on purpose, and does not call the cluster degraded for it.",
        args: ["--availability", "drain", "--label-add", "swarm.drained=yes"],
        said: (name) =>
            `${name} takes no tasks any more; those that it has move elsewhere. Open it again: swarm activate ${name}; the next pulumi up does so, too\n`,
    });
    define(program, "activate", {
        summary: "a drained node open to tasks again",
        description: "Lets a node take tasks again. Those that moved away stay where they are.",
        args: ["--availability", "active", "--label-add", "swarm.drained=no"],
        said: (name) => `${name} takes tasks again\n`,
    });
}

interface Definition {
    readonly summary: string;
    readonly description: string;
    readonly args: readonly string[];
    readonly said: (name: string) => string;
}

function define(program: Command, name: string, { summary, description, args, said }: Definition): void {
    program
        .command(name)
        .summary(summary)
        .description(description)
        .argument("<name>", "the node")
        .addOption(stackOption())
        .addHelpText("after", `\nExit status: docker's own.\n\nExample:\n  swarm ${name} node3`)
        .action(
            run(async (signal, word: string, options: StackOption) => {
                const [{ openAccess }, { pickNode }, { activeManager }, { dockerQuiet }] = await Promise.all([
                    import("../access.ts"),
                    import("../nodeRange.ts"),
                    import("../managers.ts"),
                    import("../dockerClient.ts"),
                ]);
                const access = await openAccess({ stack: options.stack, signal });
                const node = pickNode(access.state.nodes, word);
                const manager = await activeManager(access, signal);
                await dockerQuiet(
                    access,
                    manager,
                    ["node", "update", ...args, node.nodeId ?? node.name],
                    signal,
                );
                process.stderr.write(said(node.name));
                return EXIT.ok;
            }),
        );
}
