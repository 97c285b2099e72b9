/** What the commands have in common: options, how their end becomes an exit status, and how they print. */
import { Option } from "commander";
import { interrupted } from "./signals.ts";
import { yamlText } from "./yaml.ts";

export interface StackOption {
    readonly stack?: string;
}

export interface JsonOption {
    readonly json?: boolean;
}

/** Of commands that print tables. */
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

/** Runs a command's work; what it returns is the exit status. */
export function run<A extends unknown[]>(
    work: (signal: AbortSignal, ...args: A) => Promise<number>,
): (...args: A) => Promise<void> {
    return async (...args) => {
        process.exitCode = await work(interrupted, ...args);
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
    process.stdout.write(
        format === "json"
            ? json(value)
            : format === "yaml"
              ? yamlText(versioned(value))
              : text(format === "wide"),
    );
}
