import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "./context.ts";
import { errorBody, errorId, tooManyRequests, unauthorized } from "./errors.ts";
import type { ActiveFault, Faults } from "./faults.ts";
import type { RateLimiter } from "./rateLimit.ts";
import { type LoggedRequest, type RequestLog, redact } from "./requestLog.ts";

/** The emulated service; everything else belongs to the lab and needs no token. */
const isService = (request: FastifyRequest) => !request.url.startsWith("/lab/");

const pathOf = (request: FastifyRequest) => request.url.split("?", 1)[0] ?? "";

/** What happens around every request: log, token, rate limit, faults. */
export function addHooks(
    app: FastifyInstance,
    parts: {
        context: Context;
        token: string | undefined;
        faults: Faults;
        requests: RequestLog;
        limiter: RateLimiter;
    },
): void {
    const { context, token, faults, requests, limiter } = parts;
    const entries = new WeakMap<FastifyRequest, LoggedRequest>();
    const later = new WeakMap<FastifyRequest, ActiveFault>();
    const dropped = new WeakSet<FastifyRequest>();
    const drop = (request: FastifyRequest) => {
        dropped.add(request);
        request.raw.socket.destroy();
    };

    app.addHook("onRequest", async (request, reply) => {
        if (!isService(request)) {
            return;
        }
        const at = new Date(context.clock()).toISOString();
        entries.set(request, requests.begin({ at, method: request.method, path: request.url }));
        void reply.header("x-request-id", request.id);
        if (!authorized(request.headers.authorization, token)) {
            throw unauthorized();
        }
        const rate = limiter.take(context.clock(), context.settings);
        void reply.headers({
            "ratelimit-limit": rate.limit,
            "ratelimit-remaining": rate.remaining,
            "ratelimit-reset": rate.reset,
        });
        if (!rate.allowed) {
            throw tooManyRequests(rate.retryAfter);
        }
    });

    app.addHook("preHandler", async (request, reply) => {
        const entry = entries.get(request);
        if (entry === undefined) {
            return;
        }
        entry.body = redact(request.body);
        const fault = faults.take({ method: request.method, path: pathOf(request), body: request.body });
        if (fault === undefined) {
            return;
        }
        entry.fault = fault.id;
        if (fault.when === "after") {
            later.set(request, fault);
            return;
        }
        await hold(fault, context.closing);
        if (fault.drop === true) {
            reply.hijack();
            drop(request);
        } else if (fault.status !== undefined) {
            return reply.code(fault.status).headers(faultHeaders(fault)).send(faultBody(fault, request));
        }
    });

    app.addHook("onSend", async (request, reply, payload) => {
        const fault = later.get(request);
        if (fault === undefined) {
            return payload;
        }
        await hold(fault, context.closing);
        if (fault.drop === true) {
            // What is written to the dead socket afterwards goes nowhere.
            drop(request);
            return payload;
        }
        if (fault.status === undefined) {
            return payload;
        }
        void reply.code(fault.status).headers(faultHeaders(fault)).removeHeader("content-length");
        return JSON.stringify(faultBody(fault, request));
    });

    app.addHook("onResponse", async (request, reply) => {
        const entry = entries.get(request);
        if (entry !== undefined && !dropped.has(request)) {
            entry.status = reply.statusCode;
            entry.duration = Math.round(reply.elapsedTime * 10) / 10;
        }
    });
}

/** With a token set, just that one; without, any: but never none, as in the service. */
function authorized(header: string | undefined, token: string | undefined): boolean {
    const given = /^Bearer (\S+)$/i.exec(header ?? "")?.[1];
    return given !== undefined && (token === undefined || given === token);
}

async function hold(fault: ActiveFault, closing: AbortSignal): Promise<void> {
    if (fault.delay !== undefined) {
        await delay(fault.delay, undefined, { signal: closing }).catch(() => {});
    }
}

const faultHeaders = (fault: ActiveFault) => ({
    "content-type": "application/json; charset=utf-8",
    ...(fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) }),
});

function faultBody(fault: ActiveFault, request: FastifyRequest) {
    const id = errorId(fault.status ?? 500);
    return errorBody(
        { id, message: fault.message ?? `Injected by fault ${fault.id} of the lab.` },
        request.id,
    );
}

/** The answer to whatever a route threw. */
export function answerError(
    error: { statusCode?: number; status?: number; id?: string; message: string; retryAfter?: number },
    request: FastifyRequest,
    reply: FastifyReply,
): FastifyReply {
    const status = error.status ?? error.statusCode ?? 500;
    const body = { id: error.id ?? errorId(status), message: error.message };
    if (error.retryAfter !== undefined) {
        void reply.header("retry-after", String(error.retryAfter));
    }
    return reply.code(status).send(errorBody(body, request.id));
}
