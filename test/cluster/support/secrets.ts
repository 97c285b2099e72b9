/** What is secret about a stack, and the search for it in whatever could give it away. */

export interface Secret {
    readonly kind: string;
    /** What identifies it wherever it stands. */
    readonly text: string;
}

/** Fewer characters of a secret's base64 than this could be anything's. */
const SHORTEST_CODED = 16;

/** Every private key, join token, unlock key and API token in a state that shows its secrets. */
export function secretsIn(state: string): Secret[] {
    const found = new Map<string, string>();
    for (const [text] of state.matchAll(/SWMTKN-[0-9a-z-]+/g)) found.set(text, "a join token");
    for (const [text] of state.matchAll(/SWMKEY-[0-9A-Za-z+/-]+/g)) found.set(text, "an unlock key");
    for (const [text] of state.matchAll(/dop_v1_[0-9a-f]+/g)) found.set(text, "the API token");
    // JSON inside JSON: the line breaks of a key are escaped once or more. Of the lines of an ED25519 key in OpenSSH's
    // form the second and third hold the public half as well; the fourth has the seed, and nothing that is not secret.
    for (const [, body] of state.matchAll(/BEGIN OPENSSH PRIVATE KEY-----((?:\\+n[A-Za-z0-9+/=]+)+)/g)) {
        const seed = body?.split(/\\+n/).filter((line) => line !== "")[3];
        if (seed) found.set(seed, "a private key");
    }
    return [...found].map(([text, kind]) => ({ kind, text }));
}

/** The texts as which a secret can stand somewhere: itself, and in base64 at each of the three offsets. */
export function formsOf(text: string): string[] {
    const coded = [0, 1, 2].map((offset) => {
        const code = Buffer.from(`${"\0".repeat(offset)}${text}`)
            .toString("base64")
            .replace(/=+$/, "");
        // The first and the last character hold bits of what stands before and behind it, too.
        return code.slice(offset === 0 ? 0 : offset + 1, -1);
    });
    return [text, ...coded.filter((code) => code.length >= SHORTEST_CODED)];
}

/** Which of the secrets stand in a text, a kind each time. */
export function searched(text: string, secrets: readonly Secret[]): string[] {
    return secrets
        .filter((secret) => formsOf(secret.text).some((form) => text.includes(form)))
        .map(({ kind }) => kind);
}
