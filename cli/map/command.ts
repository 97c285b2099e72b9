/** `swarm map`: a page on this machine that follows the cluster. */
import type { ClusterView } from "../clusterView.ts";
import { EXIT } from "../errors.ts";
import type { StackChoice } from "../pulumi.ts";
import { clusterReader } from "../reading.ts";
import { LoginError } from "../ssh.ts";
import { Follow, type Sight } from "./follow.ts";
import { serveMap } from "./server.ts";

export interface MapOptions {
    /** Default the selected stack. */
    readonly stack?: string;
    /** 0 for any that is free. */
    readonly port: number;
    /** Ends the serving. */
    readonly signal: AbortSignal;
    /** Default reads the stack's cluster. */
    readonly read?: (choice: StackChoice) => Promise<ClusterView>;
    /** Default standard output. */
    readonly out?: Pick<NodeJS.WriteStream, "write">;
    /** Default standard error. */
    readonly err?: Pick<NodeJS.WriteStream, "write">;
}

/**
 * Serves the page until the signal comes, and returns the exit status. A cluster that cannot be read is what the page
 * says then, and it goes on asking, except after a wrong host key.
 *
 * @throws CliError For a port that cannot be had, and for a wrong host key.
 */
export async function map(options: MapOptions): Promise<number> {
    const { stack, port, signal, read = clusterReader() } = options;
    const { out = process.stdout, err = process.stderr } = options;
    const ending = new AbortController();
    let wrongHost: LoginError | undefined;
    let problem: string | undefined;
    const follow = (show: (sight: Sight) => void) =>
        new Follow({
            read: (during) =>
                read({ stack, signal: during }).catch((error: Error) => {
                    if (error instanceof LoginError && error.wrongHostKey) {
                        wrongHost = error;
                        ending.abort();
                    }
                    throw error;
                }),
            show: (sight) => {
                // The terminal says it once; the page says it for as long as it lasts.
                if (sight.problem !== undefined && sight.problem !== problem && wrongHost === undefined) {
                    err.write(`swarm: ${sight.problem}\n`);
                }
                problem = sight.problem;
                show(sight);
            },
        });
    const server = await serveMap({ port, follow });
    out.write(`The map is at ${server.url} until Ctrl-C.\n`);
    await aborted(AbortSignal.any([signal, ending.signal]));
    await server.close();
    if (wrongHost !== undefined) throw wrongHost;
    return EXIT.ok;
}

const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
    });
