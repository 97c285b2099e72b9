import { openAccess } from "../access.ts";
import { requireImage, sendImage } from "../dockerClient.ts";
import { attempt, EXIT } from "../errors.ts";
import { pickNodes } from "../nodeRange.ts";
import { define, type Verb } from "../options.ts";
import { atMost } from "../parallel.ts";

export default (program: Verb) =>
    define(program, "push", {
        summary: "an image of this machine onto the nodes, without a registry",
        description:
            "Sends an image of this machine's docker to the nodes over SSH. A service with it starts wherever it was sent " +
            "to; a node that comes later has to be sent it before it can run one. A node that takes nothing on for five " +
            "minutes is given up.",
        more: "Exit status: 1 when a node has not got it.",
        examples: ["docker build -t api:7 . && swarm push api:7"],
    })
        .argument("<image>", "the image, as docker here calls it; with a tag of its own for each build")
        .option("--on <nodes>", "to these nodes alone: node[1:4]")
        .does(async (choice, image: string, { on }: { readonly on?: string }) => {
            const access = await openAccess(choice);
            const { nodes } = access.state;
            const picked = on === undefined ? nodes : pickNodes(nodes, [on]);
            await requireImage(image, choice.signal);
            const ends = await atMost(4, picked, async (node) => {
                const failure = await attempt(sendImage(access, node, image, choice.signal));
                process.stderr.write(`${node.name}: ${failure ? failure.message : `has ${image}`}\n`);
                return failure;
            });
            return ends.some(Boolean) ? EXIT.no : EXIT.ok;
        });
