import { accessFrom, cloud } from "../cloud.ts";
import type { SeenInStack } from "./rule.ts";

/** How many droplets the account has and may have; or why that is not known. */
export type AccountRoom = { readonly has: number; readonly limit: number } | { readonly unknown: string };

const PROVIDER = "pulumi:providers:digitalocean";

/**
 * Asks DigitalOcean, with the token and at the address that the stack's own plugin uses: from its config, else from
 * the environment. Needs the scopes account:read and droplet:read.
 */
export async function askAccount(
    resources: readonly SeenInStack[],
    environment: NodeJS.ProcessEnv = process.env,
): Promise<AccountRoom> {
    const plugin = resources.find(({ type }) => type === PROVIDER)?.properties ?? {};
    const access = accessFrom({
        ...environment,
        ...(typeof plugin.token === "string" ? { DIGITALOCEAN_TOKEN: plugin.token } : {}),
        ...(typeof plugin.apiEndpoint === "string" ? { DIGITALOCEAN_API_URL: plugin.apiEndpoint } : {}),
    });
    if (!access) return { unknown: "there is no token" };
    const api = cloud(access);
    try {
        const [answer, droplets] = await Promise.all([
            api.get<{ account?: { droplet_limit?: number } }>("/v2/account"),
            api.list("/v2/droplets", "droplets"),
        ]);
        const limit = answer?.account?.droplet_limit;
        return limit === undefined
            ? { unknown: "the account has no droplet_limit" }
            : { has: droplets.length, limit };
    } catch (error) {
        return { unknown: error instanceof Error ? error.message : `${error}` };
    }
}
