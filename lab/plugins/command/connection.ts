import {
    isObject,
    isSecret,
    isUnknown,
    type Props,
    secret,
    unknownSecret,
    type Value,
} from "../protocol/values.ts";

/** How to reach one host, with the defaults filled in. */
export interface Endpoint {
    host: string;
    port: number;
    user: string;
    password: string | undefined;
    privateKey: string | undefined;
    privateKeyPassword: string | undefined;
    agentSocketPath: string | undefined;
    /** This many failures are borne, the next is final; -1: no end. */
    dialErrorLimit: number;
    /** Seconds for the TCP connect alone; 0: no limit. */
    perDialTimeout: number;
    /** One line in authorized_keys form; without it any host key will do. */
    hostKey: string | undefined;
}

export interface Connection extends Endpoint {
    /** The bastion to go through. */
    proxy: Endpoint | undefined;
}

const DEFAULTS: Props = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** Marked secret in the official schema: wrapped by Check wherever the program did not do it itself. */
const SECRET_FIELDS = ["password", "privateKey", "privateKeyPassword"];

/**
 * The connection as Check answers it: defaults filled in, the secret fields wrapped, and the whole wrapped.
 */
export function checkedConnection(connection: Value): Value {
    const plain = isSecret(connection) ? connection.value : connection;
    if (isUnknown(plain)) return unknownSecret();
    return isObject(plain) ? secret(checkedEndpoint(plain)) : connection;
}

function checkedEndpoint(endpoint: Props): Props {
    const checked: Props = { ...DEFAULTS, ...endpoint };
    for (const field of SECRET_FIELDS) {
        const value = checked[field];
        if (value !== undefined && value !== null && !isSecret(value)) {
            checked[field] = secret(value);
        }
    }
    if (isObject(checked.proxy) && !isSecret(checked.proxy)) {
        checked.proxy = checkedEndpoint(checked.proxy);
    }
    return checked;
}

/** What is wrong with a connection, secrets taken off: property path to reason. Empty when nothing is. */
export function connectionProblems(connection: Value | undefined): [property: string, reason: string][] {
    if (connection === undefined || connection === null) {
        return [["connection", "is missing: a remote command needs to know its host"]];
    }
    if (isUnknown(connection) || !isObject(connection)) {
        return isUnknown(connection) ? [] : [["connection", "is not an object"]];
    }
    const problems = endpointProblems("connection", connection);
    return isObject(connection.proxy)
        ? [...problems, ...endpointProblems("connection.proxy", connection.proxy)]
        : problems;
}

function endpointProblems(path: string, endpoint: Props): [string, string][] {
    const problems: [string, string][] = [];
    const { host, port, dialErrorLimit, perDialTimeout } = { ...DEFAULTS, ...endpoint };
    if (typeof host !== "string") {
        problems.push([
            `${path}.host`,
            `got ${JSON.stringify(host ?? null)}, needed is a host name or an address`,
        ]);
    }
    const whole = (name: string, value: Value | undefined, min: number, max: number) => {
        const fits = Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
        if (!fits && !isUnknown(value)) {
            const text = `got ${JSON.stringify(value)}, allowed are whole numbers from ${min} to ${max}`;
            problems.push([`${path}.${name}`, text]);
        }
    };
    whole("port", port, 1, 65535);
    whole("dialErrorLimit", dialErrorLimit, -1, 1_000_000);
    whole("perDialTimeout", perDialTimeout, 0, 86_400);
    return problems;
}

/**
 * As the official plugin has it, an empty host is the machine that the plugin runs on: Go dials ":22" there. Whoever
 * gives it an address that is not known yet runs the command at home, which is what a program has to be safe from.
 *
 * @param connection the property, secrets taken off
 */
export function parseConnection(connection: Props): Connection {
    const { proxy } = connection;
    return {
        ...parseEndpoint(connection),
        proxy: isObject(proxy) ? parseEndpoint(proxy) : undefined,
    };
}

function parseEndpoint(props: Props): Endpoint {
    const text = (name: string) => (typeof props[name] === "string" ? props[name] : undefined);
    const number = (name: string) => Number(props[name] ?? DEFAULTS[name]);
    return {
        host: text("host") ?? "",
        port: number("port"),
        user: text("user") ?? String(DEFAULTS.user),
        password: text("password"),
        privateKey: text("privateKey"),
        privateKeyPassword: text("privateKeyPassword"),
        agentSocketPath: text("agentSocketPath"),
        dialErrorLimit: number("dialErrorLimit"),
        perDialTimeout: number("perDialTimeout"),
        hostKey: text("hostKey"),
    };
}
