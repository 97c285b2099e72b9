/**
 * Mounts of a service: Docker's `--mount` syntax, or the same as an object.
 */

import { posix } from "node:path";
import { z } from "zod";
import { Refused } from "./problems.ts";
import { BYTES_ALLOWED, bytes } from "./quantities.ts";
import {
    asObject,
    FREE_TEXT_ALLOWED,
    flag,
    freeText,
    isAnyText,
    isPlainName,
    map,
    object,
    oneOf,
    orList,
    text,
    textWhere,
    value,
} from "./schema.ts";
import type { MountSpec } from "./settings.ts";

const MOUNT_ALLOWED =
    'a string such as "type=volume,source=data,target=/data,readonly", or an object with type (volume, bind or ' +
    "tmpfs), source, target, readOnly and the type's own options: noCopy, driver, driverOptions and labels, or " +
    "propagation and nonRecursive, or size and mode";

const PATH_ALLOWED = "an absolute path without white space, commas and double quotes";

/** Docker's names for the options, in lower case, and ours. */
const DOCKER_OPTIONS: ReadonlyMap<string, string> = new Map([
    ["type", "type"],
    ["source", "source"],
    ["src", "source"],
    ["target", "target"],
    ["dst", "target"],
    ["destination", "target"],
    ["readonly", "readOnly"],
    ["ro", "readOnly"],
    ["volume-nocopy", "noCopy"],
    ["bind-propagation", "propagation"],
    ["volume-driver", "driver"],
    ["volume-opt", "driverOptions"],
    ["volume-label", "labels"],
    ["bind-nonrecursive", "nonRecursive"],
    ["tmpfs-size", "size"],
    ["tmpfs-mode", "mode"],
]);

/** Options that mean "true" when they stand without a value. */
const FLAGS = ["readOnly", "noCopy", "nonRecursive"];

/** Options that are maps: `name=value`, any number of times. */
const MAPS = ["driverOptions", "labels"];

const path = () => textWhere(PATH_ALLOWED, (received) => received.startsWith("/") && isPlainPath(received));

/** A path as Docker cleans it before it mounts anything there: `/d/`, `//d` and `/d/.` are `/d`. */
export function cleanPath(received: string): string {
    return posix.join("/", received).replace(/(?<=.)\/$/, "");
}

/** Docker refuses the root, but only when it makes the container: the service would wait for a task for ever. */
const target = () =>
    textWhere(
        `${PATH_ALLOWED}, other than "/"`,
        (received) => received.startsWith("/") && isPlainPath(received) && cleanPath(received) !== "/",
    );

/** Docker reads a mount as a line of CSV, where commas and quotes have a meaning of their own. */
function isPlainPath(received: string): boolean {
    return isAnyText(received) && !/[",\s]/.test(received);
}

const volume = {
    type: oneOf("volume"),
    source: textWhere(
        "the name of a volume: at least two letters, digits, dots, hyphens and underscores, the first a letter or digit",
        // Docker refuses one of a single letter, but only when it makes the task's container.
        (received) => /^[A-Za-z0-9][A-Za-z0-9_.-]{1,254}$/.test(received),
    ).default(""),
    target: target(),
    readOnly: flag().default(false),
    noCopy: flag().default(false),
    driver: textWhere('the name of a volume driver such as "local"', (received) =>
        /^[A-Za-z0-9][A-Za-z0-9._/:-]*$/.test(received),
    ).default(""),
    driverOptions: map(
        `a map from names of the driver's options to ${FREE_TEXT_ALLOWED}`,
        isPlainName,
        freeText(),
    ).default({}),
    labels: map(`a map from names of labels to ${FREE_TEXT_ALLOWED}`, isPlainName, freeText()).default({}),
};

const bind = {
    type: oneOf("bind"),
    source: path(),
    target: target(),
    readOnly: flag().default(false),
    propagation: oneOf("rprivate", "private", "rshared", "shared", "rslave", "slave").optional(),
    nonRecursive: flag().default(false),
};

const tmpfs = {
    type: oneOf("tmpfs"),
    target: target(),
    size: text(BYTES_ALLOWED, bytes).default(0),
    // A number is refused: YAML has read its digits as octal already where they begin with 0, and 0777 comes as 511.
    mode: value('octal permissions in quotes, such as "1777"', (received) => {
        if (typeof received !== "string" || !/^[0-7]{3,4}$/.test(received)) {
            throw new Refused("");
        }
        return received;
    }).default("1777"),
};

const SHAPES: Readonly<Record<string, object>> = { volume, bind, tmpfs };
const SCHEMAS: ReadonlyMap<unknown, z.ZodType<MountSpec>> = new Map<string, z.ZodType<MountSpec>>([
    ["volume", object(volume)],
    ["bind", object(bind)],
    ["tmpfs", object(tmpfs).transform(({ size, ...rest }) => ({ ...rest, sizeBytes: size }))],
]);

/** One mount in canonical form. A mount without a type is a volume, as for Docker. */
export const mount = value<Record<string, unknown>>(MOUNT_ALLOWED, (received) => {
    const options = typeof received === "string" ? optionsOf(received) : asObject(received);
    return { type: "volume", ...options };
}).pipe(
    z.transform((options: Record<string, unknown>, context): MountSpec => {
        const schema = SCHEMAS.get(options.type);
        if (schema === undefined) {
            const params = { why: "", allowed: "volume, bind or tmpfs" };
            context.issues.push({ code: "custom", input: options.type, path: ["type"], params });
            return z.NEVER;
        }
        const fitting = { ...options };
        for (const [option, types] of misplaced(options)) {
            const params = {
                why: `means nothing to a ${options.type}`,
                allowed: `with the type ${orList(types)}`,
            };
            context.issues.push({ code: "custom", input: options[option], path: [option], params });
            delete fitting[option];
        }
        const result = schema.safeParse(fitting, { reportInput: true });
        if (!result.success) {
            context.issues.push(...(result.error.issues as typeof context.issues));
            return z.NEVER;
        }
        return result.data;
    }),
);

/** The options that other types have and this one has not, each with the types that have it. */
function misplaced(options: Readonly<Record<string, unknown>>): [option: string, types: string[]][] {
    return Object.keys(options)
        .map((option): [string, string[]] => [
            option,
            Object.keys(SHAPES).filter((type) => Object.hasOwn(SHAPES[type] ?? {}, option)),
        ])
        .filter(([, types]) => types.length > 0 && !types.includes(String(options.type)));
}

/** The options of Docker's syntax under our names. @throws Refused An unknown one, or one that is given twice. */
function optionsOf(line: string): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (const field of line.split(",")) {
        const [, name = "", given] = /^([^=]*)(?:=(.*))?$/s.exec(field) ?? [];
        const option = DOCKER_OPTIONS.get(name.toLowerCase());
        if (option === undefined) {
            throw new Refused(`unknown option ${JSON.stringify(name)}`);
        }
        if (MAPS.includes(option)) {
            const [, key = "", value] = /^([^=]+)=(.*)$/s.exec(given ?? "") ?? [];
            if (value === undefined) throw new Refused(`gives ${option} no "name=value"`);
            options[option] = { ...(options[option] as object | undefined), [key]: value };
            continue;
        }
        if (option in options) {
            throw new Refused(`gives ${option} twice`);
        }
        if (given === undefined && !FLAGS.includes(option)) {
            throw new Refused(`gives ${option} no value`);
        }
        options[option] = given ?? true;
    }
    return options;
}
