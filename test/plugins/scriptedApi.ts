import { isDeepStrictEqual } from "node:util";
import { type FakeAnswer, fakeApi } from "../fakeApi.ts";
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

    function answer(call: string, _before: number, raw: string): FakeAnswer {
        const body: unknown = raw === "" ? undefined : JSON.parse(raw);
        const like = exchanges.filter(
            ({ step, method, path }) => step === current && `${method} ${path}` === call,
        );
        const same = like.filter(({ request }) => isDeepStrictEqual(comparable(request), comparable(body)));
        // A state that stays is read more often than it was recorded; a change happens once.
        const found = same.find(({ used }) => !used) ?? (call.startsWith("GET ") ? same.at(-1) : undefined);
        if (found === undefined) {
            unexpected.push(
                `${current}: ${call} ${raw}\n  recorded: ` +
                    (like.map(({ request }) => JSON.stringify(request)).join("\n  or ") ||
                        "nothing at this path"),
            );
            return { status: 418, body: { message: "not in the recording" } };
        }
        found.used = true;
        return { status: found.status, body: found.status === 204 ? undefined : found.response };
    }

    const { url, close } = await fakeApi(answer);
    return {
        url,
        close,
        enter(step) {
            current = step;
        },
        unexpected,
        missing: (step) =>
            exchanges
                .filter((exchange) => exchange.step === step && exchange.method !== "GET" && !exchange.used)
                .map(({ method, path, request }) => `${method} ${path} ${JSON.stringify(request ?? null)}`),
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
