/** `swarm map`: the cluster as a picture, in the terminal, in a file or as a page that follows it. */
import { writeFile } from "node:fs/promises";
import { type ClusterView, readCluster } from "../cluster.ts";
import { CliError, EXIT } from "../errors.ts";
import type { StackChoice } from "../pulumi.ts";
import { LoginError } from "../ssh.ts";
import { Follow, type Sight } from "./follow.ts";
import { pictureOf } from "./picture.ts";
import { clusterReader } from "./reading.ts";
import { serveMap } from "./server.ts";
import { drawSvg } from "./svg.ts";
import { drawTerminal, type TerminalStyle } from "./terminal.ts";

/** Where the page is unless told otherwise: an address that can be kept as a bookmark. */
export const DEFAULT_PORT = 8740;

export interface MapOptions {
    /** Default the selected stack. */
    readonly stack?: string;
    /** File for the drawing; `-` for standard output. */
    readonly svg?: string;
    readonly serve?: boolean;
    /** With `serve`; 0 for any that is free; default `DEFAULT_PORT`. */
    readonly port?: number;
    /** Print what was read, and draw nothing. */
    readonly json?: boolean;
    /** Ends the serving, or the reading. */
    readonly signal?: AbortSignal;
    /** Default reads the stack's cluster. */
    readonly read?: (choice: StackChoice) => Promise<ClusterView>;
    /** Default standard output. */
    readonly out?: Pick<NodeJS.WriteStream, "write"> & TerminalFacts;
    /** Default standard error. */
    readonly err?: Pick<NodeJS.WriteStream, "write">;
}

/** What a stream tells of the terminal behind it. */
export type TerminalFacts = Partial<Pick<NodeJS.WriteStream, "isTTY" | "columns" | "getColorDepth">>;

/**
 * Draws the cluster, and returns the exit status.
 *
 * @throws CliError Options that do not go together, a port or a file that cannot be had, a cluster that cannot be
 *   read; with `serve`, the page says the last, and goes on asking, except after a wrong host key.
 */
export async function map(options: MapOptions): Promise<number> {
    check(options);
    if (options.serve) return serve(options);
    const { stack, svg, signal, read = readCluster, out = process.stdout } = options;
    const view = await read({ stack, signal });
    if (options.json) {
        out.write(`${JSON.stringify(view, undefined, 2)}\n`);
    } else if (svg === undefined) {
        out.write(drawTerminal(pictureOf(view), terminalStyle(out)));
    } else if (svg === "-") {
        out.write(drawSvg(pictureOf(view)));
    } else {
        await writeFile(svg, drawSvg(pictureOf(view))).catch((error: NodeJS.ErrnoException) => {
            throw new CliError(`${svg} cannot be written: ${error.message}`, EXIT.no);
        });
    }
    return EXIT.ok;
}

function check({ svg, serve, json, port }: MapOptions): void {
    const kinds = [
        ...(svg === undefined ? [] : ["--svg"]),
        ...(serve ? ["--serve"] : []),
        ...(json ? ["--json"] : []),
    ];
    if (kinds.length > 1) {
        throw new CliError(`${kinds.join(" and ")} do not go together: choose one`, EXIT.usage);
    }
    if (svg === "")
        throw new CliError("--svg wants the name of a file, or - for standard output", EXIT.usage);
    if (port === undefined) return;
    if (!serve) throw new CliError("--port is for --serve", EXIT.usage);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
        throw new CliError(
            `--port ${port}: wanted a number from 0 to 65535, 0 for any that is free`,
            EXIT.usage,
        );
    }
}

/** Colours and width of where it is drawn: none in a file or with NO_COLOR, unless FORCE_COLOR asks for them. */
export function terminalStyle(stream: TerminalFacts, env = process.env): TerminalStyle {
    const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0";
    const depth = env.NO_COLOR || !(stream.isTTY || forced) ? 1 : (stream.getColorDepth?.(env) ?? 8);
    return { width: stream.columns ?? 80, colours: depth >= 8 ? 256 : depth >= 4 ? 16 : 0 };
}

async function serve(options: MapOptions): Promise<number> {
    const { stack, port = DEFAULT_PORT, signal, read = clusterReader() } = options;
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
    await aborted(signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]));
    await server.close();
    if (wrongHost !== undefined) throw wrongHost;
    return EXIT.ok;
}

const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
    });
