import { pickNodes } from "../nodeRange.ts";
import { define, type Verb } from "../options.ts";
import { pulumiHere } from "../pulumi.ts";
import { loadStack } from "../stack.ts";
import { upOrThrow } from "../stackState.ts";

export default (program: Verb) =>
    define(program, "replace", {
        summary: "a node made anew: another droplet of the same name",
        description:
            "Runs the up that makes a node's droplet anew, after Pulumi's preview and question: the new one joins first, then " +
            "the old one is emptied and removed. What swarm plan says of it: swarm plan -- --replace '**:Droplet::node3'.",
        more: "Exit status: that of pulumi.",
        examples: ["swarm replace node3"],
    })
        .argument("<nodes...>", "names and ranges of nodes: node3, node[2:3]")
        .option("--yes", "without the question")
        .does(async (choice, words: string[], { yes }: { readonly yes?: boolean }) => {
            const nodes = pickNodes(upOrThrow(await loadStack(choice)).nodes, words);
            const which = nodes.flatMap(({ name }) => ["--replace", `**:Droplet::${name}`]);
            return await pulumiHere(["up", ...which, ...(yes ? ["--yes"] : [])], choice.stack);
        });
