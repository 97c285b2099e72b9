import type { Context, Provider } from "../protocol/provider.ts";
import { packageVersion } from "../protocol/version.ts";
import { Api, rateLimit } from "./api.ts";
import { type ApiConfig, readConfig } from "./config.ts";
import { functionsFrom } from "./functions/index.ts";
import { resourceFrom } from "./resource.ts";
import { DESCRIPTIONS } from "./resources/index.ts";

/** @param env where the token and the endpoint are looked for when the stack's configuration has none */
export function makeProvider(env: NodeJS.ProcessEnv = process.env): Provider {
    let config: ApiConfig | undefined;
    let turn = rateLimit(0);
    const configure = (args: Parameters<typeof readConfig>[0]) => {
        config = readConfig(args, env);
        turn = rateLimit(config.requestsPerSecond);
        return config;
    };
    const connect = ({ signal }: Context) => new Api(config ?? configure({}), signal, turn);
    return {
        name: "digitalocean",
        version: packageVersion("@pulumi/digitalocean"),
        configure: (args) => {
            configure(args);
        },
        resources: Object.fromEntries(
            DESCRIPTIONS.map((description) => [description.token, resourceFrom(description, connect)]),
        ),
        functions: functionsFrom(connect),
    };
}
