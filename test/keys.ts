import { generateKeyPairSync } from "node:crypto";
import { authorizedKey, opensshPrivateKey } from "../lab/plugins/tls/openssh.ts";

/** A pair of ED25519 keys in OpenSSH's form. */
export interface Keys {
    readonly private: string;
    readonly public: string;
}

/** Makes a pair as the tls plugin does. That of ssh2's own is broken where the public key begins with a zero: one in 256. */
export function makeKeys(): Keys {
    const { privateKey } = generateKeyPairSync("ed25519");
    return { private: opensshPrivateKey(privateKey), public: authorizedKey(privateKey).trim() };
}
