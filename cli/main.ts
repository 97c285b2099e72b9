import { CommanderError } from "commander";
import { CliError, EXIT } from "./errors.ts";
import { makeProgram } from "./program.ts";
import { interruptedStatus, listenForSignals } from "./signals.ts";

async function main(): Promise<void> {
    listenForSignals();
    const words = process.argv.slice(2);
    try {
        // What the shells' completion calls: the words of a command line that is not finished.
        if (words[0] === "complete" && words[1] === "--") {
            await (await import("./completion.ts")).complete(words.slice(2));
            return;
        }
        // The command, wherever it stands among options; one word of those begins with dashes.
        const verb = words.findIndex(
            (word, at) =>
                !/^(-s|--stack)$/.test(words[at - 1] ?? "") &&
                (!word.startsWith("-") || word === "--version"),
        );
        if (words[verb] === "--version") words[verb] = "version";
        await (await makeProgram(words[verb])).parseAsync(words, { from: "user" });
    } catch (error) {
        process.exitCode = statusOf(error);
    }
    process.exitCode = interruptedStatus() ?? process.exitCode;
}

/** Says what went wrong, where it has not been said, and gives the exit status. */
function statusOf(error: unknown): number {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (interruptedStatus() !== undefined) return EXIT.no;
    if (error instanceof CliError || (error instanceof Error && error.name === "CloudError")) {
        process.stderr.write(`swarm: ${error.message}\n`);
        return error instanceof CliError ? error.status : EXIT.unreachable;
    }
    // A mistake of the command's own keeps its stack.
    console.error(error);
    return EXIT.no;
}

// A reader such as `head` that has had enough is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
});

await main();
