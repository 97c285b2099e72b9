/** `swarm map`: a page on this machine that follows the cluster. */
import { EXIT } from "../errors.ts";
import type { StackChoice } from "../pulumi.ts";
import { surveyReader } from "../reading.ts";
import { LoginError } from "../ssh.ts";
import { Follow, type Reading } from "./follow.ts";
import { serveMap } from "./server.ts";

/**
 * Serves the page until the signal comes, and returns the exit status. A cluster that cannot be read is what the page
 * says then, and it goes on asking, except after a wrong host key.
 *
 * @param read Default reads the stack's cluster.
 * @throws CliError For a port that cannot be had, and for a wrong host key.
 */
export async function map(
    { signal, port, ...choice }: StackChoice & { readonly port: number; readonly signal: AbortSignal },
    read = clusterReader(),
    out: Pick<NodeJS.WriteStream, "write"> = process.stdout,
    err: Pick<NodeJS.WriteStream, "write"> = process.stderr,
): Promise<number> {
    const ending = new AbortController();
    const ended = AbortSignal.any([signal, ending.signal]);
    let wrongHost: LoginError | undefined;
    const follow = new Follow({
        read: (late) =>
            read({ ...choice, signal: AbortSignal.any([ended, late]) }).catch((error: Error) => {
                if (error instanceof LoginError && error.wrongHostKey) {
                    wrongHost = error;
                    ending.abort();
                }
                throw error;
            }),
        // The terminal says it once; the page says it for as long as it lasts.
        say: (problem) => ended.aborted || err.write(`swarm: ${problem}\n`),
    });
    const server = await serveMap(port, () => follow.look());
    out.write(`The map is at ${server.url} until Ctrl-C.\n`);
    await new Promise((resolve) => {
        ended.addEventListener("abort", resolve, { once: true });
        if (ended.aborted) resolve(undefined);
    });
    await server.close();
    if (wrongHost !== undefined) throw wrongHost;
    return EXIT.ok;
}

/** Where no manager answers there are state and cloud still, and why. */
function clusterReader(): (choice: StackChoice) => Promise<Reading> {
    const survey = surveyReader();
    return async (choice) => {
        const { view, noManager } = await survey(choice);
        return { view, problem: noManager?.message };
    };
}
