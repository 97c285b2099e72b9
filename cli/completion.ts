/** What a shell may complete: commands and options from their definitions, names from the stack's state. */
import tab, { type RootCommand } from "@bomb.sh/tab";
import fromCommander from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import { compressNames } from "../model/names.ts";
import { makeProgram } from "./program.ts";
import { loadStack } from "./stack.ts";

export interface Names {
    readonly nodes: readonly string[];
    readonly services: readonly string[];
}

/** What may stand for an argument, or behind an option, of this name. */
const KINDS: Readonly<Record<string, keyof Names>> = {
    node: "nodes",
    nodes: "nodes",
    service: "services",
    services: "services",
    "service=n": "services",
};

/** Prints the completions of a command line, a line each, as the script for the shell reads them. */
export async function complete(words: readonly string[]): Promise<void> {
    const program = await makeProgram();
    const command = program.commands.find((command) => command.name() === words[0]);
    const wanted = command && places(command).length > 0;
    completions(program, wanted ? await namesOf(words) : { nodes: [], services: [] }).parse([...words]);
}

/** Where a name of a node or a service may stand, by the names in the definitions. */
function places(command: Command) {
    const named = command.registeredArguments.map((one) => ["arguments", one.name(), one.name()] as const);
    const valued = command.options.map(
        ({ flags, long }) => ["options", long?.slice(2) ?? "", /<(.*)>$/.exec(flags)?.[1] ?? ""] as const,
    );
    return [...named, ...valued].flatMap(([where, name, value]) => {
        const kind = KINDS[value];
        return kind ? [{ where, name, kind }] : [];
    });
}

/** What macOS' bash 3.2 has not, and bash without the package bash-completion. */
const BASH_LACKS = `type compopt >/dev/null 2>&1 || compopt() { :; }
type _get_comp_words_by_ref >/dev/null 2>&1 || _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
}
`;

/** The shell's script, which may be sourced again. */
export function scriptFor(shell: "bash" | "zsh" | "fish"): string {
    const { log } = console;
    let script = "";
    // The library has no other way out for it.
    console.log = (text: string) => {
        script += `${text}\n`;
    };
    try {
        tab.setup("swarm", "swarm", shell);
    } finally {
        console.log = log;
    }
    return shell === "bash" ? BASH_LACKS + script.replaceAll(/^readonly /gm, "") : script;
}

function completions(program: Command, names: Names): RootCommand {
    // A line of a menu has no room for more.
    for (const command of program.commands) command.description(command.summary());
    const root = fromCommander(program);
    for (const command of program.commands)
        for (const { where, name, kind } of places(command)) {
            const place = root.commands.get(command.name())?.[where].get(name);
            if (!place) throw new Error(`swarm ${command.name()} has no ${name} among its ${where}`);
            place.handler = (add: (value: string, description: string) => void) => {
                for (const value of names[kind]) add(name.endsWith("=n") ? `${value}=` : value, "");
            };
        }
    return root;
}

/** A shell that completes has no place for an error: without a state there are no names. */
async function namesOf(words: readonly string[]): Promise<Names> {
    const option = words.findIndex((word) => word === "--stack" || word === "-s");
    try {
        const { nodes, services } = await loadStack({ stack: option < 0 ? undefined : words[option + 1] });
        const names = nodes.map(({ name }) => name);
        // The ranges, too, that the short way of writing all of them has.
        const ranges = compressNames(names)
            .split(",")
            .filter((text) => text.includes("["));
        return { nodes: [...names, ...ranges], services };
    } catch {
        return { nodes: [], services: [] };
    }
}
