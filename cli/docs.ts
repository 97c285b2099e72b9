/**
 * Writes what docs/cli.md has below the heading "Commands", from the definitions that --help prints.
 *
 * usage: node cli/docs.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { makeProgram } from "./program.ts";

export const docsFile = path.join(import.meta.dirname, "..", "docs", "cli.md");

const HEADING = "\n## Commands\n";

/** The page with its commands as they are now; what stands above them stays. */
export async function docsText(page: string): Promise<string> {
    const above = page.slice(0, page.indexOf(HEADING) + HEADING.length);
    const program = await makeProgram();
    // As wide as the page's own code blocks.
    const help = (command: Command) => {
        const parts: string[] = [];
        const writeOut = (part: string) => void parts.push(part);
        command.configureHelp({ helpWidth: 100 }).configureOutput({ getOutHasColors: () => false, writeOut });
        command.outputHelp();
        return parts.join("").trimEnd();
    };
    const sections = program.commands.map(
        (command) => `### swarm ${command.name()}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`,
    );
    const list = program.commands.map(
        (command) => `| [\`swarm ${command.name()}\`](#swarm-${command.name()}) | ${command.summary()} |`,
    );
    return `${above}\n| command | does |\n| --- | --- |\n${list.join("\n")}\n\n${sections.join("\n")}`;
}

if (import.meta.main) writeFileSync(docsFile, await docsText(readFileSync(docsFile, "utf8")));
