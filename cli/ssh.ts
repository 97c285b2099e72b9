/** Running commands on nodes by the system's `ssh`. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Access } from "./access.ts";
import { CliError, EXIT } from "./errors.ts";
import type { Ran } from "./pulumi.ts";
import { hostAlias } from "./sshFiles.ts";
import type { StackNode } from "./stackState.ts";

/** ssh's own exit status when it could not log in, or lost the connection. */
const SSH_FAILED = 255;

/** Arguments of `ssh` up to the host. What follows it is a command, whatever it begins with. */
export function sshArgs({ state, files }: Access, node: StackNode, more: readonly string[] = []): string[] {
    return ["-F", files.hosts, ...more, "--", hostAlias(node.name, state.names.stack)];
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

/** Starts `ssh` with pipes. */
export function startSsh(
    access: Access,
    node: StackNode,
    command: string,
    signal?: AbortSignal,
): ChildProcess {
    return spawn("ssh", [...sshArgs(access, node, ["-T"]), command], { stdio: "pipe", signal });
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
    options: { readonly signal?: AbortSignal; readonly limitMs?: number; readonly input?: string } = {},
): Promise<Ran> {
    const limit = AbortSignal.timeout(options.limitMs ?? 30_000);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    const child = startSsh(access, node, command, signal);
    // A host that ends before it has read everything is heard from by its status.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (chunk) => out.push(chunk));
    child.stderr?.on("data", (chunk) => err.push(chunk));
    const status = await new Promise<number>((resolve, reject) => {
        child.on("error", (error: NodeJS.ErrnoException) => reject(spawnError(error, node, limit)));
        child.on("close", (code) => resolve(code ?? SSH_FAILED));
    });
    const stderr = Buffer.concat(err).toString("utf8");
    if (status === SSH_FAILED) throw loginError(node, stderr);
    return { status, stdout: Buffer.concat(out).toString("utf8"), stderr };
}

function spawnError(error: NodeJS.ErrnoException, node: StackNode, limit: AbortSignal): Error {
    if (error.code === "ENOENT") return new CliError(NO_SSH);
    if (limit.aborted)
        return new LoginError(`${node.name} (${node.publicIp}): no answer in time`, "; is it overloaded?");
    return error;
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
                `by: pulumi up --replace '**:Droplet::${node.name}'`,
            true,
        );
    }
    if (/Permission denied/.test(stderr)) {
        return new LoginError(
            `${where}: the login with the stack's key is refused`,
            "; is swarm:sshUser right, and is the key still in authorized_keys there?",
        );
    }
    const last = stderr.trim().split("\n").at(-1)?.replace(/\r$/, "") ?? "";
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
    const args = sshArgs(access, node, [terminal ? "-t" : "-T"]);
    let said = "";
    const status = await inTerminal(
        "ssh",
        line === undefined ? args : [...args, line],
        process.env,
        (text) => {
            said = (said + text).slice(-8_000);
        },
    );
    if (status === SSH_FAILED && said !== "") throw loginError(node, said);
    return status;
}

/**
 * Runs a program in this terminal until it ends. Ctrl-C reaches it from the terminal, and this process waits for
 * what it makes of that.
 *
 * @param note Told of what comes on its standard error, which is passed on.
 * @returns its exit status.
 */
export async function inTerminal(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    note?: (text: string) => void,
): Promise<number> {
    const child = spawn(program, args, { stdio: ["inherit", "inherit", note ? "pipe" : "inherit"], env });
    child.stderr?.on("data", (chunk: Buffer) => {
        note?.(chunk.toString("utf8"));
        process.stderr.write(chunk);
    });
    // A signal that was sent to this process alone, and not typed, has to be passed on.
    const pass = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass).on("SIGHUP", pass);
    try {
        return await new Promise((resolve, reject) => {
            child.on("error", (error: NodeJS.ErrnoException) =>
                reject(
                    error.code === "ENOENT"
                        ? new CliError(
                              program === "ssh" ? NO_SSH : `there is no ${program} command on this machine`,
                          )
                        : error,
                ),
            );
            child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
        });
    } finally {
        process.off("SIGTERM", pass).off("SIGHUP", pass);
    }
}

/** An argument as a POSIX shell takes it. */
export function shellWord(text: string): string {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
