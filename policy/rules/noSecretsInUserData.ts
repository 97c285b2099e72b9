import { listed, ofType, type Rule, types, type Violation } from "../rule.ts";
import { secretOf, secretsIn } from "../secrets.ts";

const WHY =
    "whatever runs on the droplet, each container included, can ask the metadata service for it. Allowed: the " +
    "droplet's own host key as ssh_keys.ed25519_private, and nothing else that is secret";

/**
 * The host key has to be there before the first connection, so it is the one exception; see docs/design.md, "The
 * host key goes in by user data".
 */
export const noSecretsInUserData: Rule = {
    name: "no-secrets-in-user-data",
    description: "The one secret in a droplet's user data is its own host key.",
    level: "mandatory",
    resource: {
        types: [types.droplet],
        check: ({ name, properties: { userData } }) =>
            typeof userData === "string"
                ? secretsIn(withoutHostKey(userData)).map(
                      (kind) => `the user data of droplet "${name}" holds ${kind}: ${WHY}`,
                  )
                : [],
    },
    stack: (resources) =>
        ofType(resources, types.droplet).flatMap((droplet): Violation[] => {
            // Keys are told apart by what the text holds, once it is known: the deploy key's public half is in it, too.
            const tokens = (droplet.madeFrom.userData ?? [])
                .filter(({ type }) => type !== types.privateKey)
                .flatMap((source) => secretOf(source) ?? []);
            return tokens.length === 0
                ? []
                : [
                      {
                          urn: droplet.urn,
                          text: `the user data of droplet "${droplet.name}" is made from ${listed(tokens)}: ${WHY}`,
                      },
                  ];
        }),
};

const HEAD = "#cloud-config\n";

/** User data that is no JSON cannot be taken apart here, so there no key is excepted. */
function withoutHostKey(userData: string): string {
    try {
        const config = JSON.parse(userData.startsWith(HEAD) ? userData.slice(HEAD.length) : userData);
        delete config.ssh_keys?.ed25519_private;
        return JSON.stringify(config);
    } catch {
        return userData;
    }
}
