/** What was asked of the API, for tests that look at a client's behaviour. Secrets are kept out. */

export interface LoggedRequest {
    /** From 1, in the order of arrival. */
    readonly number: number;
    /** ISO 8601 with milliseconds. */
    readonly at: string;
    readonly method: string;
    /** Path with query. */
    readonly path: string;
    body: unknown;
    /** Null until answered, and for ever when the connection was dropped. */
    status: number | null;
    /** Ms until the answer was sent. */
    duration: number | null;
    /** ID of the fault that hit it. */
    fault: number | null;
}

const SECRET_FIELDS = new Set([
    "user_data",
    "private_key",
    "leaf_certificate",
    "certificate_chain",
    "password",
    "token",
]);

/** A body with the values of secret fields replaced by their length. */
export function redact(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(redact);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    return Object.fromEntries(
        Object.entries(value).map(([key, field]) => [
            key,
            SECRET_FIELDS.has(key) && field !== null
                ? `[redacted, ${Buffer.byteLength(String(field))} bytes]`
                : redact(field),
        ]),
    );
}

/** The last requests, so that a lab that runs for weeks does not grow. */
export class RequestLog {
    readonly #limit: number;
    readonly #entries: LoggedRequest[] = [];
    #count = 0;

    constructor(limit = 10_000) {
        this.#limit = limit;
    }

    begin(request: Pick<LoggedRequest, "at" | "method" | "path">): LoggedRequest {
        const entry = {
            number: ++this.#count,
            ...request,
            body: undefined,
            status: null,
            duration: null,
            fault: null,
        };
        this.#entries.push(entry);
        if (this.#entries.length > this.#limit) {
            this.#entries.shift();
        }
        return entry;
    }

    /** Requests with a number above `after`. */
    list(after = 0): LoggedRequest[] {
        return this.#entries.filter((entry) => entry.number > after);
    }

    clear(): void {
        this.#entries.length = 0;
    }
}
