import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

/** Ways in which the API can be told to misbehave, so that tests can see how clients bear it. */

export const faultSchema = z
    .strictObject({
        /** Only requests with this method; default any. */
        method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).optional(),
        /** The path without its query, exactly. */
        path: z.string().startsWith("/").optional(),
        /** Or a regular expression that must match somewhere in the path; without either, any path. */
        pattern: z.string().refine(isRegExp, { error: "is not a regular expression" }).optional(),
        /** Only requests whose JSON body has these fields with these values. */
        body: z.record(z.string(), z.unknown()).optional(),
        /** So many matching requests pass first; default 0. */
        skip: z.int().min(0).default(0),
        /** How many requests are hit; null: all until the fault is removed; default 1. */
        times: z.int().min(1).nullable().default(1),
        /** `before`: the request is not carried out. `after`: it is, and only its answer suffers. */
        when: z.enum(["before", "after"]).default("before"),
        /** Ms to hold the request (before) or its answer (after). */
        delay: z.int().min(1).max(600_000).optional(),
        /** Answer with this status, in the API's error form. */
        status: z.int().min(400).max(599).optional(),
        message: z.string().optional(),
        /** Seconds for a `retry-after` header beside the status. */
        retryAfter: z.int().min(0).optional(),
        /** Cut the connection instead of answering. */
        drop: z.boolean().optional(),
    })
    .refine((fault) => fault.path === undefined || fault.pattern === undefined, {
        error: "path and pattern exclude one another",
    })
    .refine((fault) => fault.status === undefined || fault.drop !== true, {
        error: "status and drop exclude one another",
    })
    .refine((fault) => fault.status !== undefined || (fault.message ?? fault.retryAfter) === undefined, {
        error: "message and retryAfter need a status",
    })
    .refine((fault) => fault.status !== undefined || fault.drop === true || fault.delay !== undefined, {
        error: "one of status, drop and delay is required",
    });

export type Fault = z.infer<typeof faultSchema>;

/** A fault with how it has fared. */
export interface ActiveFault extends Fault {
    readonly id: number;
    /** Requests that matched, those that were let pass included. */
    seen: number;
    /** Requests that were hit. */
    hits: number;
}

export interface Asked {
    readonly method: string;
    /** Without the query. */
    readonly path: string;
    readonly body: unknown;
}

function isRegExp(text: string): boolean {
    try {
        new RegExp(text);
        return true;
    } catch {
        return false;
    }
}

/** Whether a fault speaks of a request, apart from counting. */
export function matches(fault: Fault, { method, path, body }: Asked): boolean {
    return (
        (fault.method ?? method) === method &&
        (fault.path ?? path) === path &&
        (fault.pattern === undefined || new RegExp(fault.pattern).test(path)) &&
        Object.entries(fault.body ?? {}).every(
            ([key, value]) =>
                typeof body === "object" &&
                body !== null &&
                isDeepStrictEqual((body as Record<string, unknown>)[key], value),
        )
    );
}

export class Faults {
    #next = 1;
    readonly #faults = new Map<number, ActiveFault>();

    add(fault: Fault): ActiveFault {
        const active = { ...fault, id: this.#next++, seen: 0, hits: 0 };
        this.#faults.set(active.id, active);
        return active;
    }

    /** All, those that have hit as often as they should included, oldest first. */
    list(): ActiveFault[] {
        return [...this.#faults.values()];
    }

    /** Removes one, or all of them. Says whether there was one. */
    remove(id?: number): boolean {
        if (id !== undefined) {
            return this.#faults.delete(id);
        }
        this.#faults.clear();
        return true;
    }

    /** The oldest fault that hits this request; counts it. */
    take(asked: Asked): ActiveFault | undefined {
        for (const fault of this.#faults.values()) {
            const spent = fault.times !== null && fault.hits >= fault.times;
            if (spent || !matches(fault, asked)) {
                continue;
            }
            fault.seen += 1;
            if (fault.seen > fault.skip) {
                fault.hits += 1;
                return fault;
            }
        }
        return undefined;
    }
}
