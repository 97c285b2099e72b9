import { type Command, Option } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption {
    readonly node?: string;
    readonly shell?: "sh" | "fish";
    readonly unset?: boolean;
}

export function env(program: Command): void {
    program
        .command("env")
        .summary("lines that lead this shell's docker to the cluster")
        .description(
            "Prints lines for eval after which a plain docker talks to the active manager over SSH, with pinned host " +
                "keys. docker runs ssh, and cannot be told of a config; so a folder with an ssh that reads the right one " +
                "comes first on PATH. Other hosts are reached as before.",
        )
        .option("--node <name>", "this node instead of the active manager; swarm docker follows it, too")
        .addOption(new Option("--shell <shell>", "whose lines; default by $SHELL").choices(["sh", "fish"]))
        .option("--unset", "lines that take it back")
        .addOption(stackOption())
        .addHelpText(
            "after",
            '\nExamples:\n  eval "$(swarm env)" && docker service ls\n  eval "$(swarm env --node node3)" && docker ps\n' +
                '  eval "$(swarm env --unset)"\n  swarm env --shell fish | source',
        )
        .action(
            run(async (signal, options: Options) => {
                const text = await import("../dockerEnv.ts");
                const shell = options.shell ?? text.shellOf(process.env.SHELL);
                if (options.unset) {
                    process.stdout.write(text.unsetText(shell));
                    return EXIT.ok;
                }
                const [{ openAccess }, client, { activeManager }, { pickNode }] = await Promise.all([
                    import("../access.ts"),
                    import("../dockerClient.ts"),
                    import("../managers.ts"),
                    import("../nodeRange.ts"),
                ]);
                const access = await openAccess({ stack: options.stack, signal });
                const node =
                    options.node === undefined
                        ? await activeManager(access, signal)
                        : pickNode(access.state.nodes, options.node);
                const environment = {
                    url: client.dockerUrl(access, node),
                    config: access.files.config,
                    wrapper: client.wrapperFolder,
                    node: options.node,
                    elsewhere: client.DOCKER_ELSEWHERE,
                };
                process.stdout.write(text.environmentText(environment, shell));
                return EXIT.ok;
            }),
        );
}
