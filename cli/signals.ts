/** Ctrl-C and its like: everything under way is told to end, and the command ends with 128 + the signal's number. */
const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

const controller = new AbortController();
let status: number | undefined;

/** Aborted as soon as a signal has come. Every wait and every child process listens to it. */
export const interrupted: AbortSignal = controller.signal;

/** The exit status to end with, once a signal has come. */
export function interruptedStatus(): number | undefined {
    return status;
}

export function listenForSignals(): void {
    for (const [name, number] of Object.entries(NUMBERS)) {
        process.on(name, () => {
            status ??= 128 + number;
            controller.abort();
        });
    }
}
