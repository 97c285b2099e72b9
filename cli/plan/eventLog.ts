/**
 * The engine's log of events, of which only violated policies are of use here. The log holds in clear what the state keeps
 * encrypted, keys and tokens among it, so it must not come to lie on a disk: the engine writes into a named pipe, and what
 * is not of use is dropped on its way.
 */
import { execFile, spawn } from "node:child_process";
import { constants } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Milliseconds between two tries to end the reading. */
const LOOK_MS = 20;

/**
 * Does the work with options for the engine that have it write its log, and gives the lines about policies.
 *
 * @param work Ends after the engine has. Without `mkfifo` on this machine its options are none, and there are no lines.
 */
export async function withPolicyEvents<T>(
    work: (options: readonly string[]) => Promise<T>,
): Promise<{ readonly result: T; readonly lines: string }> {
    const folder = await mkdtemp(path.join(tmpdir(), "swarm-plan-"));
    try {
        const pipe = path.join(folder, "events");
        try {
            await promisify(execFile)("mkfifo", ["-m", "600", pipe]);
        } catch {
            return { result: await work([]), lines: "" };
        }
        const lines = policyLines(pipe);
        try {
            return { result: await work(["--event-log", pipe]), lines: await released(pipe, lines) };
        } finally {
            await released(pipe, lines);
        }
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/** Reads the pipe to its end. A process of its own does, since it waits in the opening until somebody writes. */
function policyLines(pipe: string): Promise<string> {
    return new Promise((resolve, reject) => {
        const child = spawn("grep", ["policyEvent", pipe], { stdio: ["ignore", "pipe", "ignore"] });
        const found: Buffer[] = [];
        child.stdout.on("data", (chunk) => found.push(chunk));
        child.on("error", reject);
        child.on("close", () => resolve(Buffer.concat(found).toString("utf8")));
    });
}

/**
 * Has the reading end, now that the engine has. One that never opened its log would leave the reader waiting: opened and
 * closed here, the pipe ends. Until the reader has opened it, or once it has ended, that is refused.
 */
async function released(pipe: string, lines: Promise<string>): Promise<string> {
    const { O_WRONLY, O_NONBLOCK } = constants;
    const ended = lines.then(() => true);
    while (!(await Promise.race([ended, sleep(LOOK_MS, false)]))) {
        const writer = await open(pipe, O_WRONLY | O_NONBLOCK).catch(() => undefined);
        await writer?.close();
    }
    return await lines;
}
