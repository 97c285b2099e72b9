/** What the commands have in common: options, and how their end becomes an exit status. */
import { Option } from "commander";
import { interrupted } from "./signals.ts";

export interface StackOption {
    readonly stack?: string;
}

export interface JsonOption {
    readonly json?: boolean;
}

export const stackOption = () =>
    new Option("-s, --stack <name>", "the stack; default the one that `pulumi stack select` chose");

export const jsonOption = () => new Option("--json", "print JSON instead of text");

/** Runs a command's work; what it returns is the exit status. */
export function run<A extends unknown[]>(
    work: (signal: AbortSignal, ...args: A) => Promise<number>,
): (...args: A) => Promise<void> {
    return async (...args) => {
        process.exitCode = await work(interrupted, ...args);
    };
}

/** Two blanks, as the tables' readers are used to from `docker ... --format json`. */
export function json(value: unknown): string {
    return `${JSON.stringify(value, undefined, 2)}\n`;
}
