import type { Command } from "commander";
import { attempt, EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly on?: string;
}

export function push(program: Command): void {
    program
        .command("push")
        .summary("an image of this machine onto the nodes, without a registry")
        .description(
            "Sends an image of this machine's docker to the nodes over SSH. A service with it starts wherever it was sent " +
                "to; a node that comes later has to be sent it before it can run one.",
        )
        .argument("<image>", "the image, as docker here calls it; with a tag of its own for each build")
        .option("--on <range>", "to these nodes alone: node[1:4]")
        .addOption(stackOption())
        .addHelpText(
            "after",
            "\nExit status: 1 when a node has not got it.\n\nExample:\n  docker build -t api:7 . && swarm push api:7",
        )
        .action(
            run(async (signal, image: string, options: Options) => {
                const [{ openAccess }, { pickNodes }, { requireImage, sendImage }, { atMost }] =
                    await Promise.all([
                        import("../access.ts"),
                        import("../nodeRange.ts"),
                        import("../dockerClient.ts"),
                        import("../parallel.ts"),
                    ]);
                const access = await openAccess({ stack: options.stack, signal });
                const { nodes } = access.state;
                const picked = options.on === undefined ? nodes : pickNodes(nodes, [options.on]);
                await requireImage(image, signal);
                const failures = await atMost(4, picked, async (node) => {
                    const sent = await attempt(sendImage(access, node, image, signal));
                    signal.throwIfAborted();
                    const why = sent instanceof Error ? sent.message : sent;
                    process.stderr.write(`${node.name}: ${why ?? `has ${image}`}\n`);
                    return why;
                });
                return failures.some((why) => why !== undefined) ? EXIT.no : EXIT.ok;
            }),
        );
}
