import { createHash } from "node:crypto";
import ssh2 from "ssh2";
import { unprocessable } from "./errors.ts";

/** MD5 of the key's wire form in colon hex, by which the API knows a key beside its ID. */
export function fingerprint(publicKey: string): string {
    const parsed = ssh2.utils.parseKey(publicKey);
    if (parsed instanceof Error || parsed.isPrivateKey()) {
        // Service text.
        throw unprocessable("Key invalid, key should be of the format `type key [comment]`");
    }
    const hex = createHash("md5").update(parsed.getPublicSSH()).digest("hex");
    return (hex.match(/../g) ?? []).join(":");
}
