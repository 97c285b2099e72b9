/** What a secret looks like. Nothing in here ever returns one. */

import { type SeenInStack, types } from "./rule.ts";

const KINDS: readonly { readonly kind: string; readonly pattern: RegExp }[] = [
    { kind: "a private key", pattern: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/ },
    { kind: "a join token of a swarm", pattern: /SWMTKN-1-[0-9a-z]{10,}/ },
    { kind: "an unlock key of a swarm", pattern: /SWMKEY-1-[0-9A-Za-z+/]{10,}/ },
    { kind: "a token of DigitalOcean's API", pattern: /\bdo[opr]_v1_[0-9a-f]{20,}/ },
    { kind: "a token of Pulumi Cloud", pattern: /\bpul-[0-9a-f]{40}\b/ },
    { kind: "a token of Docker Hub", pattern: /\bdckr_[op]at_[\w-]{20,}/ },
    { kind: "a token of GitHub", pattern: /\b(?:gh[opsru]_\w{30,}|github_pat_\w{30,})/ },
    { kind: "an access key of AWS", pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
    { kind: "a password in a URL", pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'$]+:[^\s/@"'$]+@/i },
    {
        kind: "a password as an option",
        // Docker's own --secret takes a name, or id=NAME.
        pattern:
            /(?:^|\s)--?(?:password|passwd|token|api-?key|(?:client|app)-secret|secret(?:-key)?(?![= ]+["']?(?:id|source|src|type)=))[= ]+["']?[^\s"'$-]/i,
    },
    {
        kind: "a password as an option",
        pattern: /\b(?:(?:mysql|mariadb)\w*\b[^\n|;&]*?\s-p|sshpass\s+-p\s*)["']?[^\s"'$-]/,
    },
    {
        kind: "a password as an option",
        pattern: /\bcurl\b[^\n|;&]*?\s(?:-u|--user)[= ]?["']?[^\s:"'$-][^\s:"'$]*:[^\s"'$]/,
    },
    {
        kind: "a credential in a header",
        pattern:
            /\b(?:authorization:\s*(?:bearer|basic|token)\s+|x-(?:auth-token|api-key):\s*)["']?[^\s"'$]/i,
    },
    {
        kind: "a password in a variable",
        pattern: /\b(?:[A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN)|MYSQL_PWD|REDISCLI_AUTH)=["']?[^\s"'$]/,
    },
];

/** Of whoever runs Pulumi. What is shorter than this might stand in a text by chance. */
const VARIABLES = [
    "DIGITALOCEAN_TOKEN",
    "DIGITALOCEAN_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_ACCESS_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
];
const LEAST_LENGTH = 8;

/** The kinds of secrets in a text, such as "a private key", each once. */
export function secretsIn(text: string, environment: NodeJS.ProcessEnv = process.env): string[] {
    return [
        ...new Set(KINDS.filter(({ pattern }) => pattern.test(text)).map(({ kind }) => kind)),
        ...VARIABLES.filter((name) => {
            const value = environment[name] ?? "";
            return value.length >= LEAST_LENGTH && text.includes(value);
        }).map((name) => `the value of ${name}`),
    ];
}

/** Every text in a value, however deep; unknown ones are left out. */
export function textsIn(value: unknown): string[] {
    if (typeof value === "string") return [value];
    if (typeof value !== "object" || value === null) return [];
    return Object.values(value).flatMap(textsIn);
}

/** Why a value that is made from this resource may be secret; undefined where it holds none. */
export function secretOf(source: SeenInStack): string | undefined {
    if (source.type === types.privateKey) return `"${source.name}", a private key`;
    const printsSecrets = source.type === types.remote && source.secretOutputs.includes("stdout");
    return printsSecrets ? `"${source.name}", whose output is secret` : undefined;
}
