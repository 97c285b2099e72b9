import { createHash } from "node:crypto";
import type { CheckFailure, CheckRequest, CheckResult } from "../protocol/provider.ts";
import { isObject, isSecret, type Props, secret, unwrapProps, type Value } from "../protocol/values.ts";
import type { Description, Properties } from "./schema.ts";

/** Length of a made-up name's random end. */
const RANDOM_HEX = 7;

/**
 * Check: fills in defaults, notes in `__defaults` which they were (as the official provider's bridge does, so that
 * a state may go from one plugin to the other), makes up a name, and says what is missing or unknown.
 */
export function checkInputs(description: Description, request: CheckRequest, name: string): CheckResult {
    const { properties } = description;
    const { olds, news } = request;
    const inputs = withCheckDefaults(properties, news) as Props;
    if (description.autoName && news.name === undefined) {
        const keep = Array.isArray(olds.__defaults) && olds.__defaults.includes("name") && olds.name;
        inputs.name = keep || madeUpName(name, request.randomSeed);
        inputs.__defaults = [...(inputs.__defaults as string[]), "name"].sort();
    }
    for (const [property, { secret: isMarked }] of Object.entries(properties)) {
        const value = inputs[property];
        if (isMarked && value !== undefined && value !== null && !isSecret(value)) {
            inputs[property] = secret(value);
        }
    }
    return { inputs, failures: failuresOf(description, unwrapProps(inputs)) };
}

function withCheckDefaults(properties: Properties, given: Value): Value {
    if (Array.isArray(given)) {
        return given.map((element) => withCheckDefaults(properties, element));
    }
    if (isSecret(given)) {
        return secret(withCheckDefaults(properties, given.value ?? null));
    }
    if (!isObject(given)) {
        return given;
    }
    const result: Props = {};
    const defaulted: string[] = [];
    for (const [name, value] of Object.entries(given)) {
        const members = properties[name]?.members;
        result[name] = members === undefined ? value : withCheckDefaults(members, value);
    }
    for (const [name, { checkDefault }] of Object.entries(properties)) {
        if (checkDefault !== undefined && (given[name] === undefined || given[name] === null)) {
            result[name] = checkDefault;
            defaulted.push(name);
        }
    }
    return { __defaults: defaulted.sort(), ...result };
}

/** The same in preview and update: the engine gives both the same seed. */
function madeUpName(name: string, seed: Uint8Array): string {
    const random = createHash("sha256").update(seed).update(name).digest("hex");
    return `${name}-${random.slice(0, RANDOM_HEX)}`;
}

function failuresOf({ properties, token, validate }: Description, inputs: Props): CheckFailure[] {
    const failures: CheckFailure[] = [];
    for (const [property, { required }] of Object.entries(properties)) {
        if (required && (inputs[property] === undefined || inputs[property] === null)) {
            failures.push({ property, reason: `Missing required property '${property}'` });
        }
    }
    for (const property of Object.keys(inputs)) {
        const known = properties[property];
        if (!property.startsWith("__") && (known === undefined || known.outputOnly)) {
            const allowed = Object.keys(properties).filter((name) => !properties[name]?.outputOnly);
            failures.push({
                property,
                reason: `${token} has no input '${property}'; its inputs are ${allowed.join(", ")}`,
            });
        }
    }
    const more = validate?.(inputs) ?? [];
    return [...failures, ...more.map(([property, reason]) => ({ property, reason }))];
}

/** The given inputs without notes, and with the defaults in effect that Check does not write. */
export function effectiveInputs(properties: Properties, inputs: Props): Props {
    const result = withoutNotes(inputs) as Props;
    for (const [name, property] of Object.entries(properties)) {
        if (property.default !== undefined && (result[name] === undefined || result[name] === null)) {
            result[name] = property.default;
        }
    }
    return result;
}

/** The value without the bridge's `__defaults` and its like, at any depth. */
export function withoutNotes(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(withoutNotes);
    }
    if (!isObject(value)) {
        return value;
    }
    const entries = Object.entries(value).filter(([name]) => !name.startsWith("__"));
    return Object.fromEntries(entries.map(([name, member]) => [name, withoutNotes(member)]));
}
