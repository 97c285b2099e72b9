import { CliError, EXIT } from "./errors.ts";

/**
 * Asks on the terminal; anything but "y" or "yes" is a no, and Ctrl-C a signal.
 *
 * @throws CliError Without a terminal to ask on.
 */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
        throw new CliError(
            `there is no terminal to ask on: ${question} Say --yes to do it unasked`,
            EXIT.usage,
        );
    }
    const { createInterface } = await import("node:readline/promises");
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    // While readline has the terminal, Ctrl-C is a key like any other; for the rest of the command it is a signal.
    prompt.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    // Ctrl-D ends the typing, and nobody has said yes.
    const nothing = new Promise<string>((resolve) => prompt.once("close", () => resolve("")));
    try {
        const answer = prompt.question(`${question} [y/N] `, { signal });
        return /^y(es)?$/i.test((await Promise.race([nothing, answer])).trim());
    } finally {
        prompt.close();
    }
}
