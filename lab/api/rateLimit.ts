/**
 * The API's two limits, both sliding: so many requests an hour, so many a minute. Every request counts
 * until its own hour is over; `reset` is when the oldest one stops counting (API introduction, "Rate
 * Limit").
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface Limits {
    /** Requests an hour; null: the headers still speak of 5,000, but nothing is refused. */
    hourlyLimit: number | null;
    /** Requests a minute; null: no such limit. */
    burstLimit: number | null;
}

export interface RateDecision {
    readonly limit: number;
    readonly remaining: number;
    /** Unix time in seconds. */
    readonly reset: number;
    readonly allowed: boolean;
    /** Seconds; only where the minute's limit was met. */
    readonly retryAfter?: number;
}

export const DOCUMENTED_HOURLY_LIMIT = 5000;

export class RateLimiter {
    #times: number[] = [];

    /** What was counted so far counts no more. */
    clear(): void {
        this.#times = [];
    }

    /** Counts a request made at `now` (ms) and says whether it may go on. A refused one does not count. */
    take(now: number, limits: Limits): RateDecision {
        this.#times = dropBefore(this.#times, now - HOUR);
        const limit = limits.hourlyLimit ?? DOCUMENTED_HOURLY_LIMIT;
        const inLastMinute = this.#times.length - indexFrom(this.#times, now - MINUTE);
        const hourly = limits.hourlyLimit !== null && this.#times.length >= limits.hourlyLimit;
        const burst = limits.burstLimit !== null && inLastMinute >= limits.burstLimit;
        if (!hourly && !burst) {
            this.#times.push(now);
        }
        const oldest = this.#times[0] ?? now;
        const decision = {
            limit,
            remaining: burst ? 0 : Math.max(0, limit - this.#times.length),
            reset: Math.ceil((oldest + HOUR) / 1000),
            allowed: !hourly && !burst,
        };
        if (!burst) {
            return decision;
        }
        const firstOfMinute = this.#times[indexFrom(this.#times, now - MINUTE)] ?? now;
        return { ...decision, retryAfter: Math.max(1, Math.ceil((firstOfMinute + MINUTE - now) / 1000)) };
    }
}

/** Index of the first time later than `start`, in an ascending list. */
function indexFrom(times: readonly number[], start: number): number {
    let low = 0;
    let high = times.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((times[middle] ?? 0) > start) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

function dropBefore(times: number[], start: number): number[] {
    const first = indexFrom(times, start);
    return first === 0 ? times : times.slice(first);
}
