import { CloudError } from "../cloud.ts";

/** Exit statuses of the `swarm` command, for scripts. A command run on a node ends with that command's own. */
export const EXIT = {
    ok: 0,
    /** The answer is no: degraded, checks that failed, orphans found, a command that did not do its work. */
    no: 1,
    /** No quorum, or no manager could be reached, or the cloud could not be asked. */
    unreachable: 2,
    /** With `swarm plan --exit-code`: there is something to do. */
    changes: 2,
    /** The stack's state cannot be read, or there is nothing up. */
    state: 3,
    /** The command line is wrong: an unknown command, option, name or range. */
    usage: 64,
} as const;

/** What a person is told instead of a stack trace: one line that says what to do next. */
export class CliError extends Error {
    override readonly name = "CliError";
    readonly status: number;

    constructor(message: string, status: number = EXIT.no) {
        super(message);
        this.status = status;
    }
}

/** The error as a value, where it is a finding and not an end. */
export async function attempt<T>(work: Promise<T>): Promise<T | Error> {
    try {
        return await work;
    } catch (error) {
        if (error instanceof CliError || error instanceof CloudError) return error;
        throw error;
    }
}
