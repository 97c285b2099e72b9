/**
 * Secrets and configs: what they hold, and the names under which the swarm has them.
 *
 * Neither can be changed in a swarm, so each name ends in a hash of the content: another content is another secret, made
 * before the service that uses it is updated.
 */

import { createHmac } from "node:crypto";
import { type Problem, problemText, Refused } from "./problems.ts";
import { asObject, asText, isInexact, QUOTES } from "./schema.ts";

export type ObjectKind = "secret" | "config";
export const OBJECT_KINDS = ["secret", "config"] as const;

/** Contents by their names in the configuration, sorted by name. */
export type Contents = Readonly<Record<string, Buffer>>;

/** Stands for the value of a secret. */
export interface SecretRef {
    readonly secret: string;
}

export function isSecretRef(value: unknown): value is SecretRef {
    return typeof value === "object" && value !== null && "secret" in value;
}

/** Reads a file of the project's folder. @throws Error as `readFileSync` */
export type ReadFile = (path: string) => Buffer;

/** Docker takes names of 64 characters; the hash and a hyphen in front of it are the rest. */
const HASH_LENGTH = 12;
const MAX_NAME = 64 - 1 - HASH_LENGTH;

/** Docker wants less (swarmkit, MaxSecretSize; engines before 23 the same for configs). */
const MAX_BYTES = 500 * 1024;

const NAME_ALLOWED =
    `letters, digits and inner ".", "_" and "-", at most ${MAX_NAME} characters: ` +
    `Docker takes 64, of which ${HASH_LENGTH + 1} are for a hash of the content`;

function isObjectName(name: string): boolean {
    return /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name) && name.length <= MAX_NAME;
}

/**
 * Reads `swarm:secrets` or `swarm:configs`.
 *
 * @param encrypted Whether the configuration keeps the values encrypted. Values of secrets are never shown, those of configs
 *   only if they are not encrypted.
 * @returns Contents that could be read, and what is wrong with the others.
 */
export function readContents(
    kind: ObjectKind,
    received: Readonly<Record<string, unknown>>,
    encrypted: boolean,
    readFile: ReadFile,
): { contents: Contents; problems: string[] } {
    const key = `${kind}s`;
    const contents: Record<string, Buffer> = {};
    const problems: string[] = [];
    const report = (problem: Omit<Problem, "path">, ...path: string[]) =>
        problems.push(problemText({ path: [key, ...path], ...problem }, kind === "secret" || encrypted));
    for (const name of Object.keys(received).sort()) {
        if (!isObjectName(name)) {
            problems.push(
                problemText({
                    path: [key],
                    value: name,
                    why: `is not the name of a ${kind}`,
                    allowed: NAME_ALLOWED,
                }),
            );
            continue;
        }
        const given = received[name];
        if (kind === "secret" && !encrypted && typeof given !== "object") {
            const allowed = `a value that the config keeps encrypted: pulumi config set --secret --path swarm:secrets.${name}`;
            report({ value: given, why: "", allowed }, name);
            continue;
        }
        try {
            contents[name] = content(given, readFile);
        } catch (error) {
            if (!(error instanceof ContentRefused)) throw error;
            // The reason is about a path, which is no secret.
            const allowed = `${CONTENT_ALLOWED}${error.message === "" ? "" : `; ${error.message}`}`;
            report({ value: given, why: "", allowed }, name);
        }
    }
    return { contents, problems };
}

const CONTENT_ALLOWED = `a text, or { file: PATH } with a path from the project's folder, of 1 to ${MAX_BYTES - 1} bytes`;

class ContentRefused extends Error {}

function content(given: unknown, readFile: ReadFile): Buffer {
    const found = fileOf(given);
    const bytes = found === undefined ? Buffer.from(textOf(given)) : fileContent(found, readFile);
    if (bytes.length === 0) throw new ContentRefused("it is empty");
    if (bytes.length >= MAX_BYTES) throw new ContentRefused(`it has ${bytes.length} bytes`);
    return bytes;
}

function fileOf(given: unknown): string | undefined {
    if (typeof given !== "object" || given === null) return undefined;
    try {
        const { file, ...rest } = asObject(given);
        if (typeof file === "string" && Object.keys(rest).length === 0) return file;
    } catch (error) {
        if (!(error instanceof Refused)) throw error;
    }
    throw new ContentRefused("");
}

function textOf(given: unknown): string {
    if (isInexact(given)) throw new ContentRefused(QUOTES);
    try {
        return asText(given);
    } catch (error) {
        if (error instanceof Refused) throw new ContentRefused("");
        throw error;
    }
}

function fileContent(path: string, readFile: ReadFile): Buffer {
    try {
        return readFile(path);
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const why =
            code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : `${code}`;
        throw new ContentRefused(`${JSON.stringify(path)}: ${why}`);
    }
}

/** Whether a text can be a variable of the environment. */
export function fitsVariable(bytes: Buffer): boolean {
    return !bytes.includes(0) && Buffer.from(bytes.toString("utf8")).equals(bytes);
}

/**
 * What a secret or config is called in the swarm. Names are shown to whoever sees the swarm, so the hash is keyed: without the
 * key nobody can try what a short password may be.
 *
 * @param key The stack's deploy key, which the state keeps encrypted.
 */
export function objectName(kind: ObjectKind, name: string, bytes: Buffer, key: string): string {
    return `${name}-${fingerprint(kind, name, bytes, key)}`;
}

/** Of the same content under another name it is another one. */
export function fingerprint(what: string, name: string, bytes: Buffer, key: string): string {
    const hash = createHmac("sha256", key).update(`swarm ${what}\0${name}\0`).update(bytes);
    return hash.digest("hex").slice(0, HASH_LENGTH);
}

/** The name in the configuration, of a name in the swarm. */
export function configName(objectName: string): string {
    return objectName.replace(new RegExp(`-[0-9a-f]{${HASH_LENGTH}}$`), "");
}
