import { createHash, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { NO_DIFF } from "../protocol/diff.ts";
import type { CheckFailure, DiffRequest, ResourceType } from "../protocol/provider.ts";
import { isUnknown, type Props, secret, UNKNOWN, unwrapProps, type Value } from "../protocol/values.ts";
import {
    authorizedKey,
    hasOpensshForm,
    md5Fingerprint,
    opensshPrivateKey,
    sha256Fingerprint,
} from "./openssh.ts";

/**
 * `tls.PrivateKey`, as pulumi-tls 5 has it: the key lives in the state alone, any change makes another key,
 * and nothing is ever read or deleted elsewhere.
 */

const generate = promisify(generateKeyPair) as unknown as (
    type: string,
    options: Record<string, unknown>,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;

const ALGORITHMS = ["RSA", "ECDSA", "ED25519"] as const;

/** The provider's curve names, and OpenSSL's. */
const CURVES: Record<string, string> = {
    P224: "secp224r1",
    P256: "prime256v1",
    P384: "secp384r1",
    P521: "secp521r1",
};

/** Recorded in the outputs for every algorithm, also where they do not matter. */
const DEFAULTS = { rsaBits: 2048, ecdsaCurve: "P224" } as const;

/** RSA and EC keys have a PEM form of their own, older than PKCS #8; ED25519 keys have none. */
const TRADITIONAL_PEM: Record<string, (key: KeyObject) => string> = {
    rsa: (key) => String(key.export({ format: "pem", type: "pkcs1" })),
    ec: (key) => String(key.export({ format: "pem", type: "sec1" })),
};

const INPUTS = ["algorithm", "ecdsaCurve", "rsaBits"] as const;

const SECRET_OUTPUTS = ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"] as const;

const PUBLIC_OUTPUTS = [
    "publicKeyFingerprintMd5",
    "publicKeyFingerprintSha256",
    "publicKeyOpenssh",
    "publicKeyPem",
] as const;

export const privateKeyResource: ResourceType = {
    check({ news }) {
        return { inputs: news, failures: checkInputs(unwrapProps(news)) };
    },

    diff({ olds, news }: DiffRequest) {
        const before = withDefaults(unwrapProps(olds));
        const after = withDefaults(unwrapProps(news));
        const changed = INPUTS.filter((name) => before[name] !== after[name]);
        return {
            ...NO_DIFF,
            diffs: changed,
            replaces: changed,
            stables: INPUTS.filter((name) => !changed.includes(name)),
            detailedDiff: Object.fromEntries(changed.map((name) => [name, "UPDATE_REPLACE" as const])),
        };
    },

    async create(inputs, context) {
        const plain = withDefaults(unwrapProps(inputs));
        if (context.preview) {
            return { id: "", properties: { ...plain, ...unknownOutputs() } };
        }
        const { privateKey, publicKey } = await makeKey(plain);
        const der = publicKey.export({ format: "der", type: "spki" });
        const id = createHash("sha1").update(der).digest("hex");
        return { id, properties: { ...plain, ...keyOutputs(privateKey), id } };
    },

    async read({ id, properties, inputs }) {
        if (Object.keys(properties).length === 0) {
            throw new Error("a tls.PrivateKey exists in the state alone: there is nothing to import it from");
        }
        return { id, properties, inputs };
    },

    async update() {
        throw new Error("every change of a tls.PrivateKey replaces it: there is nothing to update");
    },

    async delete() {},
};

function checkInputs(inputs: Props): CheckFailure[] {
    const failures: CheckFailure[] = [];
    const { algorithm, ecdsaCurve, rsaBits } = withDefaults(inputs);
    const oneOf = (property: string, value: Value | undefined, allowed: readonly string[]) => {
        if (!isUnknown(value) && !allowed.includes(String(value))) {
            failures.push({
                property,
                reason: `got ${JSON.stringify(value ?? null)}, allowed are ${allowed.join(", ")}`,
            });
        }
    };
    oneOf("algorithm", algorithm, ALGORITHMS);
    oneOf("ecdsaCurve", ecdsaCurve, Object.keys(CURVES));
    // Below 1024 bits Go's generator, which the official provider uses, refuses as well.
    if (
        !isUnknown(rsaBits) &&
        !(Number.isInteger(rsaBits) && Number(rsaBits) >= 1024 && Number(rsaBits) <= 16384)
    ) {
        failures.push({
            property: "rsaBits",
            reason: `got ${JSON.stringify(rsaBits)}, allowed are whole numbers from 1024 to 16384`,
        });
    }
    return failures;
}

function withDefaults(props: Props): Props {
    return {
        algorithm: props.algorithm ?? null,
        ecdsaCurve: props.ecdsaCurve ?? DEFAULTS.ecdsaCurve,
        rsaBits: props.rsaBits ?? DEFAULTS.rsaBits,
    };
}

function unknownOutputs(): Props {
    return {
        ...Object.fromEntries(PUBLIC_OUTPUTS.map((name) => [name, UNKNOWN])),
        ...Object.fromEntries(SECRET_OUTPUTS.map((name) => [name, secret(UNKNOWN)])),
        id: UNKNOWN,
    };
}

function makeKey({
    algorithm,
    ecdsaCurve,
    rsaBits,
}: Props): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
    switch (algorithm) {
        case "RSA":
            return generate("rsa", { modulusLength: rsaBits });
        case "ECDSA":
            return generate("ec", { namedCurve: CURVES[String(ecdsaCurve)] });
        default:
            return generate("ed25519", {});
    }
}

/** All forms of one key. What SSH has no form for is the empty string, as the official provider has it. */
export function keyOutputs(privateKey: KeyObject): Props {
    const ssh = hasOpensshForm(privateKey);
    const pkcs8 = String(privateKey.export({ format: "pem", type: "pkcs8" }));
    const pem = TRADITIONAL_PEM[privateKey.asymmetricKeyType ?? ""]?.(privateKey) ?? pkcs8;
    return {
        privateKeyOpenssh: secret(ssh ? opensshPrivateKey(privateKey) : ""),
        privateKeyPem: secret(pem),
        privateKeyPemPkcs8: secret(pkcs8),
        publicKeyFingerprintMd5: ssh ? md5Fingerprint(privateKey) : "",
        publicKeyFingerprintSha256: ssh ? sha256Fingerprint(privateKey) : "",
        publicKeyOpenssh: ssh ? authorizedKey(privateKey) : "",
        publicKeyPem: String(createPublicKey(privateKey).export({ format: "pem", type: "spki" })),
    };
}
