import { randomInt } from "node:crypto";

/**
 * An ID for what has none at the API, such as an assignment: the prefix, then 26 digits of time and chance, as
 * the official provider makes them.
 */
export function uniqueId(prefix: string): string {
    const time = new Date().toISOString().replace(/\D/g, "").slice(0, 17);
    return `${prefix}-${time}${String(randomInt(1e9)).padStart(9, "0")}`;
}
