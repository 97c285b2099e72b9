/** The docker client on this machine, led to a node: or, where there is none, the one on the node. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream";
import type { Access } from "./access.ts";
import { CliError } from "./errors.ts";
import {
    endStatus,
    inTerminal,
    loginError,
    onNode,
    type SshWords,
    spawnFailure,
    sshArgs,
    sshWords,
    startSsh,
} from "./ssh.ts";
import { hostAlias } from "./sshFiles.ts";
import type { StackNode } from "./stackState.ts";
import { paint } from "./table.ts";
import { oneLine, shellWord } from "./words.ts";

/** The folder with the `ssh` that docker is to run. */
export const wrapperFolder = path.join(import.meta.dirname, "wrapper");

/** What else would lead a docker client somewhere. */
export const DOCKER_ELSEWHERE = ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] as const;

export function dockerUrl({ state }: Access, node: StackNode): string {
    return `ssh://${hostAlias(node.name, state.local)}`;
}

/** Whether a program is on PATH. */
export function onPath(program: string, PATH = process.env.PATH ?? ""): boolean {
    return PATH.split(path.delimiter).some((folder) => {
        try {
            accessSync(path.join(folder, program), constants.X_OK);
            return true;
        } catch {
            return false;
        }
    });
}

interface Call {
    readonly program: string;
    readonly args: readonly string[];
    readonly env: NodeJS.ProcessEnv;
}

/** How to run docker with these arguments for a node. A docker of this machine sees this machine's files. */
function dockerCall(
    access: Access,
    node: StackNode,
    args: readonly string[],
    words: SshWords,
    terminal: boolean,
): Call {
    const before = sshArgs(access, node, [terminal ? "-t" : "-T", "-E", words.file]);
    if (!onPath("docker")) {
        const remote = ["docker", ...args].map(shellWord).join(" ");
        return {
            program: "ssh",
            args: [...before, remote],
            env: process.env,
        };
    }
    const env: NodeJS.ProcessEnv = {
        ...process.env,
        DOCKER_HOST: dockerUrl(access, node),
        // The pinned hosts and nothing else: a command of ours does not depend on the person's own config.
        SWARM_SSH_CONFIG: access.files.hosts,
        SWARM_SSH_WORDS: words.file,
        PATH: `${wrapperFolder}${path.delimiter}${process.env.PATH ?? ""}`,
    };
    for (const name of DOCKER_ELSEWHERE) delete env[name];
    return { program: "docker", args, env };
}

/** Docker in this terminal, for one node. @returns its exit status. */
export async function dockerHere(access: Access, node: StackNode, args: readonly string[]): Promise<number> {
    const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const words = sshWords(access);
    const { program, args: all, env } = dockerCall(access, node, args, words, terminal);
    const status = await inTerminal(program, all, env);
    return endOf(node, status, words, "swarm: ");
}

/** Docker for a node, each line with the node's name in front. @returns its exit status. */
export async function dockerPrefixed(
    access: Access,
    node: StackNode,
    args: readonly string[],
    options: { readonly width: number; readonly signal: AbortSignal },
): Promise<number> {
    const words = sshWords(access);
    const { program, args: all, env } = dockerCall(access, node, args, words, false);
    const child = spawn(program, all, { env, stdio: ["ignore", "pipe", "pipe"], signal: options.signal });
    const prefix = (to: NodeJS.WritableStream) => `${paint("cyan", node.name.padEnd(options.width), to)} | `;
    forward(child, "stdout", prefix(process.stdout));
    forward(child, "stderr", prefix(process.stderr));
    const status = await new Promise<number>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => resolve(endStatus(code, signal)));
    });
    return endOf(node, status, words, prefix(process.stderr));
}

/** Says what ssh itself has said where docker failed. @returns the status. */
function endOf(node: StackNode, status: number, words: SshWords, prefix: string): number {
    const said = words.take();
    if (status !== 0 && said !== "") process.stderr.write(`${prefix}${loginError(node, said).message}\n`);
    return status;
}

function forward(child: ChildProcess, from: "stdout" | "stderr", prefix: string): void {
    let rest = "";
    const to = process[from];
    child[from]?.setEncoding("utf8");
    child[from]?.on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        to.write(lines.map((line) => `${prefix}${line}\n`).join(""));
    });
    child[from]?.on("end", () => {
        if (rest !== "") to.write(`${prefix}${rest}\n`);
    });
}

/** Whether this machine's docker has an image. @throws CliError With docker's words where it has not. */
export async function requireImage(image: string, signal: AbortSignal): Promise<void> {
    const asked = spawn("docker", ["image", "inspect", "--format", "{{.Id}}", "--", image], {
        stdio: ["ignore", "ignore", "pipe"],
        signal,
    });
    const why = await whyNot(asked, "docker");
    if (why !== undefined) throw new CliError(`docker of this machine: ${why}`);
}

/**
 * Pipes an image of this machine's docker into a node's.
 *
 * @returns why it is not there; undefined where it is. @throws LoginError For a node without an address.
 */
export async function sendImage(
    access: Access,
    node: StackNode,
    image: string,
    signal: AbortSignal,
): Promise<string | undefined> {
    const { child: load, failure } = startSsh(access, node, "docker load -q", signal);
    const save = spawn("docker", ["save", "--", image], { stdio: ["ignore", "pipe", "pipe"], signal });
    load.stdout?.resume();
    // Not handed over as a file: this process would read along. Whichever ends early has its reason in its own end.
    let whole = false;
    if (load.stdin)
        pipeline(save.stdout, load.stdin, (error) => {
            whole = !error;
        });
    const saving = whyNot(save, "docker");
    const loaded = await whyNot(load, "ssh", (status) => failure(status)?.message);
    if (loaded === undefined) return undefined;
    save.kill();
    const saved = await saving;
    // What a client says whose reader is gone is no reason.
    return whole && saved !== undefined ? `docker save: ${saved}` : loaded;
}

/** @param ownFailure Gives ssh's own reason. @returns why a child has failed; undefined where it has not. */
async function whyNot(
    child: ChildProcess,
    program: string,
    ownFailure: (status: number | null) => string | undefined = () => undefined,
): Promise<string | undefined> {
    let said = "";
    child.stderr?.on("data", (chunk) => {
        said += chunk;
    });
    return await new Promise((resolve) => {
        child.on("error", (error) => resolve(spawnFailure(error, program).message));
        child.on("close", (code, signal) => {
            const status = endStatus(code, signal);
            resolve(ownFailure(code) ?? (status === 0 ? undefined : oneLine(said) || `status ${status}`));
        });
    });
}

/** Docker on a node, for what it does and not for what it prints. @throws CliError With docker's words. */
export async function dockerQuiet(
    access: Access,
    node: StackNode,
    args: readonly string[],
    signal: AbortSignal,
): Promise<void> {
    const command = ["docker", ...args].map(shellWord).join(" ");
    const { status, stderr } = await onNode(access, node, command, { signal });
    if (status !== 0) throw new CliError(`${node.name}: ${oneLine(stderr)}`);
}
