import { createHash, type JsonWebKey, type KeyObject, randomBytes } from "node:crypto";

/**
 * SSH's own forms of a key. Node writes PEM and JWK only; ssh2 reads these forms but does not write them for a
 * given key. Formats: RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4 (public keys); OpenSSH's PROTOCOL.key (private).
 */

/** JWK curve to SSH's curve name. P-224 is missing: SSH has no name for it that clients know. */
const CURVES: Record<string, string> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };

/** Block size of the cipher "none", to which the private section is padded. */
const PADDING_BLOCK = 8;

interface Parts {
    /** SSH's key type, such as `ssh-ed25519`. */
    type: string;
    /** The public key as SSH sends it. */
    publicBlob: Buffer;
    /** The members of the private key as OpenSSH stores them, after the type. */
    privateFields: Buffer;
}

/** Whether SSH has a form for this key. */
export function hasOpensshForm(key: KeyObject): boolean {
    return key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "secp224r1";
}

/** The line of an authorized_keys file, with its newline and without a comment. */
export function authorizedKey(privateKey: KeyObject): string {
    const { type, publicBlob } = parts(privateKey);
    return `${type} ${publicBlob.toString("base64")}\n`;
}

/** `12:f8:7e:...`: the fingerprint that DigitalOcean reports for an account key. */
export function md5Fingerprint(privateKey: KeyObject): string {
    const digest = createHash("md5").update(parts(privateKey).publicBlob).digest("hex");
    return digest.match(/../g)?.join(":") ?? "";
}

/** `SHA256:...` without padding, as ssh-keygen prints it. */
export function sha256Fingerprint(privateKey: KeyObject): string {
    const digest = createHash("sha256").update(parts(privateKey).publicBlob).digest("base64");
    return `SHA256:${digest.replace(/=+$/, "")}`;
}

/** The unencrypted `OPENSSH PRIVATE KEY` form. */
export function opensshPrivateKey(privateKey: KeyObject): string {
    const { type, publicBlob, privateFields } = parts(privateKey);
    // Two equal numbers, by which a reader of an encrypted key sees that its password was right.
    const check = randomBytes(4);
    const section = Buffer.concat([check, check, string(type), privateFields, string("")]);
    const padding = (PADDING_BLOCK - (section.length % PADDING_BLOCK)) % PADDING_BLOCK;
    const body = Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        string("none"), // cipher
        string("none"), // key derivation
        string(""), // its options
        uint32(1), // number of keys
        string(publicBlob),
        string(
            Buffer.concat([section, Buffer.from(Array.from({ length: padding }, (_, index) => index + 1))]),
        ),
    ]);
    const lines = body.toString("base64").match(/.{1,64}/g) ?? [];
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function parts(privateKey: KeyObject): Parts {
    const jwk = privateKey.export({ format: "jwk" });
    const field = (name: keyof JsonWebKey) => Buffer.from(String(jwk[name] ?? ""), "base64url");
    switch (privateKey.asymmetricKeyType) {
        case "ed25519": {
            const type = "ssh-ed25519";
            const point = string(field("x"));
            return {
                type,
                publicBlob: Buffer.concat([string(type), point]),
                privateFields: Buffer.concat([point, string(Buffer.concat([field("d"), field("x")]))]),
            };
        }
        case "ec": {
            const curve = CURVES[jwk.crv ?? ""];
            if (curve === undefined) {
                throw new Error(`SSH has no form for a key on curve ${jwk.crv}`);
            }
            const type = `ecdsa-sha2-${curve}`;
            const point = string(Buffer.concat([Buffer.from([4]), field("x"), field("y")]));
            return {
                type,
                publicBlob: Buffer.concat([string(type), string(curve), point]),
                privateFields: Buffer.concat([string(curve), point, mpint(field("d"))]),
            };
        }
        case "rsa": {
            const type = "ssh-rsa";
            const [n, e, d, qi, p, q] = (["n", "e", "d", "qi", "p", "q"] as const).map((name) =>
                mpint(field(name)),
            );
            return {
                type,
                publicBlob: Buffer.concat([string(type), e, n] as Buffer[]),
                privateFields: Buffer.concat([n, e, d, qi, p, q] as Buffer[]),
            };
        }
        default:
            throw new Error(`SSH has no form for a key of type ${privateKey.asymmetricKeyType}`);
    }
}

function uint32(value: number): Buffer {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(value);
    return buffer;
}

/** SSH's `string`: length, then bytes. */
function string(value: string | Buffer): Buffer {
    const bytes = Buffer.from(value as string);
    return Buffer.concat([uint32(bytes.length), bytes]);
}

/** SSH's `mpint` of a positive number: no leading zeros, but one where the top bit would read as a sign. */
function mpint(bytes: Buffer): Buffer {
    const start = bytes.findIndex((byte) => byte !== 0);
    const trimmed = start === -1 ? Buffer.alloc(0) : bytes.subarray(start);
    const signed = (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed;
    return string(signed);
}
