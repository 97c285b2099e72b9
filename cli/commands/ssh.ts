import { openAccess } from "../access.ts";
import { CliError, EXIT } from "../errors.ts";
import { pickNode } from "../nodeRange.ts";
import { behind, define, type Verb } from "../options.ts";
import { login } from "../ssh.ts";

export default (program: Verb) =>
    define(program, "ssh", {
        summary: "a shell or a command on a node",
        description:
            "Logs in to a node with the stack's key, and only if it shows the host key that the stack gave it. A single " +
            "word after -- is a line for the shell there; several are a command and its arguments, as they are.",
        more: "Exit status: that of the command; 2 when the login fails.",
        examples: [
            "swarm ssh node1",
            "swarm ssh node1 -- df -h /",
            "swarm ssh node1 -- 'docker ps -q | wc -l'",
        ],
    })
        .argument("<node>", "the node; options come before it")
        .argument("[command...]", "what to run there; a shell if left out")
        .passThroughOptions()
        .does(async (choice, name: string, words: string[]) => {
            const text =
                `"${words[0]}" behind the name would be sent to the node: options come before the name, and a ` +
                "command that begins with a dash after --";
            if (words[0]?.startsWith("-") && words[0] !== "--") throw new CliError(text, EXIT.usage);
            const access = await openAccess(choice);
            return await login(access, pickNode(access.state.nodes, name), behind(words));
        });
