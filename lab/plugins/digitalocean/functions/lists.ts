import { createHash } from "node:crypto";
import { isObject, type Props, type Value } from "../../protocol/values.ts";

/** The orders and conditions that every list look-up of the provider takes. */

const MATCHES: Record<string, (field: string, value: string) => boolean> = {
    exact: (field, value) => field === value,
    re: (field, value) => new RegExp(value).test(field),
    substring: (field, value) => field.includes(value),
};

const DIRECTIONS = ["asc", "desc"];

/**
 * The answer of a list look-up: the entries that pass the filters, in the order asked for.
 *
 * @param name the list's name in the answer, such as `droplets`
 * @param entries as the answer has them
 * @throws for a filter or a sort that names no property or match the entries have
 */
export function listAnswer(name: string, entries: Props[], args: Props, known: readonly string[]): Props {
    const filters = objects(args.filters).map((filter) => ({
        all: filter.all ?? false,
        key: filter.key ?? null,
        matchBy: filter.matchBy ?? "exact",
        values: filter.values ?? [],
    }));
    const sorts = objects(args.sorts).map((sort) => ({
        key: sort.key ?? null,
        direction: sort.direction ?? "asc",
    }));
    const passing = entries.filter((entry) => filters.every((filter) => passes(entry, filter, known)));
    for (const { key, direction } of sorts.toReversed()) {
        const property = propertyOf(key, known, "sorts");
        if (!DIRECTIONS.includes(String(direction))) {
            throw new Error(
                `sorts: direction: got ${JSON.stringify(direction)}, allowed are ${DIRECTIONS.join(", ")}`,
            );
        }
        const sign = direction === "desc" ? -1 : 1;
        passing.sort((a, b) => sign * compare(a[property], b[property]));
    }
    const digest = createHash("sha256").update(JSON.stringify(passing)).digest();
    return {
        [name]: passing,
        ...(filters.length > 0 && { filters }),
        ...(sorts.length > 0 && { sorts }),
        id: `${name}/${digest.readBigUInt64BE()}`,
    };
}

function passes(
    entry: Props,
    filter: Record<"all" | "key" | "matchBy" | "values", Value>,
    known: readonly string[],
) {
    const property = propertyOf(filter.key, known, "filters");
    const matches = MATCHES[String(filter.matchBy)];
    if (matches === undefined) {
        const allowed = Object.keys(MATCHES).join(", ");
        throw new Error(`filters: matchBy: got ${JSON.stringify(filter.matchBy)}, allowed are ${allowed}`);
    }
    const field = entry[property] ?? "";
    const fields = (Array.isArray(field) ? field : [field]).map(String);
    const values = (Array.isArray(filter.values) ? filter.values : []).map(String);
    const found = (value: string) => fields.some((candidate) => matches(candidate, value));
    return filter.all ? values.every(found) : values.some(found);
}

/** Filters name a property as Terraform does: `vpc_uuid` for `vpcUuid`. */
function propertyOf(key: Value, known: readonly string[], where: string): string {
    const property = String(key).replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    if (!known.includes(property)) {
        const allowed = known.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
        throw new Error(`${where}: key: got ${JSON.stringify(key)}, allowed are ${allowed.join(", ")}`);
    }
    return property;
}

function compare(a: Value | undefined, b: Value | undefined): number {
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function objects(value: Value | undefined): Props[] {
    return Array.isArray(value) ? value.filter(isObject) : [];
}
