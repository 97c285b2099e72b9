/**
 * Property values as they travel between engine and plugin: a protobuf Struct, read here as plain JSON.
 *
 * What JSON cannot say is said by agreed strings and keys (sdk/go/common/resource/plugin/rpc.go,
 * engine 3.259.0): an unknown value is one of seven UUIDs, and a secret is an object whose signature key
 * holds the secret signature and whose `value` holds the value.
 */

export type Value = null | boolean | number | string | Value[] | Props;

export interface Props {
    [key: string]: Value;
}

export const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
export const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** The unknown that this side sends; the engine reads any of the seven alike. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const UNKNOWNS: ReadonlySet<Value | undefined> = new Set([
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
    "030794c1-ac77-496b-92df-f27374a8bd58", // asset
    "e48ece36-62e2-4504-bad9-02848725956a", // archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export function isObject(value: Value | undefined): value is Props {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Value | undefined): value is Props {
    return isObject(value) && value[SIGNATURE_KEY] === SECRET_SIGNATURE;
}

export function isUnknown(value: Value | undefined): boolean {
    return UNKNOWNS.has(value) || (isObject(value) && isOutput(value) && value.value === undefined);
}

const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const isOutput = (value: Props) => value[SIGNATURE_KEY] === OUTPUT_SIGNATURE;

/** A value that is to be secret once it is known. The engine takes it; what it sends itself is unknown, or secret. */
export function unknownSecret(): Props {
    return { [SIGNATURE_KEY]: OUTPUT_SIGNATURE, secret: true };
}

export function secret(value: Value): Props {
    return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** True when the value is unknown or holds an unknown at any depth, also inside a secret. */
export function hasUnknown(value: Value | undefined): boolean {
    if (isUnknown(value)) {
        return true;
    }
    if (Array.isArray(value)) {
        return value.some(hasUnknown);
    }
    return isObject(value) && Object.values(value).some(hasUnknown);
}

/** The same value with every secret wrapper taken off, at any depth. */
export function unwrapSecrets(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(unwrapSecrets);
    }
    if (isSecret(value)) {
        return unwrapSecrets(value.value ?? null);
    }
    return isObject(value) ? unwrapProps(value) : value;
}

export function unwrapProps(props: Props): Props {
    return Object.fromEntries(Object.entries(props).map(([key, value]) => [key, unwrapSecrets(value)]));
}

/** True when the value is a secret or holds one at any depth. */
export function hasSecret(value: Value | undefined): boolean {
    if (Array.isArray(value)) {
        return value.some(hasSecret);
    }
    return isSecret(value) || (isObject(value) && Object.values(value).some(hasSecret));
}

/**
 * Outputs wrapped as secrets where the input of the same name is, or holds, a secret. The official
 * providers let secretness flow from an input to the output of its name, and to no other.
 */
export function secretsLikeInputs(outputs: Props, inputs: Props): Props {
    return Object.fromEntries(
        Object.entries(outputs).map(([key, value]) => [
            key,
            hasSecret(inputs[key]) && !isSecret(value) ? secret(value) : value,
        ]),
    );
}

/** Deep equality; the order of keys is of no account, that of list elements is. */
export function equalValues(a: Value | undefined, b: Value | undefined): boolean {
    if (Array.isArray(a) && Array.isArray(b)) {
        return a.length === b.length && a.every((value, index) => equalValues(value, b[index]));
    }
    if (isObject(a) && isObject(b)) {
        const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
        return [...keys].every((key) => equalValues(a[key], b[key]));
    }
    return a === b;
}
