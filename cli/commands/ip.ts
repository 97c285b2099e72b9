import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { type JsonOption, json, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {
    readonly private?: boolean;
}

export function ip(program: Command): void {
    program
        .command("ip")
        .summary("the address of a node")
        .description("Prints the public IPv4 addresses of nodes, one a line, in the order of the names.")
        .argument("<name...>", "names and ranges of nodes: node1, node[2:4]")
        .option("-p, --private", "the addresses in the VPC instead")
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExamples:\n  swarm ip node1\n  swarm ip 'node[2:4]'\n  ping $(swarm ip node1)",
        )
        .action(
            run(async (signal, names: string[], options: Options) => {
                const [{ loadStack }, { upOrThrow }, { pickNodes }] = await Promise.all([
                    import("../stack.ts"),
                    import("../stackState.ts"),
                    import("../nodeRange.ts"),
                ]);
                const { nodes } = upOrThrow(await loadStack({ stack: options.stack, signal }));
                const picked = pickNodes(nodes, names);
                process.stdout.write(
                    options.json
                        ? json({
                              nodes: picked.map(({ name, publicIp, privateIp }) => ({
                                  name,
                                  publicIp,
                                  privateIp,
                              })),
                          })
                        : picked
                              .map((node) => `${options.private ? node.privateIp : node.publicIp}\n`)
                              .join(""),
                );
                return EXIT.ok;
            }),
        );
}
