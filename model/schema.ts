/**
 * The pieces that the configuration's shapes are put together from: a zod schema for each kind of value.
 *
 * Zod walks objects and lists and gathers all issues with their paths; what is wrong with a single value is said
 * by a reader, and what would be right travels with the issue (`params.allowed`).
 */

import { z } from "zod";
import { keyText, problemText, Refused, unknownKeyText } from "./problems.ts";

/** Said with what is allowed and not as a reason, so that it is shown for a secret value too. */
export const QUOTES = "write it in quotes, since it may not arrive as it was written";

/** Decimal digits of which a number keeps any (IEEE 754, double precision). */
const DIGITS_KEPT = 15;

/** What the engine makes of a date that YAML takes for one. */
const ENGINES_DATE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} \S+$/;

/**
 * Whether a value may be another one than was written: a whole number that JSON cannot hold comes as a bigint, see
 * `parseJson`; a fraction or a huge number has been through the engine, which rounds as this program would.
 */
export function isInexact(received: unknown): boolean {
    if (typeof received === "string") {
        return ENGINES_DATE.test(received);
    }
    if (typeof received !== "number") {
        return typeof received === "bigint";
    }
    const digits = /^-?(\d+)(?:\.(\d+))?$/.exec(String(received));
    return Number.isInteger(received)
        ? !Number.isSafeInteger(received)
        : digits === null || `${digits[1]}${digits[2]}`.replace(/^0+/, "").length > DIGITS_KEPT;
}

/** JSON whose whole numbers keep all their digits, as bigints where no number would. @throws SyntaxError */
export function parseJson(text: string): unknown {
    return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
        Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
            ? BigInt(context?.source ?? "")
            : value,
    );
}

/** A value that `read` turns into its canonical form, or refuses by throwing `Refused`. */
export function value<T>(allowed: string, read: (received: unknown) => T) {
    return z.unknown().transform((received, context): T => {
        if (isInexact(received)) {
            context.issues.push({
                code: "custom",
                input: received,
                params: { why: "", allowed: `${allowed}; ${QUOTES}` },
            });
            return z.NEVER;
        }
        try {
            return read(received);
        } catch (error) {
            if (!(error instanceof Refused)) {
                throw error;
            }
            const why = received === undefined ? "" : error.message;
            context.issues.push({ code: "custom", input: received, params: { why, allowed } });
            return z.NEVER;
        }
    });
}

/** Text, from a string, or from a number or boolean where YAML or `pulumi config set --path` made one of it. */
export function asText(received: unknown): string {
    if (typeof received === "string") {
        return received;
    }
    if (typeof received === "number" || typeof received === "boolean") {
        return String(received);
    }
    throw new Refused("");
}

/** Text that `read` takes further. */
export function text<T = string>(allowed: string, read?: (received: string) => T) {
    return value(allowed, (received) => {
        const given = asText(received);
        return read === undefined ? (given as T) : read(given);
    });
}

/** Text that has to pass a test. */
export function textWhere(allowed: string, test: (received: string) => boolean) {
    return text(allowed, (received) => {
        if (!test(received)) {
            throw new Refused("");
        }
        return received;
    });
}

/** Text of a service that goes to the swarm as it is. A NUL would end it there. */
export const FREE_TEXT_ALLOWED = "any text without NUL";
export function freeText() {
    return textWhere(FREE_TEXT_ALLOWED, (received) => !received.includes("\0"));
}

/** Text of one line. */
export const ANY_TEXT_ALLOWED = "any text without line breaks and NUL";

export function isAnyText(received: string): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones looked for.
    return !/[\n\r\u0000]/.test(received);
}

/** Names of variables and labels. Docker takes any; with white space or "=" they would be other ones than is meant. */
export function isPlainName(received: string): boolean {
    return /^[^\s=\p{C}]+$/u.test(received);
}

export function oneOf<const T extends string>(...allowed: T[]) {
    return value(orList(allowed), (received) => {
        const found = allowed.find((one) => one === received);
        if (found === undefined) {
            throw new Refused("");
        }
        return found;
    });
}

/** A whole number in decimal digits, as a number or as a string. */
export function integer(min: number, max: number, unit = "") {
    const allowed = `a whole number${unit === "" ? "" : ` of ${unit}`} from ${min} to ${max}`;
    return value(allowed, (received) => {
        const digits = asText(received);
        const number = Number(digits);
        if (!/^-?\d+$/.test(digits) || number < min || number > max) {
            throw new Refused("");
        }
        return number;
    });
}

export function flag() {
    return value("true or false", (received) => {
        if (received === true || received === "true") {
            return true;
        }
        if (received === false || received === "false") {
            return false;
        }
        throw new Refused("");
    });
}

/** A list whose members are read one by one, so that each bad one is a problem of its own. */
export function list<T extends z.ZodType>(allowed: string, member: T) {
    return value(allowed, asList).pipe(z.array(member));
}

function asList(received: unknown): unknown[] {
    if (!Array.isArray(received)) {
        throw new Refused("");
    }
    return received;
}

/** A map from names, checked by `isName`, to values; sorted by name. */
export function map<T extends z.ZodType>(allowed: string, isName: (name: string) => boolean, member: T) {
    return value(allowed, (received) => {
        const entries = Object.entries(asObject(received));
        const bad = entries.find(([name]) => !isName(name));
        if (bad !== undefined) {
            throw new Refused(`${JSON.stringify(bad[0])} cannot be a name`);
        }
        return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    }).pipe(z.record(z.string(), member));
}

export function asObject(received: unknown): Record<string, unknown> {
    if (typeof received !== "object" || received === null || Array.isArray(received)) {
        throw new Refused("");
    }
    return received as Record<string, unknown>;
}

/** An object with these keys and no other. */
export function object<T extends z.ZodRawShape>(shape: T) {
    const keys = Object.keys(shape);
    // The message is the one thing that zod lets through with an unknown key: it takes the known ones along.
    const strict = z.strictObject(shape, { error: () => keys.join(" ") });
    return value(`an object with ${orList(keys, "and")}`, asObject).pipe(strict);
}

/**
 * Reads a value and gives its canonical form or, as text, the problems found in it.
 *
 * @param path Where the value stands in the configuration.
 * @param secret Whether it is stored encrypted, so that no part of it may be shown.
 */
export function read<T extends z.ZodType>(
    schema: T,
    received: unknown,
    path: readonly PropertyKey[],
    secret: boolean,
): { value: z.output<T> } | { problems: string[] } {
    const result = schema.safeParse(received, { reportInput: true });
    if (result.success) {
        return { value: result.data };
    }
    return {
        problems: result.error.issues.flatMap((issue) => {
            const at = [...path, ...issue.path];
            if (issue.code === "unrecognized_keys") {
                return issue.keys.map((key) => unknownKeyText([...at, key], issue.message.split(" ")));
            }
            if (issue.code !== "custom" || issue.params === undefined) {
                throw new Error(`${keyText(at)} is refused without saying what is allowed: ${issue.message}`);
            }
            const { why, allowed } = issue.params;
            return [problemText({ path: at, value: issue.input, why, allowed }, secret)];
        }),
    };
}

/** `a, b or c`. */
export function orList(items: readonly string[], word = "or"): string {
    return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} ${word} ${items.at(-1)}`;
}
