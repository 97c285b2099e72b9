/**
 * How a refused value is reported: where it stood, what it was, why it cannot be, what is allowed.
 */

import { distance } from "fastest-levenshtein";
import { ownOption, plainKey, specPath } from "./dockerOptions.ts";

/** Values longer than this are cut in a message: a whole service would bury the others. */
const SHOWN_CHARACTERS = 100;

/** Thrown by the readers of single values. They know why; the caller knows where and what is allowed. */
export class Refused extends Error {
    override readonly name = "Refused";
}

/** One refused value, before it becomes text. */
export interface Problem {
    /** Names of the keys from the top, list positions as numbers: `["services", "web", "ports", 0]`. */
    readonly path: readonly PropertyKey[];
    /** The value received; undefined when none was. */
    readonly value: unknown;
    /** What is wrong with it; empty when "allowed" says it all. */
    readonly why: string;
    readonly allowed: string;
}

/** The project's name in Pulumi.yaml, and so the namespace of its configuration keys. */
export const PROJECT = "swarm";

/** `swarm:services.web.ports[0]`, the way `pulumi config set --path` writes it. */
export function keyText(path: readonly PropertyKey[]): string {
    let text = `${PROJECT}:`;
    for (const [i, part] of path.entries()) {
        if (typeof part === "number") {
            text += `[${part}]`;
        } else if (/^[\w-]+$/.test(String(part))) {
            text += `${i === 0 ? "" : "."}${String(part)}`;
        } else {
            text += `[${JSON.stringify(String(part))}]`;
        }
    }
    return text;
}

/**
 * One line for one problem.
 *
 * @param secret Whether the key's value is stored encrypted. Then neither the value nor the reason, which may
 *   quote a part of it, is shown: the engine masks whole secret values only, not parts of them.
 */
export function problemText(problem: Problem, secret = false): string {
    const parts = [keyText(problem.path)];
    if (problem.value === undefined) {
        parts.push("not set");
    } else {
        parts.push(secret ? "[secret]" : shown(problem.value));
    }
    if (problem.why !== "" && !secret) {
        parts.push(problem.why);
    }
    return `${parts.join(": ")}; allowed: ${problem.allowed}`;
}

/** A key that nothing reads, which is a slip of the pen more often than not. Its value is not shown. */
export function unknownKeyText(path: readonly PropertyKey[], known: readonly string[]): string {
    const key = String(path.at(-1));
    const parent = path.slice(0, -1);
    const ofService = parent.length === 2 && parent[0] === "services";
    const own = (ofService ? ownOption(key) : undefined) ?? nearest(key, known);
    if (own !== undefined) {
        return `${keyText(path)}: unknown key; the nearest known one is ${keyText([...parent, own])}`;
    }
    const inSpec = ofService ? specPath(key) : undefined;
    return inSpec === undefined
        ? `${keyText(path)}: unknown key; allowed: ${known.join(", ")}`
        : `${keyText(path)}: unknown key; allowed: ${keyText([...parent, "spec", ...inSpec])}, as Docker's Engine API has it`;
}

/** The known key that was probably meant: one or two letters are wrong, or a third of them. */
function nearest(key: string, known: readonly string[]): string | undefined {
    const written = plainKey(key);
    const [best] = known
        .map((name) => ({ name, wrong: distance(written, plainKey(name)) }))
        .sort((a, b) => a.wrong - b.wrong);
    return best !== undefined && best.wrong <= Math.max(2, written.length / 3) ? best.name : undefined;
}

function shown(value: unknown): string {
    if (typeof value === "bigint") {
        return `${value}`;
    }
    const text = JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === "bigint" ? `${inner}` : inner,
    );
    return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}
