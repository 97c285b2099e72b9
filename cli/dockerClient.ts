/** The docker client on this machine, led to a node: or, where there is none, the one on the node. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import type { Access } from "./access.ts";
import { inTerminal, loginError, shellWord, sshArgs } from "./ssh.ts";
import { hostAlias } from "./sshFiles.ts";
import type { StackNode } from "./stackState.ts";
import { paint } from "./table.ts";

/** The folder with the `ssh` that docker is to run. */
export const wrapperFolder = path.join(import.meta.dirname, "wrapper");

/** What else would lead a docker client somewhere. */
export const DOCKER_ELSEWHERE = ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] as const;

export function dockerUrl({ state }: Access, node: StackNode): string {
    return `ssh://${hostAlias(node.name, state.names.stack)}`;
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
function dockerCall(access: Access, node: StackNode, args: readonly string[], terminal: boolean): Call {
    if (!onPath("docker")) {
        const remote = ["docker", ...args].map(shellWord).join(" ");
        return {
            program: "ssh",
            args: [...sshArgs(access, node, [terminal ? "-t" : "-T"]), remote],
            env: process.env,
        };
    }
    const env: NodeJS.ProcessEnv = {
        ...process.env,
        DOCKER_HOST: dockerUrl(access, node),
        // The pinned hosts and nothing else: a command of ours does not depend on the person's own config.
        SWARM_SSH_CONFIG: access.files.hosts,
        PATH: `${wrapperFolder}${path.delimiter}${process.env.PATH ?? ""}`,
    };
    for (const name of DOCKER_ELSEWHERE) delete env[name];
    return { program: "docker", args, env };
}

/** Docker in this terminal, for one node. @returns its exit status. */
export async function dockerHere(access: Access, node: StackNode, args: readonly string[]): Promise<number> {
    const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const { program, args: all, env } = dockerCall(access, node, args, terminal);
    return await inTerminal(program, all, env);
}

/** Docker for a node, each line with the node's name in front. @returns its exit status. */
export async function dockerPrefixed(
    access: Access,
    node: StackNode,
    args: readonly string[],
    options: { readonly width: number; readonly signal: AbortSignal },
): Promise<number> {
    const { program, args: all, env } = dockerCall(access, node, args, false);
    const child = spawn(program, all, { env, stdio: ["ignore", "pipe", "pipe"], signal: options.signal });
    const prefix = `${paint("cyan", node.name.padEnd(options.width))} | `;
    let said = "";
    forward(child, "stdout", prefix);
    forward(child, "stderr", prefix, (text) => {
        said = (said + text).slice(-8_000);
    });
    const status = await new Promise<number>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => resolve(code ?? 1));
    });
    const failed = loginError(node, said);
    if (status !== 0 && failed.wrongHostKey) process.stderr.write(`${prefix}${failed.message}\n`);
    return status;
}

function forward(
    child: ChildProcess,
    from: "stdout" | "stderr",
    prefix: string,
    note?: (text: string) => void,
): void {
    let rest = "";
    const to = process[from];
    child[from]?.setEncoding("utf8");
    child[from]?.on("data", (text: string) => {
        note?.(text);
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        to.write(lines.map((line) => `${prefix}${line}\n`).join(""));
    });
    child[from]?.on("end", () => {
        if (rest !== "") to.write(`${prefix}${rest}\n`);
    });
}
