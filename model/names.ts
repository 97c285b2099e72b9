/**
 * Names of nodes, and the short way of writing many: `node1`, `node[2:4]`, `node[1:2],db[01:12]`.
 */

import { Refused } from "./problems.ts";

/**
 * Most nodes in a stack. Swarms of a hundred nodes are in routine use; beyond, the engine's time and the cloud's
 * rate limits (5,000 calls an hour) grow out of what this program was tried with.
 */
export const MAX_NODES = 100;

export const NAMES_ALLOWED =
    `names and ranges such as "node1", "node[2:4]" or "node[1:2],db[01:12]", ` +
    `at most ${MAX_NODES} in all; each name a host name of lower-case letters, digits and inner hyphens, ` +
    "at most 63 characters, not digits alone";

/** A label of RFC 1123, in lower case since host names are compared without regard to case. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Nine digits at most, so that every bound is an exact number. */
const RANGE = /^(?<prefix>[^[\]]*)\[(?<first>\d{1,9}):(?<last>\d{1,9})\]$/;

/** Of digits alone: the resolvers of hosts and containers take it for an IPv4 address in one number. */
export function isNumber(name: string): boolean {
    return /^\d+$/.test(name);
}

/** What people write where they want none, or all, and what YAML makes of it. */
const NO_NAMES = ["true", "false", "null", "none", "yes", "no", "on", "off"];

export function isLabel(name: string): boolean {
    return LABEL.test(name);
}

/**
 * Spells out names and ranges, in the order written. White space around commas is ignored; nothing but white space
 * is no name at all. Numbers are padded with zeros to the width of the first bound, as `seq -w` users expect of
 * `n[01:12]`.
 *
 * @throws Refused A name that is no host name, a range that runs backwards, is malformed or makes too many names,
 *   a name that is made twice.
 */
export function expandNames(text: string): string[] {
    if (text.trim() === "") {
        return [];
    }
    const names: string[] = [];
    for (const item of text.split(",")) {
        names.push(...expandItem(item.trim()));
    }
    if (names.length > MAX_NODES) {
        throw new Refused(`makes ${names.length} names, more than ${MAX_NODES}`);
    }
    const twice = repeated(names);
    if (twice.length > 0) {
        throw new Refused(`makes ${compressNames(twice)} twice`);
    }
    return names;
}

function expandItem(item: string): string[] {
    if (item === "") {
        throw new Refused("has nothing between two commas, or a comma at an end");
    }
    if (!/[[\]]/.test(item)) {
        return [checkedLabel(item)];
    }
    const range = RANGE.exec(item)?.groups;
    if (range === undefined) {
        throw new Refused(`${JSON.stringify(item)} is not a range of the form name[first:last]`);
    }
    const { prefix = "", first = "", last = "" } = range;
    const from = Number(first);
    const count = Number(last) - from + 1;
    if (count < 1) {
        throw new Refused(`${JSON.stringify(item)} runs backwards`);
    }
    if (count > MAX_NODES) {
        throw new Refused(`${JSON.stringify(item)} makes ${count} names, more than ${MAX_NODES}`);
    }
    return Array.from({ length: count }, (_, i) =>
        checkedLabel(prefix + String(from + i).padStart(first.length, "0")),
    );
}

function checkedLabel(name: string): string {
    if (!isLabel(name)) {
        throw new Refused(`${JSON.stringify(name)} is not a host name`);
    }
    if (isNumber(name)) {
        throw new Refused(`${JSON.stringify(name)} is a number, not a name`);
    }
    if (NO_NAMES.includes(name)) {
        throw new Refused(`${JSON.stringify(name)} is hardly meant for a name; "" stands for none`);
    }
    return name;
}

/** The names that occur more than once, each once, in the order of their second occurrence. */
export function repeated(names: readonly string[]): string[] {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const name of names) {
        if (seen.has(name)) {
            twice.add(name);
        }
        seen.add(name);
    }
    return [...twice];
}

/**
 * The short way of writing these names in this order: the opposite of `expandNames`. Only neighbours that count
 * upwards by one, in numbers written alike, become a range.
 */
export function compressNames(names: readonly string[]): string {
    const runs: { prefix: string; first: string; last: string; count: number }[] = [];
    for (const name of names) {
        const { prefix = name, digits = "" } = /^(?<prefix>.*?)(?<digits>\d{1,9})?$/.exec(name)?.groups ?? {};
        const run = runs.at(-1);
        if (run !== undefined && run.prefix === prefix && follows(run, digits)) {
            run.last = digits;
            run.count += 1;
        } else {
            runs.push({ prefix, first: digits, last: digits, count: 1 });
        }
    }
    return runs
        .map(({ prefix, first, last, count }) => prefix + (count === 1 ? first : `[${first}:${last}]`))
        .join(",");
}

/** Whether `digits` is what expanding would put after the run's last number, padding included. */
function follows(run: { first: string; last: string }, digits: string): boolean {
    return run.first !== "" && digits === String(Number(run.last) + 1).padStart(run.first.length, "0");
}
