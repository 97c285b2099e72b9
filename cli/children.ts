/** Programs that this one runs: what they say, and how they end. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { constants as system } from "node:os";
import path from "node:path";
import { CliError } from "./errors.ts";

export interface Ran {
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
}

export function onPath(program: string): boolean {
    return (process.env.PATH ?? "").split(path.delimiter).some((folder) => {
        try {
            accessSync(path.join(folder, program), constants.X_OK);
            return true;
        } catch {
            return false;
        }
    });
}

const MISSING: Readonly<Record<string, string>> = {
    ssh: "there is no ssh command on this machine; install OpenSSH's client (openssh-client)",
};

/** Why a program could not be started, where that is known. */
export function spawnFailure(error: NodeJS.ErrnoException, program: string): Error {
    if (error.code !== "ENOENT") return error;
    return new CliError(MISSING[program] ?? `there is no ${program} command on this machine`);
}

/**
 * Waits for a child's end. One that is told to end by a signal is waited for, too: nothing stays behind.
 *
 * @returns its status, or 128 and the number of the signal that ended it, as shells have it.
 * @throws CliError Where there is no such program. @throws AbortError Where it was told to end.
 */
export function ended(child: ChildProcess, program: string): Promise<number> {
    return new Promise((resolve, reject) => {
        child.on("error", (error) => {
            const fail = () => reject(spawnFailure(error, program));
            if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) fail();
            else child.once("exit", fail);
        });
        child.on("close", (code, signal) => resolve(code ?? 128 + (signal ? system.signals[signal] : 0)));
    });
}

/** The same with what it has said. @param input What it reads; null where somebody else writes that. */
export async function collected(
    child: ChildProcess,
    program: string,
    input: string | null = "",
): Promise<Ran> {
    // One that ends before it has read everything is heard from by its status.
    child.stdin?.on("error", () => {});
    if (input !== null) child.stdin?.end(input);
    const texts = [child.stdout, child.stderr].map((stream) => {
        const chunks: Buffer[] = [];
        stream?.on("data", (chunk) => chunks.push(chunk));
        return () => Buffer.concat(chunks).toString("utf8");
    });
    const status = await ended(child, program);
    const [stdout = "", stderr = ""] = texts.map((text) => text());
    return { status, stdout, stderr };
}

/**
 * Runs a program in this terminal until it ends. Ctrl-C reaches it from the terminal, and this process waits for what it
 * makes of that.
 */
export async function inTerminal(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
    const child = spawn(program, args, { stdio: "inherit", env });
    // A signal that was sent to this process alone, and not typed, has to be passed on.
    const pass = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass).on("SIGHUP", pass);
    try {
        return await ended(child, program);
    } finally {
        process.off("SIGTERM", pass).off("SIGHUP", pass);
    }
}
