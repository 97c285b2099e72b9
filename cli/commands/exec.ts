import { openAccess } from "../access.ts";
import { dockerHere } from "../dockerClient.ts";
import { behind, define, type Verb } from "../options.ts";
import { onManager, placeOf, WHICH_TASK } from "../places.ts";

export default (program: Verb) =>
    define(program, "exec", {
        summary: "a command in a task of a service, wherever it runs",
        description:
            "Runs a command in the container of a task, on the node that has it: with a terminal where there is one here.",
        more: "Exit status: that of the command; 1 when no such task runs.",
        examples: ["swarm exec nginx", "swarm exec nginx.2 -- nginx -T"],
    })
        .argument("<service>", WHICH_TASK)
        .argument("[command...]", "what to run there; sh if left out")
        .passThroughOptions()
        .does(async (choice, task: string, words: string[]) => {
            const access = await openAccess(choice);
            const { node, container } = await onManager(access, choice.signal, (api) =>
                placeOf(api, access, task),
            );
            const flags = process.stdin.isTTY && process.stdout.isTTY ? "-it" : "-i";
            const command = behind(words);
            return await dockerHere(access, node, [
                "exec",
                flags,
                container,
                ...(command.length > 0 ? command : ["sh"]),
            ]);
        });
