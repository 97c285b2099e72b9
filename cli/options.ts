/** What the commands have in common: how they are defined, options, how their end becomes an exit status, and how they print. */
import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "./errors.ts";
import type { StackChoice } from "./pulumi.ts";
import { interrupted } from "./signals.ts";
import { yamlText } from "./yaml.ts";

export interface JsonOption {
    readonly json?: boolean;
}

export interface TableOption extends JsonOption {
    readonly output: "text" | "wide" | "yaml" | "json";
}

export const stackOption = () =>
    new Option("-s, --stack <name>", "the stack; default the one that `pulumi stack select` chose");

export const jsonOption = () => new Option("--json", "print JSON instead of text");

export const outputOption = () =>
    new Option("-o, --output <format>", "how to print it")
        .choices(["text", "wide", "yaml", "json"])
        .default("text");

export interface Help {
    /** Half a line, for the list of all commands. */
    readonly summary: string;
    readonly description: string;
    /** A paragraph below the options. */
    readonly more?: string;
    readonly examples?: readonly string[];
}

export interface Choice extends StackChoice {
    readonly signal: AbortSignal;
}

/** A command, and the program that has them. */
export class Verb extends Command {
    override createCommand(name?: string): Verb {
        return new Verb(name);
    }

    /** The command's work; what it returns is the exit status. */
    does<A extends unknown[]>(work: (choice: Choice, ...args: A) => Promise<number | undefined>): this {
        return this.action(async (...args: unknown[]) => {
            // Commander's own order: the arguments, the options, the command.
            const { stack } = args.at(-2) as StackChoice;
            const choice = { ...(stack !== undefined && { stack }), signal: interrupted };
            process.exitCode = (await work(choice, ...(args as A))) ?? EXIT.ok;
        });
    }
}

/** A command, with the option that all of them have but the one that prints scripts. */
export function define(program: Verb, name: string, { summary, description, more, examples }: Help): Verb {
    const shown = examples && [examples.length === 1 ? "Example:" : "Examples:", ...examples].join("\n  ");
    const parts = [more, shown].filter(Boolean);
    const command = program.command(name).summary(summary).description(description);
    if (name !== "completion") command.addOption(stackOption());
    return parts.length > 0 ? command.addHelpText("after", `\n${parts.join("\n\n")}`) : command;
}

/** What stands behind the arguments of the command: without the -- that may come first. */
export const behind = (words: readonly string[]) => (words[0] === "--" ? words.slice(1) : words);

export function wholeNumber(least: number, most: number): (text: string) => number {
    return (text) => {
        if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
        throw new InvalidArgumentError(`Allowed: a whole number from ${least} to ${most}.`);
    };
}

/** Raised when a field goes or means something else; new ones may come at any time. */
export const FORMAT_VERSION = 1;

const versioned = (value: object) => ({ format_version: FORMAT_VERSION, ...value });

/** Two blanks, as the tables' readers are used to from `docker ... --format json`. */
export function json(value: object): string {
    return `${JSON.stringify(versioned(value), undefined, 2)}\n`;
}

/** Prints to standard output what the options ask for. */
export function printed(options: TableOption, value: object, text: (wide: boolean) => string): void {
    const format = options.json ? "json" : options.output;
    if (format === "json") process.stdout.write(json(value));
    else process.stdout.write(format === "yaml" ? yamlText(versioned(value)) : text(format === "wide"));
}
