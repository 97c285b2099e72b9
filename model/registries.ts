/** Logins at registries of images. */

import { type Contents, isSecretRef, type SecretRef } from "./contents.ts";
import { Refused } from "./problems.ts";
import { asObject, map, object, textWhere, value } from "./schema.ts";

/** A login, by the registry's host. */
export interface RegistrySpec {
    /** In clear, or the name of the secret that it is. */
    readonly username: string | SecretRef;
    readonly password: SecretRef;
}
export type Registries = Readonly<Record<string, RegistrySpec>>;

/** Where images are whose names begin with no host. */
const HUB = "docker.io";
/** By this name Docker's own login knows the Hub. */
const HUB_SERVER = "https://index.docker.io/v1/";

const REF_ALLOWED = "{ secret: NAME }, the name of a secret in swarm:secrets";

export const secretRef = value(REF_ALLOWED, (received): SecretRef => {
    const given = asObject(received);
    if (typeof given.secret !== "string" || Object.keys(given).length !== 1) throw new Refused("");
    return { secret: given.secret };
});

const HOST_ALLOWED =
    `the host of a registry, with a port if need be, as it stands in front of an image's name: "registry.example.com", ` +
    `"registry.example.com:5000", or "${HUB}"`;

const isHost = (name: string) =>
    /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$/.test(name) && registryOf(`${name}/x`) === name;

const username = textWhere("", (received) => /^[^\p{C}]+$/u.test(received));

export const registries = map(
    `a map from hosts of registries to { username, password }; a host is ${HOST_ALLOWED}`,
    isHost,
    object({
        username: value(`a user's name in clear, or ${REF_ALLOWED}`, (received): string | SecretRef => {
            const found = (isSecretRef(received) ? secretRef : username).safeParse(received);
            if (!found.success) throw new Refused("");
            return found.data;
        }),
        password: secretRef,
    }),
);

/** The registry that an image comes from, as Docker tells it by the image's name. */
export function registryOf(image: string): string {
    const [first = ""] = image.split("/", 1);
    const isRegistry = image.includes("/") && (/[.:]/.test(first) || first === "localhost");
    return isRegistry && first !== "index.docker.io" ? first : HUB;
}

/**
 * What the Engine's API takes as `X-Registry-Auth`; undefined where there is no login for the image's registry.
 * https://docs.docker.com/reference/api/engine/#section/Authentication
 */
export function registryAuth(image: string, logins: Registries, secrets: Contents): string | undefined {
    const host = registryOf(image);
    const login = logins[host];
    if (login === undefined) return undefined;
    const text = (given: string | SecretRef) => (isSecretRef(given) ? `${secrets[given.secret]}` : given);
    const auth = {
        username: text(login.username),
        password: text(login.password),
        serveraddress: host === HUB ? HUB_SERVER : host,
    };
    // With its padding, without which the daemon takes no notice of it.
    const coded = Buffer.from(JSON.stringify(auth)).toString("base64");
    return coded.replaceAll("+", "-").replaceAll("/", "_");
}
