import { setTimeout as sleep } from "node:timers/promises";
import type { ApiConfig } from "./config.ts";

/** Milliseconds for one HTTP exchange; past it the attempt has failed and counts as a connection error. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Statuses that a later attempt may turn: the official client's rule, for every method. */
function isTransient(status: number): boolean {
    return status === 429 || (status >= 500 && status !== 501);
}

/** An answer that is no success, in the words of the official client (godo's ErrorResponse). */
export class ApiError extends Error {
    readonly status: number;

    constructor(method: string, url: string, status: number, body: ErrorBody, attempts: number) {
        const request = body.request_id ? ` (request "${body.request_id}")` : "";
        const gaveUp = attempts > 1 ? `; giving up after ${attempts} attempt(s)` : "";
        super(`${method} ${url}: ${status}${request} ${body.message ?? ""}${gaveUp}`);
        this.name = "ApiError";
        this.status = status;
    }
}

interface ErrorBody {
    id?: string;
    message?: string;
    request_id?: string;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A client of DigitalOcean's API v2 for one operation. */
export class Api {
    readonly #config: ApiConfig;
    readonly #signal: AbortSignal;
    readonly #turn: () => Promise<void>;

    /**
     * @param signal ends requests and waits
     * @param turn settles when the rate limit lets one more request through
     */
    constructor(config: ApiConfig, signal: AbortSignal, turn: () => Promise<void>) {
        this.#config = config;
        this.#signal = signal;
        this.#turn = turn;
    }

    get signal(): AbortSignal {
        return this.#signal;
    }

    /**
     * One request, repeated while the failure may pass.
     *
     * @returns the body; `undefined` when there is none
     * @throws {ApiError} for any status of 400 or more
     */
    async request<T>(method: Method, path: string, body?: unknown): Promise<T> {
        const url = `${this.#config.endpoint}${path}`;
        if (this.#config.token === "") {
            throw new Error(
                "no DigitalOcean token: set digitalocean:token in the stack's configuration (as a secret), " +
                    "or DIGITALOCEAN_TOKEN or DIGITALOCEAN_ACCESS_TOKEN in the environment",
            );
        }
        for (let attempt = 1; ; attempt++) {
            await this.#turn();
            const last = attempt > this.#config.retryMax;
            let response: Response;
            let text: string;
            try {
                response = await this.#fetch(method, url, body);
                text = await response.text();
            } catch (error) {
                this.#signal.throwIfAborted();
                if (last) {
                    throw new Error(
                        `${method} ${url}: giving up after ${attempt} attempt(s): ${reasonOf(error)}`,
                    );
                }
                await this.#pause(attempt, null);
                continue;
            }
            if (response.ok) {
                return (text === "" ? undefined : JSON.parse(text)) as T;
            }
            if (last || !isTransient(response.status)) {
                throw new ApiError(method, url, response.status, errorBody(text, response), attempt);
            }
            await this.#pause(attempt, response.headers.get("retry-after"));
        }
    }

    async get<T>(path: string, key: string): Promise<T> {
        return ((await this.request("GET", path)) as Record<string, T>)[key] as T;
    }

    /** Like `get`, with `undefined` for 404. */
    async find<T>(path: string, key: string): Promise<T | undefined> {
        try {
            return await this.get<T>(path, key);
        } catch (error) {
            if (isNotFound(error)) {
                return undefined;
            }
            throw error;
        }
    }

    async post<T>(path: string, body: unknown, key?: string): Promise<T> {
        const response = (await this.request("POST", path, body)) as Record<string, T>;
        return (key === undefined ? response : response?.[key]) as T;
    }

    /** All pages of a list, 200 entries each. */
    async list<T>(path: string, key: string): Promise<T[]> {
        const entries: T[] = [];
        for (let page = 1; ; page++) {
            const [base, query] = path.split("?", 2);
            const url = `${base}?page=${page}&per_page=200${query === undefined ? "" : `&${query}`}`;
            const body = (await this.request("GET", url)) as Record<string, T[]> & {
                links?: { pages?: { next?: string } };
            };
            entries.push(...(body[key] ?? []));
            if (!body.links?.pages?.next) {
                return entries;
            }
        }
    }

    #fetch(method: Method, url: string, body: unknown): Promise<Response> {
        return fetch(url, {
            method,
            headers: {
                authorization: `Bearer ${this.#config.token}`,
                accept: "application/json",
                ...(body !== undefined && { "content-type": "application/json" }),
            },
            body: body === undefined ? null : JSON.stringify(body),
            signal: AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        });
    }

    /** Doubling pauses between the configured bounds, or as long as the service asks for. */
    async #pause(attempt: number, retryAfter: string | null): Promise<void> {
        const { retryWaitMinMs, retryWaitMaxMs } = this.#config;
        const asked = Number(retryAfter) * 1000;
        const doubling = Math.min(retryWaitMinMs * 2 ** (attempt - 1), retryWaitMaxMs);
        await this.pause(retryAfter !== null && asked >= 0 ? asked : doubling);
    }

    /** @throws the operation's reason when it is cancelled meanwhile */
    async pause(ms: number): Promise<void> {
        await sleep(ms, undefined, { signal: this.#signal }).catch(() => this.#signal.throwIfAborted());
    }
}

export function isNotFound(error: unknown): boolean {
    return error instanceof ApiError && error.status === 404;
}

/** Lets one request through each `1/perSecond` seconds; at once for 0. */
export function rateLimit(perSecond: number): () => Promise<void> {
    let next = 0;
    return async () => {
        if (perSecond === 0) {
            return;
        }
        const now = performance.now();
        const at = Math.max(now, next);
        next = at + 1000 / perSecond;
        await sleep(at - now);
    };
}

function errorBody(text: string, response: Response): ErrorBody {
    const requestId = response.headers.get("x-request-id");
    const fallback: ErrorBody = {
        message: text.slice(0, 500),
        ...(requestId !== null && { request_id: requestId }),
    };
    try {
        return { ...fallback, ...(JSON.parse(text) as ErrorBody) };
    } catch {
        // A proxy's error page, or nothing at all.
        return fallback;
    }
}

/** Node hides what went wrong in a cause: "fetch failed" alone helps nobody. */
function reasonOf(error: unknown): string {
    const { message, cause } = error as Error & { cause?: Error & { code?: string } };
    return cause === undefined ? message : `${message}: ${cause.message || cause.code}`;
}
