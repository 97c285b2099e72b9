import assert from "node:assert/strict";
import { sequentialIds } from "../../lab/api/ids.ts";
import { type ApiOptions, createApi } from "../../lab/api/server.ts";
import { assertDescribed } from "./described.ts";
import { FakeMachines } from "./fakeMachines.ts";

/** ED25519 public key of no private key that anybody keeps, and its MD5 fingerprint as ssh-keygen prints it. */
export const KEY = {
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICKHIcPoLjAie9v8l/IS2L01dC4F7q4iTLunEDB0nkr8",
    fingerprint: "e3:7b:63:cd:8a:7d:78:99:39:a2:82:cb:e5:54:22:6e",
};

export interface Answer {
    readonly status: number;
    // Answers are checked field by field, by the tests that ask.
    // biome-ignore lint/suspicious/noExplicitAny: the shape is what is under test
    readonly body: any;
    readonly headers: Readonly<Record<string, string | number | string[] | undefined>>;
}

/** An API over machines in memory, whose clock the test moves, and a client for it. */
export function newApi(options: Partial<ApiOptions> = {}) {
    const machines = new FakeMachines();
    const time = { now: Date.UTC(2026, 10, 23) };
    const log: string[] = [];
    const app = createApi({
        machines,
        ids: sequentialIds(),
        clock: () => time.now,
        log: (level, message) => log.push(`${level}: ${message}`),
        ...options,
    });
    const call = async (method: string, url: string, payload?: object, headers?: object): Promise<Answer> => {
        const response = await app.inject({
            method: method as "GET",
            url,
            headers: { authorization: "Bearer any", ...headers },
            ...(payload === undefined ? {} : { payload }),
        });
        if (url.startsWith("/v2"))
            assertDescribed({ method, url, status: response.statusCode, text: response.body });
        const body = response.body === "" ? undefined : response.json();
        return { status: response.statusCode, body, headers: response.headers };
    };
    /** Waits until nothing is under way. */
    const settle = async () => {
        const { status, body } = await call("GET", "/lab/state?settle=5000");
        assert.equal(status, 200, JSON.stringify(body));
        return body;
    };
    return { app, machines, time, log, call, settle };
}

export type Api = ReturnType<typeof newApi>;

export const DROPLET = { name: "node1", region: "sgp1", size: "512mb", image: 18153887 };

/** A droplet that is active. */
export async function newDroplet(api: Api, more: object = {}): Promise<number> {
    const { status, body } = await api.call("POST", "/v2/droplets", { ...DROPLET, ...more });
    assert.equal(status, 202, JSON.stringify(body));
    await api.settle();
    return body.droplet.id;
}

/** Waits for a condition that has no event of its own; fails after 5 s. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 5000;
    while (!(await condition())) {
        assert.ok(performance.now() < deadline, `waited 5 s for ${what}`);
        await new Promise((resolve) => setImmediate(resolve));
    }
}
