/**
 * The few calls to DigitalOcean's API for which no resource and no look-up of the plugin will do: what an
 * interrupted run has left behind is in no state, a look-up cannot delete, and a region's default VPC is no stack's.
 */

/** https://docs.digitalocean.com/reference/api/ */
const URL_OF_THE_CLOUD = "https://api.digitalocean.com";

/** An answer that stalls must not hold a preview, or a destroy, for ever. */
const ANSWER_MS = 20_000;

/** The most that the API gives on a page. */
const PER_PAGE = 200;

/**
 * Attempts in all when the API is busy (429) or fails (5xx, no answer): with the pauses between them some 7 s, unless it
 * asks for longer ones.
 */
const ATTEMPTS = 4;

/** A request too many in a minute is to wait until an earlier one is a minute old: no longer than that. */
const LONGEST_PAUSE_MS = 61_000;

/** A call that the API refused, or that never reached it. Its text names the call and never the token. */
export class CloudError extends Error {
    override readonly name = "CloudError";
    /** HTTP status; 0 where there was no answer. */
    readonly status: number;

    constructor(call: string, status: number, why: string) {
        super(`${call}: ${status === 0 ? why : `${status} ${why}`}`);
        this.status = status;
    }
}

export interface Cloud {
    /**
     * All entries of a list, every page of it. A list that is not there (404) is none that is empty: something other than
     * DigitalOcean may have answered. @throws CloudError
     */
    list<T>(path: string, key: string): Promise<T[]>;
    /** One thing, or undefined when the API has none there. @throws CloudError */
    get<T>(path: string): Promise<T | undefined>;
    /**
     * Makes one thing. Where an answer was lost it may be made, or refused as made already, before this returns or throws:
     * what counts is what is there then. @throws CloudError
     */
    create<T>(path: string, body: unknown): Promise<T>;
    /** Changes the named fields of one thing. @throws CloudError */
    change(path: string, body: unknown): Promise<void>;
    /** Deletes one thing; one that is gone already counts as deleted. @throws CloudError */
    remove(path: string): Promise<void>;
}

export interface CloudAccess {
    readonly token: string;
    /** Where the API is; default DigitalOcean's own. */
    readonly url?: string;
    /** Milliseconds to wait before attempt number 2, 3, ...; tests wait less. */
    readonly pause?: (attempt: number) => number;
    /** Ends whatever is under way, pauses too. */
    readonly signal?: AbortSignal;
}

/** What a stack's config may say of the access: the values of `digitalocean:token` and `digitalocean:apiEndpoint`. */
export interface AccessConfig {
    readonly token?: string;
    readonly apiEndpoint?: string;
}

/** Token and address as DigitalOcean's plugin takes them: from the config, else the environment. Undefined without a token. */
export function accessFrom(
    environment: NodeJS.ProcessEnv,
    config: AccessConfig = {},
): CloudAccess | undefined {
    const token = config.token || environment.DIGITALOCEAN_TOKEN || environment.DIGITALOCEAN_ACCESS_TOKEN;
    const url = config.apiEndpoint || environment.DIGITALOCEAN_API_URL || undefined;
    return token ? { token, url } : undefined;
}

export function cloud(access: CloudAccess): Cloud {
    const base = (access.url ?? URL_OF_THE_CLOUD).replace(/\/+$/, "");
    const pause = access.pause ?? ((attempt) => 1000 * 2 ** (attempt - 2));
    const { signal } = access;
    const inTime = () => {
        const limit = AbortSignal.timeout(ANSWER_MS);
        return signal ? AbortSignal.any([signal, limit]) : limit;
    };

    async function call(
        method: "GET" | "POST" | "PATCH" | "DELETE",
        path: string,
        body?: unknown,
    ): Promise<Response | undefined> {
        const what = `${method} ${path}`;
        for (let attempt = 1; ; attempt += 1) {
            const answer = await fetch(`${base}${path}`, {
                method,
                headers: {
                    authorization: `Bearer ${access.token}`,
                    ...(body === undefined ? {} : { "content-type": "application/json" }),
                },
                body: body === undefined ? undefined : JSON.stringify(body),
                signal: inTime(),
            }).catch((error: Error) => new CloudError(what, 0, reason(error)));
            if (answer instanceof Response) {
                if (answer.ok) return answer;
                if (answer.status === 404 && body === undefined) return undefined;
            }
            const error =
                answer instanceof Response
                    ? new CloudError(what, answer.status, await messageOf(answer))
                    : answer;
            const passing = error.status === 0 || error.status === 429 || error.status >= 500;
            if (!passing || attempt === ATTEMPTS || signal?.aborted) throw error;
            const asked = answer instanceof Response ? Number(answer.headers.get("retry-after")) * 1000 : 0;
            const rest = Math.max(pause(attempt + 1), Math.min(asked || 0, LONGEST_PAUSE_MS));
            await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, rest);
                signal?.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
            });
        }
    }

    return {
        async list<T>(path: string, key: string): Promise<T[]> {
            const entries: T[] = [];
            const separator = path.includes("?") ? "&" : "?";
            for (let page = 1; ; page += 1) {
                const address = `${path}${separator}page=${page}&per_page=${PER_PAGE}`;
                const answer = await call("GET", address);
                if (!answer) throw new CloudError(`GET ${address}`, 404, "there is no such list");
                const body = (await answer.json()) as {
                    readonly links?: { readonly pages?: { readonly next?: string } };
                };
                const found = ((body as Record<string, unknown>)[key] as T[] | undefined) ?? [];
                entries.push(...found);
                // An API that always names a next page must not be read for ever.
                if (found.length === 0 || !body.links?.pages?.next) return entries;
            }
        },
        async get<T>(path: string): Promise<T | undefined> {
            return (await (await call("GET", path))?.json()) as T | undefined;
        },
        async create<T>(path: string, body: unknown): Promise<T> {
            return (await (await call("POST", path, body))?.json()) as T;
        },
        async change(path: string, body: unknown): Promise<void> {
            await call("PATCH", path, body);
        },
        async remove(path: string): Promise<void> {
            await call("DELETE", path);
        },
    };
}

/** What `fetch` says is "fetch failed"; what it was is underneath. */
function reason(error: Error): string {
    const { cause } = error;
    return error.name === "TimeoutError"
        ? `no answer within ${ANSWER_MS / 1000} s`
        : cause instanceof Error
          ? cause.message
          : error.message;
}

async function messageOf(answer: Response): Promise<string> {
    try {
        const body = (await answer.json()) as { message?: string };
        return body.message ?? answer.statusText;
    } catch {
        return answer.statusText;
    }
}
