import { createHash, randomUUID } from "node:crypto";

/** Where IDs come from; numbers for droplets, keys, images and actions, UUIDs for the rest. */
export interface Ids {
    next(): number;
    uuid(): string;
}

/**
 * IDs for a lab that people use. Numbers start at the seconds since 2020, so that a lab started later
 * does not give out the IDs of an earlier one: a stack's state that outlived its lab must meet 404s,
 * not somebody else's droplets.
 */
export function freshIds(clock: () => number): Ids {
    let last = Math.floor((clock() - Date.UTC(2020, 0, 1)) / 1000);
    return { next: () => ++last, uuid: randomUUID };
}

/** The same IDs in every run, for tests: numbers from `start`, UUIDs hashed from a counter. */
export function sequentialIds(start = 1001): Ids {
    let last = start - 1;
    let uuids = 0;
    return {
        next: () => ++last,
        uuid: () => {
            const hex = createHash("sha256").update(`uuid ${++uuids}`).digest("hex");
            // Version 4, variant 1: the first hex digit of the third and fourth group are fixed.
            return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
        },
    };
}
