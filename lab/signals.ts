import { writeSync } from "node:fs";

/** The child that the person's signals are meant for, while there is one. */
let current: { kill(signal: NodeJS.Signals): boolean } | undefined;

/**
 * Runs `work` while signals are the child's affair: a Ctrl-C reaches it from the terminal by itself, and
 * a TERM sent to this process alone is passed on as the INT that Pulumi takes as a wish to stop cleanly.
 */
export async function leaveSignalsTo<T>(
    child: { kill(signal: NodeJS.Signals): boolean },
    work: () => Promise<T>,
): Promise<T> {
    current = child;
    try {
        return await work();
    } finally {
        current = undefined;
    }
}

/** From now on a signal ends this command with the usual status, unless a child has it. */
export function endOnSignals(): void {
    for (const [signal, status] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
        ["SIGHUP", 129],
    ] as const) {
        process.on(signal, () => {
            if (current !== undefined) {
                if (signal !== "SIGINT") current.kill("SIGINT");
                return;
            }
            // Straight to the terminal: what is drawn holds back the streams, and hides the cursor.
            if (process.stdout.isTTY) writeSync(1, "\u001b[?25h");
            writeSync(2, '\nInterrupted. What was made so far stays; "make down" removes it.\n');
            process.exit(status);
        });
    }
}
