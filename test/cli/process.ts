/** The `swarm` command in a process of its own, which gets nothing of this one's environment. */
import path from "node:path";
import { execa } from "execa";

export const swarm = path.join(import.meta.dirname, "..", "..", "cli", "bin", "swarm");

export interface Ran {
    readonly status: number | undefined;
    readonly out: string;
    readonly err: string;
}

/** @param bin A folder in front of node's own and the system's on PATH. */
export async function runSwarm(
    args: readonly string[],
    options: { bin?: string; env: Record<string, string>; input?: string; cwd: string },
): Promise<Ran> {
    const { bin, env, input = "", cwd } = options;
    const { exitCode, stdout, stderr } = await execa(swarm, args, {
        reject: false,
        input,
        extendEnv: false,
        cwd,
        stripFinalNewline: false,
        env: {
            PATH: [bin, path.dirname(process.execPath), "/usr/bin", "/bin"]
                .filter(Boolean)
                .join(path.delimiter),
            ...env,
        },
        timeout: 30_000,
    });
    return { status: exitCode, out: stdout, err: stderr };
}
