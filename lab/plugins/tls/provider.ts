import type { Provider } from "../protocol/provider.ts";
import { packageVersion } from "../protocol/version.ts";
import { privateKeyResource } from "./privateKey.ts";

export function makeProvider(): Provider {
    return {
        name: "tls",
        version: packageVersion("@pulumi/tls"),
        resources: { "tls:index/privateKey:PrivateKey": privateKeyResource },
        functions: {},
    };
}
