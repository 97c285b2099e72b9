import { pickNodes } from "../nodeRange.ts";
import { define, type JsonOption, json, jsonOption, type Verb } from "../options.ts";
import { loadStack } from "../stack.ts";
import { upOrThrow } from "../stackState.ts";

interface Options extends JsonOption {
    readonly private?: boolean;
}

export default (program: Verb) =>
    define(program, "ip", {
        summary: "the address of a node",
        description: "Prints the public IPv4 addresses of nodes, one a line, in the order of the names.",
        examples: ["swarm ip node1", "swarm ip 'node[2:4]'", "ping $(swarm ip node1)"],
    })
        .argument("<nodes...>", "names and ranges of nodes: node1, node[2:4]")
        .option("-p, --private", "the addresses in the VPC instead")
        .addOption(jsonOption())
        .does(async (choice, names: string[], options: Options) => {
            const nodes = pickNodes(upOrThrow(await loadStack(choice)).nodes, names).map(
                ({ name, publicIp, privateIp }) => ({ name, publicIp, privateIp }),
            );
            const lines = nodes.map((node) => `${options.private ? node.privateIp : node.publicIp}\n`);
            process.stdout.write(options.json ? json({ nodes }) : lines.join(""));
        });
