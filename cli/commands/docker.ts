import { type Command, Option } from "commander";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly on?: string;
    readonly node?: string;
}

export function docker(program: Command): void {
    program
        .command("docker")
        .summary("any docker command on a manager, or on each node of a range")
        .description(
            "Runs docker for the active manager: the first one that answers, or the node that `swarm env --node` chose. " +
                "With --on, for each node of a range at once, each line with its node in front. The docker client of this " +
                "machine is used where there is one, so that it finds this machine's files; otherwise the node's own.",
        )
        .argument("<args...>", "what docker is to do; options of this command come before it")
        .option("--on <range>", "each of these nodes at once: node[1:4]")
        .addOption(new Option("--node <name>", "this node instead of the active manager").conflicts("on"))
        .addOption(stackOption())
        .passThroughOptions()
        .addHelpText(
            "after",
            "\nExit status: docker's own; with --on, the highest.\n\n" +
                "Examples:\n  swarm docker service ls\n  swarm docker --on 'node[1:4]' system df\n" +
                "  swarm docker --node node3 run --rm -it busybox sh",
        )
        .action(
            run(async (signal, words: string[], options: Options) => {
                const args = words[0] === "--" ? words.slice(1) : words;
                const [{ openAccess }, client, { pickNode, pickNodes }] = await Promise.all([
                    import("../access.ts"),
                    import("../dockerClient.ts"),
                    import("../nodeRange.ts"),
                ]);
                const access = await openAccess({ stack: options.stack, signal });
                const { nodes } = access.state;
                if (options.on === undefined) {
                    const { activeNode } = await import("../managers.ts");
                    const node = options.node
                        ? pickNode(nodes, options.node)
                        : await activeNode(access, signal);
                    return await client.dockerHere(access, node, args);
                }
                const picked = pickNodes(nodes, [options.on]);
                const width = Math.max(...picked.map(({ name }) => name.length));
                // All of them, however many: what goes on until Ctrl-C would keep the rest waiting for ever.
                const statuses = await Promise.all(
                    picked.map((node) => client.dockerPrefixed(access, node, args, { width, signal })),
                );
                return Math.max(0, ...statuses);
            }),
        );
}
