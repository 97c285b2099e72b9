/** The docker client on this machine, led to a node: or, where there is none, the one on the node. */
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream";
import type { Access } from "./access.ts";
import { collected, ended, inTerminal, onPath, type Ran } from "./children.ts";
import { CliError } from "./errors.ts";
import { isTerminal, loginError, onNode, type SshWords, sshArgs, sshWords, startSsh } from "./ssh.ts";
import { hostAlias } from "./sshFiles.ts";
import type { StackNode } from "./stackState.ts";
import { oneLine, shellWord } from "./words.ts";

/** The folder with the `ssh` that docker is to run. */
export const wrapperFolder = path.join(import.meta.dirname, "wrapper");

/** What else would lead a docker client somewhere. */
export const DOCKER_ELSEWHERE = ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] as const;

export function dockerUrl({ state }: Access, node: StackNode): string {
    return `ssh://${hostAlias(node.name, state.local)}`;
}

type Call = readonly [program: string, args: readonly string[], env: NodeJS.ProcessEnv];

/** How to run docker with these arguments for a node. A docker of this machine sees this machine's files. */
function dockerCall(
    access: Access,
    node: StackNode,
    args: readonly string[],
    words: SshWords,
    terminal: boolean,
): Call {
    const before = sshArgs(access, node, [terminal ? "-t" : "-T", "-E", words.file]);
    if (!onPath("docker")) return ["ssh", [...before, dockerLine(args)], process.env];
    const env: NodeJS.ProcessEnv = {
        ...process.env,
        DOCKER_HOST: dockerUrl(access, node),
        // The pinned hosts and nothing else: a command of ours does not depend on the person's own config.
        SWARM_SSH_CONFIG: access.files.hosts,
        SWARM_SSH_WORDS: words.file,
        PATH: `${wrapperFolder}${path.delimiter}${process.env.PATH ?? ""}`,
    };
    for (const name of DOCKER_ELSEWHERE) delete env[name];
    return ["docker", args, env];
}

const dockerLine = (args: readonly string[]) => ["docker", ...args].map(shellWord).join(" ");

/** Docker in this terminal, for one node. @returns its exit status. */
export async function dockerHere(access: Access, node: StackNode, args: readonly string[]): Promise<number> {
    const words = sshWords(access);
    const status = await inTerminal(...dockerCall(access, node, args, words, isTerminal()));
    return endOf(node, status, words, "swarm: ");
}

/**
 * Docker for a node beside others: line by line, so that theirs do not mix.
 *
 * @param prefix What stands in front of each line. @returns its exit status.
 */
export async function dockerLines(
    access: Access,
    node: StackNode,
    args: readonly string[],
    signal: AbortSignal,
    prefix?: (stream: NodeJS.WritableStream) => string,
): Promise<number> {
    const words = sshWords(access);
    const [program, all, env] = dockerCall(access, node, args, words, false);
    const child = spawn(program, all, { env, stdio: ["ignore", "pipe", "pipe"], signal });
    for (const name of ["stdout", "stderr"] as const) {
        const front = prefix?.(process[name]) ?? "";
        createInterface({ input: child[name] }).on("line", (line) =>
            process[name].write(`${front}${line}\n`),
        );
    }
    try {
        return endOf(node, await ended(child, program), words, prefix?.(process.stderr) ?? "swarm: ");
    } finally {
        words.take();
    }
}

/** Says what ssh itself has said where docker failed. @returns the status. */
function endOf(node: StackNode, status: number, words: SshWords, prefix: string): number {
    const said = words.take();
    if (status !== 0 && said !== "") process.stderr.write(`${prefix}${loginError(node, said).message}\n`);
    return status;
}

/** Whether this machine's docker has an image. @throws CliError With docker's words where it has not. */
export async function requireImage(image: string, signal: AbortSignal): Promise<void> {
    const args = ["image", "inspect", "--format", "{{.Id}}", "--", image];
    const { status, stderr } = await collected(spawn("docker", args, { signal }), "docker");
    if (status !== 0) throw new CliError(`docker of this machine: ${oneLine(stderr) || `status ${status}`}`);
}

/** Longest that nothing of an image may move, in ms: what a node does with a big one after its last piece is within it. */
const STALL_MS = 300_000;

/**
 * Pipes an image of this machine's docker into a node's.
 *
 * @throws CliError that says why it is not there.
 */
export async function sendImage(
    access: Access,
    node: StackNode,
    image: string,
    signal: AbortSignal,
    stallMs = STALL_MS,
): Promise<void> {
    const stalled = new AbortController();
    const any = AbortSignal.any([signal, stalled.signal]);
    const { child: load, failure } = startSsh(access, node, "docker load -q", any);
    const save = spawn("docker", ["save", "--", image], { stdio: ["ignore", "pipe", "pipe"], signal: any });
    const timer = setTimeout(() => stalled.abort(), stallMs);
    let sent = 0;
    save.stdout.on("data", (chunk) => {
        sent += chunk.length;
        timer.refresh();
    });
    // Whichever ends early has its reason in its own end; what a client says whose reader is gone is none.
    let whole = false;
    if (load.stdin)
        pipeline(save.stdout, load.stdin, (error) => {
            whole = !error;
        });
    const why = ({ status, stderr }: Ran) =>
        status === 0 ? undefined : oneLine(stderr) || `status ${status}`;
    const saving = collected(save, "docker").then(why, (error: Error) => error.message);
    try {
        const loaded = await collected(load, "ssh", null);
        const failed = failure(loaded.status);
        if (failed) throw failed;
        if (loaded.status === 0) return;
        const saved = whole ? await saving : undefined;
        throw new CliError(saved === undefined ? (why(loaded) as string) : `docker save: ${saved}`);
    } catch (error) {
        if (!stalled.signal.aborted) throw error;
        throw new CliError(
            `waited ${stallMs / 1000} s for it to take the image on; ${(sent / 2 ** 20).toFixed(1)} MiB were sent`,
        );
    } finally {
        clearTimeout(timer);
        save.kill();
    }
}

/** Docker on a node, for what it does and not for what it prints. @throws CliError With docker's words. */
export async function dockerQuiet(
    access: Access,
    node: StackNode,
    args: readonly string[],
    signal: AbortSignal,
): Promise<void> {
    const { status, stderr } = await onNode(access, node, dockerLine(args), { signal });
    if (status !== 0) throw new CliError(`${node.name}: ${oneLine(stderr)}`);
}
