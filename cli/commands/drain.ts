import { type Access, openAccess } from "../access.ts";
import { dockerQuiet } from "../dockerClient.ts";
import { CliError } from "../errors.ts";
import { activeManager } from "../managers.ts";
import { pickNode } from "../nodeRange.ts";
import { type Choice, define, type Verb } from "../options.ts";
import type { StackNode } from "../stackState.ts";
import { wantedIn } from "../wanted.ts";

/** `drain` and `activate`: one thing and its opposite. */
export default (program: Verb) => {
    define(program, "drain", {
        summary: "a node without tasks, for work on it",
        description:
            "Moves a node's tasks elsewhere and keeps new ones away, until swarm activate, or the next up, which opens it again. " +
            "status says that it was drained on purpose, and does not call the cluster degraded for it.",
        examples: ["swarm drain node3"],
    })
        .argument("<node>", "the node")
        .does(async (choice, word: string) => {
            const access = await openAccess(choice);
            const node = pickNode(access.state.nodes, word);
            await update(access, node, "drain", choice);
            process.stderr.write(
                `${node.name} takes no tasks any more; those that it has move elsewhere. Open it again: cli/bin/swarm activate ${node.name}; the next pulumi up does so, too\n`,
            );
        });
    define(program, "activate", {
        summary: "a drained node open to tasks again",
        description:
            "Lets a node take tasks again. Those that moved away stay where they are. A manager that the config has take no " +
            "tasks is not opened: the next up would drain it again.",
        examples: ["swarm activate node3"],
    })
        .argument("<node>", "the node")
        .does(async (choice, word: string) => {
            const access = await openAccess(choice);
            const node = pickNode(access.state.nodes, word);
            const { members } = wantedIn(access.state, undefined).swarm;
            if (members.find(({ name }) => name === node.name)?.availability === "drain")
                throw new CliError(
                    `${node.name} is a manager, and the config has those take no tasks; to open them: ` +
                        "pulumi config set swarm:managerAvailability active, then pulumi up",
                );
            await update(access, node, "active", choice);
            process.stderr.write(`${node.name} takes tasks again\n`);
        });
};

async function update(access: Access, node: StackNode, availability: string, { signal }: Choice) {
    const manager = await activeManager(access, signal);
    const label = `swarm.drained=${availability === "drain" ? "yes" : "no"}`;
    const flags = ["--availability", availability, "--label-add", label];
    await dockerQuiet(access, manager, ["node", "update", ...flags, node.nodeId ?? node.name], signal);
}
