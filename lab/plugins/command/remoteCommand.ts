import { unwrapProps } from "../protocol/values.ts";
import { commandResource, type Run } from "./commandResource.ts";
import { checkedConnection, connectionProblems } from "./connection.ts";

/** The SSH code is loaded with the first command that runs: a preview runs none. */
const run: Run = async (request, context) => (await import("./remoteRun.ts")).runOnHost(request, context);

/** `command.remote.Command`. */
export const remoteCommand = commandResource(run, (news) => ({
    inputs:
        news.connection === undefined ? news : { ...news, connection: checkedConnection(news.connection) },
    failures: connectionProblems(unwrapProps(news).connection).map(([property, reason]) => ({
        property,
        reason,
    })),
}));
