import { type Command, Option } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly node?: string;
    readonly use?: boolean;
    readonly remove?: boolean;
    readonly sshConfig?: string;
}

export function context(program: Command): void {
    program
        .command("context")
        .summary("a Docker context for the cluster")
        .description(
            "Makes a Docker context named after the stack, or leads it to another node. Docker's contexts of this kind go " +
                "through ssh, which has to know the nodes: a line at the top of ~/.ssh/config includes a file with them " +
                "and their pinned host keys. --remove takes both away. A context of that name that is not the stack's is left alone.",
        )
        .option("--node <name>", "this node instead of the active manager")
        .option("--use", "make it docker's current context, too")
        .addOption(new Option("--remove", "take context and line away").conflicts(["node", "use"]))
        .option("--ssh-config <file>", "the ssh config to put the line in, instead of ~/.ssh/config")
        .addOption(stackOption())
        .addHelpText(
            "after",
            "\nExamples:\n  swarm context --use && docker service ls\n  swarm context --node node2\n  swarm context --remove",
        )
        .action(
            run(async (signal, options: Options) => {
                const contexts = await import("../dockerContext.ts");
                const choice = { stack: options.stack, signal };
                const [{ backendMark }, { backendUrl }] = await Promise.all([
                    import("../access.ts"),
                    import("../pulumi.ts"),
                ]);
                const mark = backendMark(await backendUrl(signal));
                const sshConfig = options.sshConfig ?? contexts.ownSshConfig();
                if (options.remove) {
                    const { loadStack } = await import("../stack.ts");
                    const { names } = await loadStack(choice);
                    const had = await contexts.removeContext({ name: names.stack, mark }, sshConfig);
                    process.stderr.write(
                        had
                            ? `removed the context ${names.stack}\n`
                            : `there was no context ${names.stack}\n`,
                    );
                    return EXIT.ok;
                }
                const [{ openAccess }, { dockerUrl }, { activeManager }, { pickNode }] = await Promise.all([
                    import("../access.ts"),
                    import("../dockerClient.ts"),
                    import("../managers.ts"),
                    import("../nodeRange.ts"),
                ]);
                const access = await openAccess(choice);
                const node =
                    options.node === undefined
                        ? await activeManager(access, signal)
                        : pickNode(access.state.nodes, options.node);
                const name = access.state.names.stack;
                const url = dockerUrl(access, node);
                const made = await contexts.setContext({
                    name,
                    mark,
                    url,
                    hosts: access.files.hosts,
                    sshConfig,
                });
                if (options.use) await contexts.useContext(name);
                process.stderr.write(
                    `the context ${name} ${made ? "leads" : "now leads"} to ${node.name} (${url}); ${sshConfig} includes its nodes\n`,
                );
                return EXIT.ok;
            }),
        );
}
