import { z } from "zod";
import { ApiError, notFound, unprocessable } from "./errors.ts";

/** One line for all problems of a value: `path: text`, joined by "; ". */
export function issuesText(error: z.ZodError): string {
    return error.issues
        .map((issue) => (issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message))
        .join("; ");
}

/**
 * A request body as its schema has it.
 * @throws ApiError 422, as the service answers a body that it can read but not accept
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
    const parsed = schema.safeParse(body ?? {});
    if (!parsed.success) {
        throw unprocessable(issuesText(parsed.error));
    }
    return parsed.data;
}

/** The same for the lab's own control paths: 400, so that nobody takes it for an emulated answer. */
export function parseControl<T>(schema: z.ZodType<T>, body: unknown): T {
    const parsed = schema.safeParse(body ?? {});
    if (!parsed.success) {
        throw new ApiError(400, issuesText(parsed.error));
    }
    return parsed.data;
}

/** A numeric ID out of a path; anything else names no resource. */
export function pathId(text: string): number {
    if (!/^\d{1,15}$/.test(text)) {
        throw notFound();
    }
    return Number(text);
}

/** A value that must exist, else 404. */
export function found<T>(value: T | undefined): T {
    if (value === undefined) {
        throw notFound();
    }
    return value;
}

/** Go clients send `null` for an empty list. */
export function list<T extends z.ZodType>(item: T) {
    return z
        .array(item)
        .nullish()
        .transform((value) => value ?? []);
}

/** And `null` for an unset string or boolean. */
export function optional<T extends z.ZodType>(type: T) {
    return type.nullish().transform((value) => value ?? undefined);
}
