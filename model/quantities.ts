/**
 * Quantities as Docker's users write them: durations and sizes of memory.
 */

import { Refused } from "./problems.ts";

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;

/** Above it Docker's own arithmetic (nanoseconds in 64 bits) is far away, and a slip of the unit is near. */
const MAX_HOURS = 24;

export const durationAllowed = (maxHours = MAX_HOURS) =>
    `a duration such as "500ms", "10s" or "1m30s", at most "${maxHours}h"`;
export const BYTES_ALLOWED = 'a size such as "64M" or "1.5G" (powers of 1024), or a number of bytes';

/** Milliseconds of a duration in Go's syntax, in whole milliseconds. @throws Refused Any other text. */
export function durationMs(text: string, maxHours = MAX_HOURS): number {
    if (text === "0") {
        return 0;
    }
    if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) {
        throw new Refused("");
    }
    let total = 0;
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
        total += Number(amount) * MS[unit as keyof typeof MS];
    }
    const rounded = Math.round(total);
    // A whole millisecond apart from the error of decimal fractions: "1.1s" is 1100.0000000000002.
    if (Math.abs(total - rounded) > 1e-6) {
        throw new Refused("is finer than a millisecond");
    }
    if (rounded > maxHours * MS.h) {
        throw new Refused("is too long");
    }
    return rounded;
}

/** Bytes of a size in Docker's syntax. @throws Refused Any other text. */
export function bytes(text: string): number {
    const { amount, unit = "b" } =
        /^(?<amount>\d+(?:\.\d+)?)\s?(?:(?<unit>[bkmgt])(?:(?<=[kmgt])i?b)?)?$/.exec(text.toLowerCase())
            ?.groups ?? {};
    if (amount === undefined) {
        throw new Refused("");
    }
    const size = Math.floor(Number(amount) * BYTES[unit as keyof typeof BYTES]);
    if (!Number.isSafeInteger(size)) {
        throw new Refused("is too large");
    }
    // Rounded down it would be 0, which stands for no limit.
    if (size === 0 && Number(amount) > 0) {
        throw new Refused("is less than a byte");
    }
    return size;
}
