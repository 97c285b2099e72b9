/** Secrets and configs from the side of those who name them: what a service's spec has of each. */

import {
    fingerprint,
    fitsVariable,
    isSecretRef,
    OBJECT_KINDS,
    type ObjectKind,
    objectName,
} from "./contents.ts";
import type { Problem } from "./problems.ts";
import { registryAuth, registryOf } from "./registries.ts";
import { orList } from "./schema.ts";
import type { ServiceSpec, Settings } from "./settings.ts";

type Holding = Pick<Settings, "secrets" | "configs" | "registries">;

/** What stands in a service's spec for what it names. */
export interface Held {
    /** Of a variable. */
    value(secret: string): string;
    /** Of a secret or config in the swarm. */
    name(kind: ObjectKind, name: string): string;
}

/** For services that name none. */
export const NOTHING_HELD: Held = {
    value: (secret) => {
        throw new Error(`nothing is known of the secret ${secret}`);
    },
    name: (kind, name) => {
        throw new Error(`nothing is known of the ${kind} ${name}`);
    },
};

/** As it is sent to the swarm. @param key As for `objectName`. */
export function heldBy(holding: Holding, key: string): Held {
    return {
        value: (secret) => `${content(holding, "secret", secret)}`,
        name: (kind, name) => objectName(kind, name, content(holding, kind, name), key),
    };
}

/** As a person may see it: for a value the secret's name, with a hash by which another value shows. */
export function shownOf(holding: Holding, key: string): Held {
    return {
        ...heldBy(holding, key),
        value: (secret) =>
            `[secret ${objectName("secret", secret, content(holding, "secret", secret), key)}]`,
    };
}

function content(holding: Holding, kind: ObjectKind, name: string): Buffer {
    const found = holding[`${kind}s`][name];
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
    return found;
}

/** The login for a service's image, as a person may see it; undefined where there is none. */
export function shownLogin({ image }: ServiceSpec, holding: Holding, key: string): string | undefined {
    const auth = registryAuth(image, holding.registries, holding.secrets);
    const host = registryOf(image);
    return auth && `${host} ${fingerprint("login", host, Buffer.from(auth), key)}`;
}

/** Whether what is sent of a service holds the value of a secret. */
export function holdsSecret({ env, image }: ServiceSpec, { registries }: Holding): boolean {
    return Object.values(env).some(isSecretRef) || registries[registryOf(image)] !== undefined;
}

/** Whether a service's spec has names that the hash of a content is part of. */
export function usesObjects({ secrets, configs }: ServiceSpec): boolean {
    return secrets.length + configs.length > 0;
}

/** A secret or config that the swarm is to have: those that services use as files. */
export interface HeldObject {
    readonly kind: ObjectKind;
    /** In the configuration. */
    readonly configName: string;
    /** In the swarm. */
    readonly name: string;
    readonly content: Buffer;
}

/** Sorted by kind and name. */
export function heldObjects(services: readonly ServiceSpec[], holding: Holding, key: string): HeldObject[] {
    return OBJECT_KINDS.flatMap((kind) => {
        const names = services.flatMap((service) => service[`${kind}s`].map(({ source }) => source));
        return [...new Set(names)].sort().map((name): HeldObject => {
            const bytes = content(holding, kind, name);
            return { kind, configName: name, name: objectName(kind, name, bytes, key), content: bytes };
        });
    });
}

/** What services and registries name, and nothing defines. @param known Names, whatever is wrong with their contents. */
export function referenceProblems(
    services: readonly ServiceSpec[],
    holding: Holding,
    known: Readonly<Record<ObjectKind, readonly string[]>>,
): Problem[] {
    const problems: Problem[] = [];
    const look = (kind: ObjectKind, name: string, path: readonly PropertyKey[]) => {
        if (known[kind].includes(name)) return true;
        const all = known[kind].length > 0 ? ` (${orList([...known[kind]])})` : ", which has none";
        const set = `pulumi config set ${kind === "secret" ? "--secret " : ""}--path swarm:${kind}s.${name}`;
        const allowed = `the name of a ${kind} in swarm:${kind}s${all}; to make this one: ${set}`;
        problems.push({ path, value: name, why: `is a ${kind} that nothing defines`, allowed });
        return false;
    };
    for (const service of services) {
        for (const [variable, value] of Object.entries(service.env)) {
            const path = ["services", service.name, "env", variable];
            if (!isSecretRef(value) || !look("secret", value.secret, path)) continue;
            const bytes = holding.secrets[value.secret];
            if (bytes && !fitsVariable(bytes)) {
                const allowed =
                    "a secret that is text, in UTF-8 and without NUL; any other can be one of secrets";
                problems.push({ path, value: value.secret, why: "is no text", allowed });
            }
        }
        for (const kind of OBJECT_KINDS) {
            for (const [index, { source }] of service[`${kind}s`].entries()) {
                look(kind, source, ["services", service.name, `${kind}s`, index]);
            }
        }
    }
    for (const [host, login] of Object.entries(holding.registries)) {
        for (const field of ["username", "password"] as const) {
            const value = login[field];
            if (isSecretRef(value)) look("secret", value.secret, ["registries", host, field]);
        }
    }
    return problems;
}

/** What is allowed, and hides more than it has to. */
export function settingsWarnings({ secretKeys }: Pick<Settings, "secretKeys">): string[] {
    return secretKeys.includes("services")
        ? [
              "swarm:services holds a value that was set with --secret, so no option of any service is shown in previews and " +
                  "plans. To have all but the value shown, set it as swarm:secrets.NAME with --secret, and in the service: " +
                  "env: { VARIABLE: { secret: NAME } }",
          ]
        : [];
}
