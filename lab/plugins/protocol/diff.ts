import { equalValues, isObject, isSecret, type Props, type Value } from "./values.ts";

export type ChangeKind = "ADD" | "ADD_REPLACE" | "DELETE" | "DELETE_REPLACE" | "UPDATE" | "UPDATE_REPLACE";

/** The answer to Diff, in the words of the protocol. */
export interface DiffResult {
    /** Top-level properties that changed. */
    diffs: string[];
    /** Top-level properties whose change needs a replacement. */
    replaces: string[];
    /** Properties that keep their value for certain, for the engine's previews. */
    stables: string[];
    deleteBeforeReplace: boolean;
    /** Property path (`triggers[0]`, `connection.host`) to what happened to it. */
    detailedDiff: Record<string, ChangeKind>;
}

export const NO_DIFF: DiffResult = {
    diffs: [],
    replaces: [],
    stables: [],
    deleteBeforeReplace: false,
    detailedDiff: {},
};

/**
 * The paths at which two property bags differ. A secret is compared as one value, wrapper included: whoever
 * makes a plain value secret has changed it (properties_diff.go of the engine's SDK says the same).
 * Bookkeeping properties, whose names begin with two underscores, are left out.
 */
export function diffProps(olds: Props, news: Props): Record<string, ChangeKind> {
    const changes: Record<string, ChangeKind> = {};
    for (const key of keysOfBoth(olds, news)) {
        if (!key.startsWith("__")) {
            diffValue(key, olds[key], news[key], changes);
        }
    }
    return changes;
}

function diffValue(
    path: string,
    old: Value | undefined,
    next: Value | undefined,
    changes: Record<string, ChangeKind>,
): void {
    if (equalValues(old, next)) {
        return;
    }
    if (old === undefined) {
        changes[path] = "ADD";
    } else if (next === undefined) {
        changes[path] = "DELETE";
    } else if (Array.isArray(old) && Array.isArray(next)) {
        for (let index = 0; index < Math.max(old.length, next.length); index++) {
            diffValue(`${path}[${index}]`, old[index], next[index], changes);
        }
    } else if (isObject(old) && isObject(next) && !isSecret(old) && !isSecret(next)) {
        for (const key of keysOfBoth(old, next)) {
            diffValue(memberPath(path, key), old[key], next[key], changes);
        }
    } else {
        changes[path] = "UPDATE";
    }
}

function keysOfBoth(a: Props, b: Props): string[] {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

/** A key that is no plain word stands in brackets and quotes, as the engine's path parser reads it. */
function memberPath(path: string, key: string): string {
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** `triggers[0].x` to `triggers`. */
export function topLevel(path: string): string {
    return path.split(/[.[]/, 1)[0] ?? path;
}
