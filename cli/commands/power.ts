import { Argument, type Command } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly yes?: boolean;
}

export function power(program: Command): void {
    program
        .command("power")
        .summary("the droplet of a node switched on or off")
        .description(
            "Switches a node's droplet on, or shuts it down, and waits until the cloud says so. One that is off is billed all " +
                "the same. Its tasks run elsewhere meanwhile; those of a manager count as a loss for the quorum.",
        )
        .addArgument(new Argument("<state>", "what it is to be").choices(["on", "off"]))
        .argument("<name>", "the node")
        .option("--yes", "off without the question")
        .addOption(stackOption())
        .addHelpText("after", "\nExamples:\n  swarm power off node3\n  swarm power on node3")
        .action(
            run(async (signal, state: "on" | "off", name: string, options: Options) => {
                const [{ loadStack, openCloud }, { pickNode }, { switchDroplet }] = await Promise.all([
                    import("../stack.ts"),
                    import("../nodeRange.ts"),
                    import("../power.ts"),
                ]);
                const choice = { stack: options.stack, signal };
                const node = pickNode((await loadStack(choice)).nodes, name);
                const cloud = await openCloud(choice);
                if (state === "off" && !options.yes) {
                    const { confirmed } = await import("../confirm.ts");
                    if (!(await confirmed(`Shut down ${node.name} (droplet ${node.dropletId})?`, signal)))
                        return EXIT.no;
                }
                await switchDroplet(cloud, node, state, { signal });
                process.stderr.write(`${node.name} (droplet ${node.dropletId}) is ${state}\n`);
                return EXIT.ok;
            }),
        );
}
