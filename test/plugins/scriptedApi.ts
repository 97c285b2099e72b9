import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import { readRecording } from "./recordings.ts";

interface Exchange {
    step: string;
    method: string;
    path: string;
    request?: unknown;
    status: number;
    response: unknown;
    used: boolean;
}

/** An API that knows only what was recorded: each request must be one that the official plugin made in that step. */
export interface ScriptedApi {
    url: string;
    /** Goes to a step of the recording. */
    enter(step: string): void;
    /** Requests that were never recorded in their step, and what came closest. */
    readonly unexpected: string[];
    /** Requests of the step that change something and were not made. */
    missing(step: string): string[];
    close(): Promise<void>;
}

export async function startScriptedApi(file: string): Promise<ScriptedApi> {
    let current = "";
    const exchanges: Exchange[] = [];
    for (const line of readRecording<Exchange & { step?: string }>(file)) {
        if (line.method === undefined) {
            current = line.step ?? "";
        } else {
            exchanges.push({ ...line, step: current, used: false });
        }
    }
    const unexpected: string[] = [];

    async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const raw = await text(request);
        const body: unknown = raw === "" ? undefined : JSON.parse(raw);
        const path = request.url ?? "";
        const like = exchanges.filter(
            (exchange) =>
                exchange.step === current && exchange.method === request.method && exchange.path === path,
        );
        const same = like.filter((exchange) =>
            isDeepStrictEqual(comparable(exchange.request), comparable(body)),
        );
        // A state that stays is read more often than it was recorded; a change happens once.
        const found = same.find(({ used }) => !used) ?? (request.method === "GET" ? same.at(-1) : undefined);
        if (found === undefined) {
            unexpected.push(
                `${current}: ${request.method} ${path} ${raw}\n  recorded: ` +
                    (like.map((exchange) => JSON.stringify(exchange.request)).join("\n  or ") ||
                        "nothing at this path"),
            );
            response.writeHead(418).end(JSON.stringify({ message: "not in the recording" }));
            return;
        }
        found.used = true;
        response.writeHead(found.status, { "content-type": "application/json" });
        response.end(found.status === 204 ? undefined : JSON.stringify(found.response));
    }

    const server = createServer((request, response) => void respond(request, response)).listen(
        0,
        "127.0.0.1",
    );
    await new Promise((resolve) => server.once("listening", resolve));
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        enter(step) {
            current = step;
        },
        unexpected,
        missing: (step) =>
            exchanges
                .filter((exchange) => exchange.step === step && exchange.method !== "GET" && !exchange.used)
                .map(({ method, path, request }) => `${method} ${path} ${JSON.stringify(request ?? null)}`),
        async close() {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        },
    };
}

/** A request body with lists of objects (firewall rules: a set) in one order. */
function comparable(body: unknown): unknown {
    if (Array.isArray(body)) {
        const elements = body.map(comparable);
        return elements.some((element) => typeof element === "object")
            ? elements.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
            : elements;
    }
    if (typeof body === "object" && body !== null) {
        const entries = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
        return Object.fromEntries(entries.map(([key, value]) => [key, comparable(value)]));
    }
    return body;
}
