import type { ChangeKind, DiffResult } from "../protocol/diff.ts";
import { topLevel } from "../protocol/diff.ts";
import type { DiffRequest } from "../protocol/provider.ts";
import {
    equalValues,
    hasUnknown,
    isObject,
    isUnknown,
    type Props,
    UNKNOWN,
    unwrapProps,
    type Value,
} from "../protocol/values.ts";
import { withoutNotes } from "./inputs.ts";
import type { Description, Properties, Property } from "./schema.ts";

/**
 * What an operation will make of the state, by the inputs alone.
 *
 * @param olds the state before; empty for a creation, and what only the API knows is then unknown
 */
export function plannedState(properties: Properties, inputs: Props, olds: Props): Props {
    const planned: Props = {};
    for (const [name, property] of Object.entries(properties)) {
        const given = inputs[name];
        if (given === undefined || given === null || property.outputOnly) {
            const fromApi = property.outputOnly || property.computed;
            planned[name] = fromApi ? (olds[name] ?? UNKNOWN) : (property.default ?? null);
        } else {
            planned[name] = storedForm(property, given);
        }
    }
    for (const [name, property] of Object.entries(properties)) {
        if (property.ripples !== undefined && !equalValues(planned[name], olds[name] ?? planned[name])) {
            for (const rippled of property.ripples) {
                planned[rippled] = inputs[rippled] ?? UNKNOWN;
            }
        }
    }
    return { ...planned, id: olds.id ?? UNKNOWN };
}

/** A given value as the state will hold it. */
export function storedForm(property: Property, given: Value): Value {
    if (hasUnknown(given) && (property.set || property.stored || isUnknown(given))) {
        // The place of an unknown element in a set is unknown, and with it the set; so is the hash of an unknown.
        return UNKNOWN;
    }
    if (property.members !== undefined) {
        const { members } = property;
        return Array.isArray(given)
            ? given.map((element) => storedMembers(members, element))
            : storedMembers(members, given);
    }
    return property.stored?.(given) ?? given;
}

function storedMembers(members: Properties, given: Value): Value {
    if (!isObject(given)) {
        return given;
    }
    const entries = Object.entries(members).map(([name, member]): [string, Value] => {
        const value = given[name];
        const absent = value === undefined || value === null;
        return [name, absent ? (member.default ?? (member.set ? [] : null)) : storedForm(member, value)];
    });
    return Object.fromEntries(entries);
}

/**
 * Diff: the state against the inputs. It is the state that counts, not the inputs of last time: what a refresh has
 * found changed at the API is to be put right.
 */
export function diffState(description: Description, request: DiffRequest): DiffResult {
    const { properties, autoName } = description;
    const olds = unwrapProps(request.olds);
    const news = withoutNotes(unwrapProps(request.news)) as Props;
    const ignored = new Set(request.ignoreChanges.map(topLevel));
    const detailedDiff: Record<string, ChangeKind> = {};
    const diffs: string[] = [];
    const replaces: string[] = [];
    for (const [name, property] of Object.entries(properties)) {
        if (property.outputOnly || ignored.has(name) || sameValue(property, olds[name], news[name])) {
            continue;
        }
        const next = news[name] ?? property.default ?? null;
        const old = olds[name] ?? null;
        const replacing =
            typeof property.replaces === "function"
                ? property.replaces(old, next)
                : property.replaces === true;
        for (const [path, kind] of changedPaths(name, property, old, next)) {
            detailedDiff[path] = replacing ? (`${kind}_REPLACE` as ChangeKind) : kind;
        }
        diffs.push(name);
        for (const rippled of replacing ? [] : (property.ripples ?? [])) {
            detailedDiff[rippled] = "UPDATE";
            diffs.push(rippled);
        }
        if (replacing) {
            replaces.push(name);
        }
    }
    const givenName = !(Array.isArray(request.news.__defaults) && request.news.__defaults.includes("name"));
    return {
        diffs: diffs.sort(),
        replaces: replaces.sort(),
        stables: Object.keys(properties)
            .filter((name) => properties[name]?.replaces === true && !diffs.includes(name))
            .sort(),
        deleteBeforeReplace: replaces.length > 0 && autoName === true && givenName,
        detailedDiff,
    };
}

type PlainKind = "ADD" | "DELETE" | "UPDATE";

/** For a set of plain values each that came or went, by its place; for anything else the property as a whole. */
function changedPaths(
    name: string,
    { set, members }: Property,
    old: Value,
    next: Value,
): [string, PlainKind][] {
    if (set && members === undefined && Array.isArray(old) && Array.isArray(next) && !hasUnknown(next)) {
        const lost = (list: Value[], other: Value[], kind: PlainKind) =>
            list.flatMap((value, index): [string, PlainKind][] =>
                other.includes(value) ? [] : [[`${name}[${index}]`, kind]],
            );
        return [...lost(old, next, "DELETE"), ...lost(next, old, "ADD")];
    }
    return [[name, isAbsent(old) ? "ADD" : isAbsent(next) ? "DELETE" : "UPDATE"]];
}

/**
 * Whether a given value is what the state holds. Not given means: whatever the API made up, if it does; else the
 * default; and nothing, "", 0, false and an empty list are then all the same.
 */
export function sameValue(property: Property, old: Value | undefined, given: Value | undefined): boolean {
    if (given === undefined || given === null) {
        return property.computed === true || sameOrZero(old, property.default);
    }
    if (hasUnknown(given)) {
        return false;
    }
    const { members } = property;
    if (members !== undefined) {
        return Array.isArray(given)
            ? Array.isArray(old) && sameElements(old, given, (a, b) => sameMembers(members, a, b))
            : sameMembers(members, old, given);
    }
    const stored = property.stored?.(given) ?? given;
    if (property.set && Array.isArray(stored)) {
        return sameElements(Array.isArray(old) ? old : [], stored, equalValues);
    }
    return equalValues(old, stored);
}

function sameMembers(members: Properties, old: Value | undefined, given: Value): boolean {
    if (!isObject(old) || !isObject(given)) {
        return equalValues(old, given);
    }
    return Object.entries(members).every(([name, member]) => sameValue(member, old[name], given[name]));
}

/** Each element of one list has its like in the other; the order does not count. */
function sameElements(olds: Value[], news: Value[], same: (old: Value, next: Value) => boolean): boolean {
    const rest = [...olds];
    return (
        olds.length === news.length &&
        news.every((next) => {
            const index = rest.findIndex((old) => same(old, next));
            return index >= 0 && rest.splice(index, 1).length === 1;
        })
    );
}

function sameOrZero(a: Value | undefined, b: Value | undefined): boolean {
    return equalValues(a, b) || (isZero(a) && isZero(b));
}

function isZero(value: Value | undefined): boolean {
    return !value || (Array.isArray(value) && value.length === 0);
}

function isAbsent(value: Value): boolean {
    return value === null || (Array.isArray(value) && value.length === 0);
}
