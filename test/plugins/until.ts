import { setTimeout as sleep } from "node:timers/promises";

/** Waits until a condition holds, at most 10 seconds. @throws naming what did not come to pass */
export async function until(what: string, holds: () => boolean | undefined): Promise<void> {
    const end = Date.now() + 10_000;
    while (!holds()) {
        if (Date.now() > end) {
            throw new Error(`waited 10s in vain until ${what}`);
        }
        await sleep(10);
    }
}
