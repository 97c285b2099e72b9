/**
 * Account keys as DigitalOcean takes them, and what may stand in ssh's own files.
 */

import { Refused } from "./problems.ts";

export const ACCOUNT_KEY_ALLOWED =
    'the numeric ID of an SSH key of the account, or its MD5 fingerprint such as "3b:16:e4:bf:8b:00:8b:b8:…" ' +
    "(ssh-keygen -l -E md5)";

/** Reads the ID or the fingerprint of an account key; `MD5:` in front, as ssh-keygen prints it, is left out. */
export function accountKey(text: string): string {
    if (/^[1-9]\d{0,15}$/.test(text)) {
        return text;
    }
    const fingerprint = text.toLowerCase().replace(/^md5:/, "");
    if (/^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/.test(fingerprint)) {
        return fingerprint;
    }
    throw new Refused(text.startsWith("SHA256:") ? "DigitalOcean knows keys by MD5 fingerprints only" : "");
}

/** Whether a Linux user may be called so. */
export function isUser(text: string): boolean {
    return /^[a-z_][a-z0-9_-]{0,31}$/.test(text);
}

/** Whether it is a host key of the one kind that nodes are given, without a comment. */
export function isHostKey(text: string): boolean {
    return /^ssh-ed25519 [A-Za-z0-9+/]{68}$/.test(text);
}

/** Whether two public keys in authorized_keys form are the same; their comments do not count. */
export function sameKey(one: string, other: string): boolean {
    const [oneType, oneKey] = one.trim().split(/\s+/);
    const [otherType, otherKey] = other.trim().split(/\s+/);
    return oneType === otherType && oneKey === otherKey;
}
