/** Finds and ends what a test has started, in whatever process group: `timeout` makes one of its own for each command. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** After SIGKILL; a process that still runs then waits for the kernel. */
const KILLED_MS = 5000;

function read(pid: number, file: "stat" | "environ"): string {
    try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
        return "";
    }
}

/** State and session, which follow the name in brackets; a process that has ended has none. */
function stat(pid: number): { readonly runs: boolean; readonly session: number } {
    const [, state = "X", , , session] = read(pid, "stat").split(/.*\) | /s);
    return { runs: !/[ZX]/.test(state), session: Number(session) };
}

export const runs = (pid: number): boolean => stat(pid).runs;

const all = (): number[] => readdirSync("/proc").map(Number).filter(Number.isInteger).filter(runs);

export const ofSession = (session: number): number[] => all().filter((pid) => stat(pid).session === session);

/** Those that were given the variable, as `NAME=value`, and whatever they have started. */
export const withVariable = (variable: string): number[] =>
    all().filter((pid) => read(pid, "environ").split("\0").includes(variable));

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
    for (const pid of pids) {
        try {
            process.kill(pid, name);
        } catch {
            // It has just ended.
        }
    }
}

/** Asks all that are found to end, and ends those that have not within the time, and what they start meanwhile. */
export async function end(found: () => readonly number[], graceMs: number): Promise<void> {
    signal(found(), "SIGTERM");
    const grace = Date.now() + graceMs;
    while (found().length > 0 && Date.now() < grace) await sleep(50);
    const deadline = Date.now() + KILLED_MS;
    for (let pids = found(); pids.length > 0 && Date.now() < deadline; pids = found()) {
        signal(pids, "SIGKILL");
        await sleep(20);
    }
}
