import { listed, type Rule, shown, types, type Violation } from "../rule.ts";
import { secretOf, secretsIn, textsIn } from "../secrets.ts";

/** All that is printed when a command fails, or stands in a process list or a preview. `stdin` is none of it. */
const SPOKEN = ["create", "update", "delete", "environment", "triggers"] as const;

const WHY =
    "a failure prints a command's text, process lists show it, and the state has it in clear. Allowed: secrets on " +
    "stdin alone";

/** By what a text holds, and, since it may be unknown yet, by what it is made from. */
export const noSecretsInCommands: Rule = {
    name: "no-secrets-in-commands",
    description: "No secret is in the text, the environment or the logged output of a command.",
    level: "mandatory",
    resource: {
        types: [types.remote, types.local],
        check: ({ name, type, properties, secretOutputs }) => [
            ...SPOKEN.flatMap((property) =>
                [...new Set(textsIn(properties[property]).flatMap((text) => secretsIn(text)))].map(
                    (kind) => `"${property}" of command "${name}" holds ${kind}: ${WHY}`,
                ),
            ),
            ...(type === types.remote && secretOutputs.includes("stdout") && !isSilent(properties.logging)
                ? [
                      `command "${name}" prints secrets (additionalSecretOutputs has stdout) and has logging ` +
                          `${shown(properties.logging)}: they would be in the log of the up. Allowed: "none" or "stderr"`,
                  ]
                : []),
        ],
    },
    stack: (resources) =>
        resources
            .filter(({ type }) => type === types.remote || type === types.local)
            .flatMap((command) =>
                SPOKEN.flatMap((property): Violation[] => {
                    const secret = (command.madeFrom[property] ?? []).flatMap(
                        (source) => secretOf(source) ?? [],
                    );
                    return secret.length === 0
                        ? []
                        : [
                              {
                                  urn: command.urn,
                                  text: `"${property}" of command "${command.name}" is made from ${listed(secret)}: ${WHY}`,
                              },
                          ];
                }),
            ),
};

const isSilent = (logging: unknown) => logging === "none" || logging === "stderr";
