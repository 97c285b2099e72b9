/** Running commands on nodes by the system's `ssh`. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import type { Access } from "./access.ts";
import { CliError, EXIT } from "./errors.ts";
import type { Ran } from "./pulumi.ts";
import { hostAlias } from "./sshFiles.ts";
import type { StackNode } from "./stackState.ts";
import { oneLine, shellWord } from "./words.ts";

/** ssh's own exit status when it could not log in, or lost the connection. */
const SSH_FAILED = 255;

/**
 * Arguments of `ssh` up to the host. What follows it is a command, whatever it begins with.
 *
 * @throws LoginError For a node without an address.
 */
export function sshArgs({ state, files }: Access, node: StackNode, more: readonly string[] = []): string[] {
    if (node.publicIp === "") {
        throw new LoginError(`${node.name} has no address in the state`, "; say: pulumi up --refresh");
    }
    return ["-F", files.hosts, ...more, "--", hostAlias(node.name, state.local)];
}

/** Where `ssh -E` puts its own words: on standard error they could not be told from those of the command that it runs. */
export interface SshWords {
    readonly file: string;
    /** All of them, once ssh has ended; the file is removed. */
    take(): string;
}

let logs = 0;

export function sshWords({ files }: Access): SshWords {
    logs += 1;
    const file = `${files.folder}/words-${process.pid}-${logs}`;
    return {
        file,
        take() {
            try {
                return readFileSync(file, "utf8");
            } catch {
                return "";
            } finally {
                rmSync(file, { force: true });
            }
        },
    };
}

/** A login that failed. `wrongHostKey` is a reason to stop, whoever else might answer. */
export class LoginError extends CliError {
    readonly wrongHostKey: boolean;
    /** The reason without what to do about it, for a list of several. */
    readonly why: string;

    constructor(why: string, advice: string, wrongHostKey = false) {
        super(`${why}${advice}`, EXIT.unreachable);
        this.why = why;
        this.wrongHostKey = wrongHostKey;
    }
}

const NO_SSH = "there is no ssh command on this machine; install OpenSSH's client (openssh-client)";

export interface SshRun {
    readonly child: ChildProcess;
    /**
     * To be called with the status when it has ended: why nobody could log in, or the connection broke; undefined where
     * the command has ended, with whatever status.
     */
    failure(status: number | null): LoginError | undefined;
}

/** Starts `ssh` with pipes. @throws LoginError For a node without an address. */
export function startSsh(
    access: Access,
    node: StackNode,
    command: string,
    signal?: AbortSignal,
    more: readonly string[] = [],
): SshRun {
    const words = sshWords(access);
    const args = [...sshArgs(access, node, ["-T", "-E", words.file, ...more]), command];
    return {
        child: spawn("ssh", args, { stdio: "pipe", signal }),
        failure: (status) => failureOf(node, status, words.take()),
    };
}

function failureOf(node: StackNode, status: number | null, said: string): LoginError | undefined {
    return status === null || (status === SSH_FAILED && said !== "") ? loginError(node, said) : undefined;
}

/**
 * Runs a shell command on a node, and gives what came of it, whatever its status.
 *
 * @throws LoginError When it never ran.
 */
export async function onNode(
    access: Access,
    node: StackNode,
    command: string,
    options: {
        readonly signal?: AbortSignal;
        readonly limitMs?: number;
        readonly input?: string;
        /** Options of ssh that win over those of its config. */
        readonly more?: readonly string[];
    } = {},
): Promise<Ran> {
    const limit = AbortSignal.timeout(options.limitMs ?? 30_000);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    const { child, failure } = startSsh(access, node, command, signal, options.more);
    // A host that ends before it has read everything is heard from by its status.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (chunk) => out.push(chunk));
    child.stderr?.on("data", (chunk) => err.push(chunk));
    const status = await new Promise<number>((resolve, reject) => {
        child.on("error", (error: NodeJS.ErrnoException) => reject(spawnError(error, node, limit)));
        child.on("close", (code) => {
            const failed = failure(code);
            if (failed) reject(failed);
            else resolve(code ?? SSH_FAILED);
        });
    });
    const [stdout = "", stderr = ""] = [out, err].map((chunks) => Buffer.concat(chunks).toString("utf8"));
    // The one word that ssh puts on standard error in spite of -E.
    const broken = status === SSH_FAILED && /Connection to \S+ closed by remote host\.\s*$/.test(stderr);
    if (broken) throw loginError(node, stderr);
    return { status, stdout, stderr };
}

function spawnError(error: NodeJS.ErrnoException, node: StackNode, limit: AbortSignal): Error {
    return limit.aborted
        ? new LoginError(`${node.name} (${node.publicIp}): no answer in time`, "; is it overloaded?")
        : spawnFailure(error);
}

/** Why a program could not be started, where that is known. */
export function spawnFailure(error: NodeJS.ErrnoException, program = "ssh"): Error {
    return error.code === "ENOENT"
        ? new CliError(program === "ssh" ? NO_SSH : `there is no ${program} command on this machine`)
        : error;
}

/** Whether ssh's words mean that the host key is not the pinned one. */
function isWrongHostKey(stderr: string): boolean {
    return /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|no matching host key type/i.test(
        stderr,
    );
}

/** Why ssh could not log in, in one line. */
export function loginError(node: Pick<StackNode, "name" | "publicIp">, stderr: string): LoginError {
    const where = `${node.name} (${node.publicIp})`;
    if (isWrongHostKey(stderr)) {
        return new LoginError(
            `WRONG HOST KEY: another machine answers at ${where}, or somebody is in between`,
            ". Nothing was sent there. Find out which before anything else; a node that was changed by hand is made anew " +
                `by: cli/bin/swarm replace ${node.name}`,
            true,
        );
    }
    if (/Permission denied/.test(stderr)) {
        return new LoginError(
            `${where}: the login with the stack's key is refused`,
            "; is swarm:sshUser right, and is the key still in authorized_keys there?",
        );
    }
    if (/bad configuration option|^\S+ line \d+: /im.test(stderr)) {
        return new LoginError(
            `${where}: ssh refuses its configuration: ${oneLine(stderr)}`,
            "; this machine's ssh is at fault, not the node: is it OpenSSH 8 or newer?",
        );
    }
    const last = oneLine(stderr.trim().split("\n").at(-1) ?? "");
    // "ssh: connect to host 203.0.113.7 port 22: No route to host"
    const why = last.replace(/^ssh: /, "").replace(/^connect to host \S+ port 22: /, "");
    return new LoginError(
        `${where}: no SSH: ${why || "the connection ended"}`,
        "; does the droplet run, and does swarm:sshFrom let this machine in?",
    );
}

/**
 * A shell, or a command, on a node in this terminal.
 *
 * @param command One word is a line for the shell there; several are a command with its arguments.
 * @returns the command's exit status. @throws LoginError
 */
export async function login(access: Access, node: StackNode, command: readonly string[]): Promise<number> {
    const line = command.length > 1 ? command.map(shellWord).join(" ") : command[0];
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    const words = sshWords(access);
    const args = sshArgs(access, node, [terminal ? "-t" : "-T", "-E", words.file]);
    const status = await inTerminal("ssh", line === undefined ? args : [...args, line], process.env);
    const failed = failureOf(node, status, words.take());
    if (failed) throw failed;
    return status;
}

/**
 * Runs a program in this terminal until it ends. Ctrl-C reaches it from the terminal, and this process waits for
 * what it makes of that.
 *
 * @returns its exit status; 128 and the signal's number where a signal has ended it, as shells have it.
 */
export async function inTerminal(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
): Promise<number> {
    const child = spawn(program, args, { stdio: "inherit", env });
    // A signal that was sent to this process alone, and not typed, has to be passed on.
    const pass = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass).on("SIGHUP", pass);
    try {
        return await new Promise((resolve, reject) => {
            child.on("error", (error) => reject(spawnFailure(error, program)));
            child.on("close", (code, signal) => resolve(endStatus(code, signal)));
        });
    } finally {
        process.off("SIGTERM", pass).off("SIGHUP", pass);
    }
}

/** What a child has ended with: its status, or 128 and the number of the signal that ended it. */
export function endStatus(code: number | null, signal: NodeJS.Signals | null): number {
    return code ?? 128 + (signal ? constants.signals[signal] : 0);
}
