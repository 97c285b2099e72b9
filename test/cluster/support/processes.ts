/** The processes of one engine run, told from all others by a variable in their environment. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What plugins, language host and program inherit from the command line that started them. */
export const RUN_VARIABLE = "SWARM_TEST_RUN";

/** How long those of an ended run have to notice its end. */
const GRACE_MS = 10_000;

export interface Process {
    readonly pid: number;
    /** Its arguments, by spaces. */
    readonly command: string;
}

/** Those that live and carry the run's mark, in the order of their IDs. */
export function processesOf(run: string): Process[] {
    const mark = `${RUN_VARIABLE}=${run}`;
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => read(pid, "environ").split("\0").includes(mark))
        .map((pid) => ({
            pid: Number(pid),
            command: read(pid, "cmdline").replaceAll("\0", " ").trim(),
        }))
        .sort((one, other) => one.pid - other.pid);
}

/** Of a process that has just ended, or is another user's, there is nothing to read. */
function read(pid: string, file: string): string {
    try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
        return "";
    }
}

/** The plugin of that name in a run, an official one or the lab's own; undefined while none runs. */
export function pluginOf(run: string, name: string): Process | undefined {
    const program = new RegExp(`pulumi-resource-${name}\\b|/plugins/${name}/main\\.ts`);
    return processesOf(run).find(({ command }) => program.test(command));
}

/**
 * Waits until nothing of a run lives, and kills what does not end by itself: whatever went on would work against the
 * next run, which a person starts later than a test does.
 *
 * @returns what had to be killed.
 */
export async function endOf(run: string): Promise<Process[]> {
    const deadline = Date.now() + GRACE_MS;
    while (processesOf(run).length > 0 && Date.now() < deadline) await sleep(50);
    const left = processesOf(run);
    for (const { pid } of left) signal(pid, "SIGKILL");
    for (const until = Date.now() + GRACE_MS; processesOf(run).length > 0; await sleep(50)) {
        if (Date.now() > until)
            throw new Error(
                `still there ${GRACE_MS / 1000} s after SIGKILL: ${JSON.stringify(processesOf(run))}`,
            );
    }
    return left;
}

/** Sends a signal to one process, and says whether it was still there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
    try {
        return process.kill(pid, name);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
        return false;
    }
}
