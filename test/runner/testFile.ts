/** Runs one test file in a session of its own, which is ended, with all that runs in it, if it does not end in time. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { type Counts, judge, type Message, type Tally } from "./counts.ts";
import { end, ofSession, signal } from "./processes.ts";

export const root = path.resolve(import.meta.dirname, "../..");

/** From the signal that a program may heed, such as Pulumi to unlock its state, to the one that it cannot. */
const GRACE_MS = 10_000;

export interface Options {
    readonly limitMs: number;
    readonly env?: NodeJS.ProcessEnv;
    /** What becomes of a line that it prints; absent: it goes where the runner's own go. */
    readonly print?: (line: string) => void;
    readonly graceMs?: number;
}

/** Sessions of the test files under way: tests start programs of their own. */
const running = new Set<number>();
let ending = false;

/** Ends all tests under way, with whatever they have started; none begins any more. */
export function endTests(): void {
    ending = true;
    for (const session of running) signal(ofSession(session), "SIGTERM");
}

export async function runTestFile(file: string, options: Options): Promise<Counts> {
    const { limitMs, env, print, graceMs = GRACE_MS } = options;
    if (ending) return { passed: 0, failed: 1 };
    const output = print ? "pipe" : "inherit";
    const child = spawn(
        process.execPath,
        ["--import=./test/runner/begun.ts", "--test-reporter=./test/runner/reporter.ts", file],
        {
            cwd: root,
            // Without the mark of a test that is run by another: the reporter is the one named here.
            env: { ...process.env, NODE_NO_WARNINGS: "1", NODE_TEST_CONTEXT: undefined, ...env },
            stdio: ["ignore", output, output, "ipc"],
            detached: true,
        },
    );
    let begun: string | undefined;
    let tally: Tally | undefined;
    child.on("message", (message: Message) => {
        if ("begun" in message) begun = message.begun;
        else tally = message.ended;
    });
    for (const stream of [child.stdout, child.stderr]) {
        if (stream && print) createInterface({ input: stream }).on("line", print);
    }
    const ended = endOf(child);
    let late = false;
    const limit = setTimeout(() => {
        late = true;
        void end(() => ofSession(child.pid as number), graceMs).then(() => {
            // What has a session of its own may hold them open.
            child.stdout?.destroy();
            child.stderr?.destroy();
        });
    }, limitMs);
    if (child.pid) running.add(child.pid);
    const { status, signal: by } = await ended;
    if (child.pid) running.delete(child.pid);
    clearTimeout(limit);
    const { fault, ...counts } = judge({
        status,
        signal: by,
        limitMs: late ? limitMs : undefined,
        begun,
        tally,
    });
    if (fault) (print ?? console.error)(`✖ ${file} ${fault}`);
    return counts;
}

export function endOf(
    child: ChildProcess,
): Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }> {
    return new Promise((resolve) => {
        child.on("error", (error) => {
            console.error(error.message);
            resolve({ status: 127, signal: null });
        });
        child.on("close", (status, signal) => resolve({ status, signal }));
    });
}
