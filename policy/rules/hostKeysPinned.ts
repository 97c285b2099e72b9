import { listed, ofType, type Rule, type SeenInStack, types, UNKNOWN, type Violation } from "../rule.ts";

const WHY =
    "would log in to whichever machine answers at that address, and give it the tokens of the swarm. Allowed: " +
    "hostKey, the public key that the droplet got by its user data";

/**
 * Before the first `up` a connection is unknown as a whole, so a preview goes by what it is made from: one with a
 * pinned key is made from the key that the droplet's user data is made from, too. The deploy key is in both and proves
 * nothing. Once the connection is known, which is before the command runs, its key itself is asked for.
 */
export const hostKeysPinned: Rule = {
    name: "host-keys-pinned",
    description: "Every command's connection pins the host key of its node.",
    level: "mandatory",
    resource: {
        types: [types.remote],
        check: ({ name, properties: { connection } }) =>
            connection === UNKNOWN || isPinned(connection)
                ? []
                : [`the connection of command "${name}" has no hostKey: it ${WHY}`],
    },
    stack: (resources) => {
        const logins = new Set(
            ofType(resources, types.sshKey).flatMap((key) =>
                keysBehind(key, "publicKey").map(({ urn }) => urn),
            ),
        );
        return ofType(resources, types.remote)
            .filter(({ properties }) => properties.connection === UNKNOWN)
            .flatMap((command): Violation[] => {
                const to = (command.madeFrom.connection ?? []).filter(({ type }) => type === types.droplet);
                const planted = to.flatMap((droplet) =>
                    keysBehind(droplet, "userData").filter(({ urn }) => !logins.has(urn)),
                );
                const used = new Set(keysBehind(command, "connection").map(({ urn }) => urn));
                return planted.some(({ urn }) => used.has(urn))
                    ? []
                    : [
                          {
                              urn: command.urn,
                              text:
                                  `the connection of command "${command.name}" to ${listed(names(to), "no droplet")} is ` +
                                  `not made from its host key (${listed(names(planted))}): it ${WHY}`,
                          },
                      ];
            });
    },
};

const isPinned = (connection: unknown): boolean => {
    const { hostKey } = (connection ?? {}) as { hostKey?: unknown };
    return hostKey === UNKNOWN || (typeof hostKey === "string" && hostKey.trim() !== "");
};

const keysBehind = (resource: SeenInStack, property: string): readonly SeenInStack[] =>
    (resource.madeFrom[property] ?? []).filter(({ type }) => type === types.privateKey);

const names = (resources: readonly SeenInStack[]) => resources.map(({ name }) => name);
