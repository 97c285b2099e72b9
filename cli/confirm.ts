import { CliError, EXIT } from "./errors.ts";

/**
 * Asks on the terminal; anything but "y" or "yes" is a no, and Ctrl-C a signal.
 *
 * @throws CliError Without a terminal to ask on.
 */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
    return /^y(es)?$/i.test(await answered(`${question} [y/N] `, "Say --yes to do it unasked", signal));
}

/** Whether a person types exactly this; nothing stands for it. @throws CliError Without a terminal to type on. */
export async function typed(question: string, wanted: string, signal: AbortSignal): Promise<boolean> {
    return (await answered(`${question} `, "--yes does not stand for it", signal)) === wanted;
}

async function answered(question: string, otherwise: string, signal: AbortSignal): Promise<string> {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
        throw new CliError(
            `there is no terminal to ask on: ${question.replace("[y/N] ", "")}${otherwise}`,
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
        return (await Promise.race([nothing, prompt.question(question, { signal })])).trim();
    } finally {
        prompt.close();
    }
}
