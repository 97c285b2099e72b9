import type { Command } from "commander";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly yes?: boolean;
}

export function replace(program: Command): void {
    program
        .command("replace")
        .summary("a node made anew: another droplet of the same name")
        .description(
            "Runs the up that makes a node's droplet anew, after Pulumi's preview and question: the new one joins first, then " +
                "the old one is emptied and removed. What swarm plan says of it: swarm plan -- --replace '**:Droplet::node3'.",
        )
        .argument("<name...>", "names and ranges of nodes: node3, node[2:3]")
        .option("--yes", "without the question")
        .addOption(stackOption())
        .addHelpText("after", "\nExit status: that of pulumi.\n\nExample:\n  swarm replace node3")
        .action(
            run(async (signal, words: string[], options: Options) => {
                const [{ loadStack }, { upOrThrow }, { pickNodes }, { pulumiHere }] = await Promise.all([
                    import("../stack.ts"),
                    import("../stackState.ts"),
                    import("../nodeRange.ts"),
                    import("../pulumi.ts"),
                ]);
                const { nodes } = upOrThrow(await loadStack({ stack: options.stack, signal }));
                const which = pickNodes(nodes, words).flatMap(({ name }) => [
                    "--replace",
                    `**:Droplet::${name}`,
                ]);
                return await pulumiHere(["up", ...which, ...(options.yes ? ["--yes"] : [])], options.stack);
            }),
        );
}
