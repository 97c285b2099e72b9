import type { Provider } from "../protocol/provider.ts";
import { packageVersion } from "../protocol/version.ts";
import { localCommand } from "./localCommand.ts";
import { remoteCommand } from "./remoteCommand.ts";

export function makeProvider(): Provider {
    return {
        name: "command",
        version: packageVersion("@pulumi/command"),
        resources: {
            "command:remote:Command": remoteCommand,
            "command:local:Command": localCommand,
        },
        functions: {},
    };
}
