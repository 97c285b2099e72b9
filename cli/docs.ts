/**
 * Writes docs/cli.md from the definitions that --help prints.
 *
 * usage: node cli/docs.ts
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { makeProgram } from "./program.ts";

export const docsFile = path.join(import.meta.dirname, "..", "docs", "cli.md");

const INTRODUCTION = `# The \`swarm\` command

Hands on the running cluster of a stack, for whoever made it and for whoever has access to the stack's state.
\`npx swarm\` in a checkout; \`make shell\` opens a shell with it on \`PATH\`. This page is written from the definitions
that \`--help\` prints: \`node cli/docs.ts\`.

## Where its answers come from

| from | what | how |
| --- | --- | --- |
| the stack's state | nodes, addresses, host keys, names | \`pulumi stack export\`, in which secrets stay encrypted |
| the stack's secrets | the key that logs in | \`pulumi stack output\`, or \`export\` where no \`up\` has gone through yet; once, and again when the key is another |
| | what the config keeps secret of services, for \`status\`, \`wait\`, \`ls\` and \`doctor\` to compare; where it cannot be read, that is said | \`pulumi stack export --show-secrets\`; kept nowhere |
| the cluster | members, services, tasks, certificates, logs | Docker's API through the system's \`ssh\`, on the first manager that answers |
| the cloud | droplets, tags, prices, firewalls | DigitalOcean's API |

The state is read with whatever \`pulumi\` is logged in to. Only commands that log in to nodes need the passphrase, and
only \`ls\`, \`status\`, \`orphans\` and \`doctor\` a token. \`plan\` reads a preview, its own or a given one, and asks the
API for prices where it can: [plan.md](plan.md).

It keeps nothing of its own but files that are written from the state and rewritten when that changes, in
\`.swarm/<stack>-<mark of the backend>/\` of the checkout: ssh's config, the pinned host keys, and the key that logs in.
They have mode 0600, the folder 0700, and git ignores it. They are there, and not in a folder of the person's, so that
they go when the checkout goes, and so that two checkouts do not write over each other's; the mark keeps two stacks of
one name in two backends apart. Deleting the folder costs half a second on the next call.

Host keys come from the state, where the program put them before the node existed. Nothing is ever learnt on first
contact; a wrong one ends the command.

## Time

\`swarm ip\` costs what \`pulumi stack export\` costs, and about 0.1 s: 0.35 s in the lab, of which 0.28 s is Pulumi. One
more login is 0.3 s or so, on an idle machine.

## Exit status

| status | meaning |
| --- | --- |
| 0 | done; healthy |
| 1 | not done; degraded; a check failed; there are orphans; the preview failed |
| 2 | no quorum, or no manager reached; a login failed |
| 3 | the state or a preview cannot be read, or the stack is not up |
| 64 | wrong usage: a command, option, name or range that there is none of |
| 130 | Ctrl-C |

\`swarm docker\` and \`swarm ssh\` end with the status of what they ran.

## Variables

| variable | meaning |
| --- | --- |
| \`PULUMI_STACK\`, \`PULUMI_BACKEND_URL\`, \`PULUMI_CONFIG_PASSPHRASE\`, \`PULUMI_CONFIG_PASSPHRASE_FILE\` | as Pulumi reads them |
| \`DIGITALOCEAN_TOKEN\`, \`DIGITALOCEAN_API_URL\` | as the program reads them |
| \`SWARM_NODE\` | the node that \`swarm docker\` goes to; set by \`swarm env --node\` |
| \`NO_COLOR\` | no colours |

## Commands
`;

/** The whole page. */
export function docsText(): string {
    const program = makeProgram();
    // As wide as the page's own code blocks.
    const help = (command: Command) => {
        command.configureHelp({ helpWidth: 100 }).configureOutput({ getOutHasColors: () => false });
        let text = "";
        command.configureOutput({
            writeOut: (part) => {
                text += part;
            },
        });
        command.outputHelp();
        return text.trimEnd();
    };
    const sections = program.commands.map(
        (command) => `### swarm ${command.name()}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`,
    );
    const list = program.commands.map(
        (command) => `| [\`swarm ${command.name()}\`](#swarm-${command.name()}) | ${command.summary()} |`,
    );
    return `${INTRODUCTION}\n| command | does |\n| --- | --- |\n${list.join("\n")}\n\n${sections.join("\n")}`;
}

if (import.meta.main) writeFileSync(docsFile, docsText());
