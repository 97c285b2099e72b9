/**
 * Docker's API of a node, through `ssh ... docker system dial-stdio`, which is how the docker client itself reaches
 * a host of the form ssh://: one login for all questions, and answers as the API gives them.
 */
import { type IncomingMessage, request } from "node:http";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { OneConnection } from "../look/oneConnection.ts";
import type { Access } from "./access.ts";
import { CliError, EXIT } from "./errors.ts";
import { spawnFailure, startSsh } from "./ssh.ts";
import type { StackNode } from "./stackState.ts";
import { oneLine } from "./words.ts";

export interface DockerApi {
    /** @throws CliError With Docker's own words when it refuses. */
    get<T>(path: string): Promise<T>;
    /** An answer that goes on, a piece at a time. @throws CliError As `get`. */
    stream(path: string): Promise<AsyncIterable<Buffer>>;
    close(): void;
}

/** Docker's refusal of a question. */
export class DockerError extends CliError {
    readonly httpStatus: number;

    constructor(text: string, httpStatus: number) {
        super(oneLine(text), EXIT.unreachable);
        this.httpStatus = httpStatus;
    }
}

/** Longest that one answer may take. */
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
    const ended = new Promise<Error>((resolve) => {
        child.on("error", (error) => resolve(spawnFailure(error)));
        child.on("close", (status) =>
            resolve(
                failure(status) ??
                    new DockerError(
                        `${node.name}: Docker does not answer: ${lastLine(said) || `status ${status}`}`,
                        0,
                    ),
            ),
        );
    });
    const stream = Duplex.from({ readable: stdout, writable: stdin });
    // Whatever it is shows in the request that was under way, or in the end of ssh.
    stream.on("error", () => {});
    const agent = new OneConnection(stream);

    /** Within `ANSWER_MS`. */
    function inTime<T>(path: string, work: Promise<T>): Promise<T> {
        return new Promise((resolve, reject) => {
            const late = `${node.name}: Docker gave no answer to ${path} in ${ANSWER_MS / 1000} s`;
            const timer = setTimeout(() => reject(new DockerError(late, 0)), ANSWER_MS);
            work.then(resolve, reject).finally(() => clearTimeout(timer));
        });
    }

    async function open(path: string): Promise<IncomingMessage> {
        const answer = new Promise<IncomingMessage>((resolve, reject) => {
            const asked = request({ agent, host: "docker", path }, resolve);
            asked.on("error", () => ended.then(reject));
            asked.end();
            void ended.then(reject);
        });
        const response = await inTime(path, answer);
        const status = response.statusCode ?? 0;
        if (status >= 400)
            throw new DockerError(
                `${node.name}: ${messageIn(await inTime(path, textOf(pieces(response))))}`,
                status,
            );
        return response;
    }

    /** The answer's pieces. That it breaks off has its reason in the end of ssh, which is there at once. */
    async function* pieces(response: IncomingMessage): AsyncGenerator<Buffer> {
        try {
            yield* response;
        } catch (error) {
            throw await Promise.race([ended, sleep(1_000, error as Error, { ref: false })]);
        }
    }

    return {
        async get<T>(path: string): Promise<T> {
            const response = await open(path);
            return JSON.parse(await inTime(path, textOf(pieces(response)))) as T;
        },
        stream: async (path) => pieces(await open(path)),
        close() {
            done.abort();
            agent.destroy();
        },
    };
}

async function textOf(pieces: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const piece of pieces) chunks.push(piece);
    return Buffer.concat(chunks).toString("utf8");
}

function messageIn(text: string): string {
    try {
        return (JSON.parse(text) as { message: string }).message;
    } catch {
        return text.trim();
    }
}

function lastLine(text: string): string {
    return text.trim().split("\n").at(-1) ?? "";
}
