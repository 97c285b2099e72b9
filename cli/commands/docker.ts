import { Option } from "commander";
import { openAccess } from "../access.ts";
import { dockerHere, dockerLines } from "../dockerClient.ts";
import { activeNode } from "../managers.ts";
import { pickNode, pickNodes } from "../nodeRange.ts";
import { behind, define, type Verb } from "../options.ts";
import { paint } from "../table.ts";

interface Options {
    readonly on?: string;
    readonly node?: string;
}

export default (program: Verb) =>
    define(program, "docker", {
        summary: "any docker command on a manager, or on each node of a range",
        description:
            "Runs docker for the active manager: the first one that answers, or the node that `swarm env --node` chose. " +
            "With --on, for each node of a range at once, each line with its node in front. The docker client of this " +
            "machine is used where there is one, so that it finds this machine's files; otherwise the node's own.",
        more: "Exit status: docker's own; with --on, the highest.",
        examples: [
            "swarm docker service ls",
            "swarm docker --on 'node[1:4]' system df",
            "swarm docker --node node3 run --rm -it busybox sh",
        ],
    })
        .argument("<args...>", "what docker is to do; options of this command come before it")
        .option("--on <nodes>", "each of these nodes at once: node[1:4]")
        .addOption(new Option("--node <node>", "this node instead of the active manager").conflicts("on"))
        .passThroughOptions()
        .does(async (choice, words: string[], { on, node }: Options) => {
            const args = behind(words);
            const access = await openAccess(choice);
            const { nodes } = access.state;
            if (on === undefined) {
                const target = node ? pickNode(nodes, node) : await activeNode(access, choice.signal);
                return await dockerHere(access, target, args);
            }
            const picked = pickNodes(nodes, [on]);
            const width = Math.max(...picked.map(({ name }) => name.length));
            // All of them, however many: what goes on until Ctrl-C would keep the rest waiting for ever.
            const statuses = picked.map((node) =>
                dockerLines(
                    access,
                    node,
                    args,
                    choice.signal,
                    (stream) => `${paint("cyan", node.name.padEnd(width), stream)} | `,
                ),
            );
            return Math.max(0, ...(await Promise.all(statuses)));
        });
