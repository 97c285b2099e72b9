import type { Props } from "../protocol/values.ts";

/** How the API is reached, and how patiently. */
export interface ApiConfig {
    /** Empty when none is set; the first request then says so. */
    token: string;
    /** Scheme, host and port. */
    endpoint: string;
    /** Attempts after the first. */
    retryMax: number;
    /** Shortest and longest pause before a retry. */
    retryWaitMinMs: number;
    retryWaitMaxMs: number;
    /** 0: no limit. */
    requestsPerSecond: number;
}

const PUBLIC_ENDPOINT = "https://api.digitalocean.com";

/**
 * The provider's configuration: what the stack says, else the environment, else the official provider's defaults.
 *
 * @param args configuration as the engine sends it; numbers may come as text
 * @throws when a number or the endpoint makes no sense, naming the key
 */
export function readConfig(args: Props, env: NodeJS.ProcessEnv): ApiConfig {
    const text = (key: string, ...variables: string[]): string | undefined => {
        const configured = args[key];
        if (configured !== undefined && configured !== null && configured !== "") {
            return String(configured);
        }
        return variables.map((name) => env[name]).find((value) => value !== undefined && value !== "");
    };
    const number = (key: string, variable: string, fallback: number): number => {
        const given = text(key, variable);
        const value = given === undefined ? fallback : Number(given);
        if (!(value >= 0) || !Number.isFinite(value)) {
            throw new Error(
                `digitalocean:${key} (or ${variable}): got "${given}", allowed are numbers from 0`,
            );
        }
        return value;
    };
    return {
        token: text("token", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN") ?? "",
        endpoint: checkedEndpoint(text("apiEndpoint", "DIGITALOCEAN_API_URL") ?? PUBLIC_ENDPOINT),
        retryMax: number("httpRetryMax", "DIGITALOCEAN_HTTP_RETRY_MAX", 4),
        retryWaitMinMs: number("httpRetryWaitMin", "DIGITALOCEAN_HTTP_RETRY_WAIT_MIN", 1) * 1000,
        retryWaitMaxMs: number("httpRetryWaitMax", "DIGITALOCEAN_HTTP_RETRY_WAIT_MAX", 30) * 1000,
        requestsPerSecond: number("requestsPerSecond", "DIGITALOCEAN_REQUESTS_PER_SECOND", 0),
    };
}

/** The official client joins some paths to the endpoint's path and not others, so a path would half work. */
function checkedEndpoint(given: string): string {
    const url = URL.parse(given);
    const fits = url !== null && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname);
    if (!fits) {
        throw new Error(
            `digitalocean:apiEndpoint (or DIGITALOCEAN_API_URL): got "${given}", ` +
                "allowed is an http or https address of scheme, host and port, without a path",
        );
    }
    return url.origin;
}
