/** What the process of a test file says of its tests, and what the runner makes of it. */

export interface Counts {
    readonly passed: number;
    readonly failed: number;
}

/** What the process of a test file tells the runner: a test that begins, and at the end how all went. */
export type Message = { readonly begun: string } | { readonly ended: Tally };

export interface Tally extends Counts {
    /** How many tests have been seen to end, and how many there were by the process's own summary. */
    readonly seen: number;
    readonly reported: number;
}

/** How the process of a test file has ended. */
export interface End {
    readonly status: number | null;
    readonly signal: NodeJS.Signals | null;
    /** The limit, if it was over before the process had ended. */
    readonly limitMs: number | undefined;
    /** The test that began last. */
    readonly begun: string | undefined;
    /** None if it ended before its tests had. */
    readonly tally: Tally | undefined;
}

/** @returns the counts of a file, and what is wrong with it beside its tests; that counts as one that failed. */
export function judge(end: End): Counts & { readonly fault?: string } {
    const { passed = 0, failed = 0 } = end.tally ?? {};
    const fault = faultOf(end);
    return fault ? { passed, failed: failed + 1, fault } : { passed, failed };
}

function faultOf({ status, signal, limitMs, begun, tally }: End): string | undefined {
    const last = begun === undefined ? "no test had begun" : `the test that began last is "${begun}"`;
    if (limitMs !== undefined)
        return `had not ended after ${limitMs / 1000} s, its limit, and was ended; ${last}`;
    const how = signal ? `by ${signal}` : `with status ${status}`;
    if (!tally) return `ended ${how} before its tests had; ${last}`;
    if (tally.seen !== tally.reported)
        return `reports ${tally.reported} tests, of which ${tally.seen} were seen to end`;
    if (tally.reported === 0) return `ended ${how}, and has no test`;
    if (status !== 0 && tally.failed === 0)
        return `ended ${how}, though no test of it failed; what it printed says why`;
    return undefined;
}
