/** Running commands on nodes by the system's `ssh`. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import type { Access } from "./access.ts";
import { collected, inTerminal, type Ran } from "./children.ts";
import { CliError, EXIT } from "./errors.ts";
import { hostAlias } from "./sshFiles.ts";
import type { StackNode } from "./stackState.ts";
import { oneLine, shellWord } from "./words.ts";

/** ssh's own exit status when it could not log in, or lost the connection. */
const SSH_FAILED = 255;

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

export interface SshRun {
    readonly child: ChildProcess;
    /**
     * To be called with the status when it has ended: why nobody could log in, or the connection broke; undefined where
     * the command has ended, with whatever status.
     */
    failure(status: number): LoginError | undefined;
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
    const child = spawn("ssh", args, { stdio: "pipe", signal });
    let said = "";
    // However it ends, and whether anybody asks: the file is not to stay.
    child.once("close", () => {
        said = words.take();
    });
    return { child, failure: (status) => failureOf(node, status, said) };
}

function failureOf(node: StackNode, status: number, said: string): LoginError | undefined {
    return status === SSH_FAILED && said !== "" ? loginError(node, said) : undefined;
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
    const ran = await collected(child, "ssh", options.input).catch((error: Error) => {
        if (!limit.aborted) throw error;
        throw new LoginError(`${node.name} (${node.publicIp}): no answer in time`, "; is it overloaded?");
    });
    const failed = failure(ran.status);
    if (failed) throw failed;
    // The one word that ssh puts on standard error in spite of -E.
    if (ran.status === SSH_FAILED && /Connection to \S+ closed by remote host\.\s*$/.test(ran.stderr))
        throw loginError(node, ran.stderr);
    return ran;
}

/** Why ssh could not log in, in one line. */
export function loginError(node: Pick<StackNode, "name" | "publicIp">, stderr: string): LoginError {
    const where = `${node.name} (${node.publicIp})`;
    const strange = /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|no matching host key type/i;
    if (strange.test(stderr)) {
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
    const words = sshWords(access);
    const args = sshArgs(access, node, [isTerminal() ? "-t" : "-T", "-E", words.file]);
    const status = await inTerminal("ssh", line === undefined ? args : [...args, line]);
    const failed = failureOf(node, status, words.take());
    if (failed) throw failed;
    return status;
}

/** Whether a person reads and types here. */
export const isTerminal = () => process.stdin.isTTY === true && process.stdout.isTTY === true;
