/**
 * Something that the person at the terminal can act on: printed as its message alone, without a stack.
 * The message says what was wanted, what was found instead and what to do.
 */
export class LabError extends Error {
    override readonly name = "LabError";
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
