/**
 * Docker's API of a node, through `ssh ... docker system dial-stdio`, which is how the docker client itself reaches
 * a host of the form ssh://: one login for all questions, and answers as the API gives them.
 */
import { type IncomingMessage, request } from "node:http";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { OneConnection } from "../look/oneConnection.ts";
import type { Access } from "./access.ts";
import { ended } from "./children.ts";
import { CliError, EXIT } from "./errors.ts";
import { startSsh } from "./ssh.ts";
import type { StackNode } from "./stackState.ts";
import { oneLine } from "./words.ts";

export interface DockerApi {
    /** @throws CliError With Docker's own words when it refuses. */
    get<T>(path: string): Promise<T>;
    close(): void;
}

export class DockerError extends CliError {
    readonly httpStatus: number;

    constructor(message: string, httpStatus: number) {
        super(oneLine(message), EXIT.unreachable);
        this.httpStatus = httpStatus;
    }
}

const ANSWER_MS = 20_000;

export function dockerApi(access: Access, node: StackNode, signal?: AbortSignal): DockerApi {
    const done = new AbortController();
    const { child, failure } = startSsh(
        access,
        node,
        "docker system dial-stdio",
        signal ? AbortSignal.any([signal, done.signal]) : done.signal,
    );
    const { stdin, stdout, stderr } = child;
    if (!stdin || !stdout || !stderr) throw new Error("ssh was started without pipes");
    let said = "";
    stderr.on("data", (chunk) => {
        said += chunk;
    });
    const over = ended(child, "ssh").then(
        (status) =>
            failure(status) ??
            new DockerError(
                `${node.name}: Docker does not answer: ${said.trim().split("\n").at(-1) || `status ${status}`}`,
                0,
            ),
        (error: Error) => error,
    );
    const stream = Duplex.from({ readable: stdout, writable: stdin });
    // Whatever it is shows in the request that was under way, or in the end of ssh.
    stream.on("error", () => {});
    const agent = new OneConnection(stream);

    async function asked(path: string): Promise<string> {
        const answer = new Promise<IncomingMessage>((resolve, reject) => {
            // Why there is no answer shows in the end of ssh.
            request({ agent, host: "docker", path }, resolve)
                .on("error", () => over.then(reject))
                .end();
            void over.then(reject);
        });
        const response = await answer;
        const body = await text(response).catch((error: Error) =>
            Promise.race([over, sleep(1_000, error, { ref: false })]).then((reason) =>
                Promise.reject(reason),
            ),
        );
        const status = response.statusCode ?? 0;
        if (status >= 400) throw new DockerError(`${node.name}: ${messageIn(body)}`, status);
        return body;
    }

    return {
        get: <T>(path: string) =>
            new Promise<T>((resolve, reject) => {
                const late = `${node.name}: Docker gave no answer to ${path} in ${ANSWER_MS / 1000} s`;
                const timer = setTimeout(() => reject(new DockerError(late, 0)), ANSWER_MS);
                asked(path)
                    .then(JSON.parse)
                    .then(resolve, reject)
                    .finally(() => clearTimeout(timer));
            }),
        close() {
            done.abort();
            agent.destroy();
        },
    };
}

/** Asks the API of a node, and ends the connection. */
export async function askDocker<T>(
    access: Access,
    node: StackNode,
    signal: AbortSignal,
    ask: (api: DockerApi) => Promise<T>,
): Promise<T> {
    const api = dockerApi(access, node, signal);
    try {
        return await ask(api);
    } finally {
        api.close();
    }
}

function messageIn(body: string): string {
    try {
        return (JSON.parse(body) as { message: string }).message;
    } catch {
        return body.trim();
    }
}
