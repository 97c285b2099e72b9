import { isObject, type Props } from "../protocol/values.ts";
import type { Variable } from "./channelRequests.ts";
import { loggedStreams, previousOutputVariables, type Run } from "./commandResource.ts";
import { parseConnection } from "./connection.ts";
import { dial } from "./dial.ts";
import { runRemote } from "./session.ts";

/** Runs one command on the host that its `connection` names. */
export const runOnHost: Run = async (request, context) => {
    const { inputs, command } = request;
    const client = await dial(parseConnection(inputs.connection as Props), context);
    try {
        return await runRemote(
            client,
            {
                command,
                stdin: typeof inputs.stdin === "string" ? inputs.stdin : "",
                variables: [
                    ...environmentOf(inputs),
                    ...previousOutputVariables(request).map(([name, value]) => ({
                        name,
                        value,
                        required: false,
                    })),
                ],
                logged: loggedStreams(inputs),
            },
            context,
        );
    } finally {
        // The official plugin leaves each connection open until its process ends.
        client.end();
    }
};

function environmentOf(inputs: Props): Variable[] {
    const environment = isObject(inputs.environment) ? inputs.environment : {};
    return Object.entries(environment).map(([name, value]) => ({
        name,
        value: String(value),
        required: true,
    }));
}
