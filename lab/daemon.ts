import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError, messageOf } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { isAlive, lastLines, readRecord, stop, writeRecord } from "./processes.ts";

const START_MS = 60_000;
const STOP_MS = 20_000;
const ANSWER_MS = 5_000;

/** What the daemon says over its channel to the command that starts it, once. */
export type Greeting = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export function daemonRuns(instance: Instance): boolean {
    return isAlive(readRecord(instance.pid));
}

/**
 * Starts the lab's daemon in the background and waits until it serves.
 * @throws LabError with its own reason, or the end of its log, when it does not within a minute.
 */
export async function startDaemon(instance: Instance, dockerSocket: string): Promise<void> {
    const log = openSync(instance.log, "a", 0o600);
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "serve.ts")], {
        // A session of its own: the terminal's Ctrl-C is not for it, and it outlives the terminal.
        detached: true,
        stdio: ["ignore", log, log, "ipc"],
        env: {
            ...process.env,
            LAB_NAME: instance.name,
            LAB_PORT: String(instance.port),
            LAB_PUBLIC_CIDR: instance.publicCidr,
            DOCKER_HOST: `unix://${dockerSocket}`,
        },
    });
    closeSync(log);
    if (child.pid !== undefined) writeRecord(instance.pid, child.pid);
    const greeting = await Promise.race([
        new Promise<Greeting>((resolve) => {
            child.once("message", (message) => resolve(message as Greeting));
            child.once("error", (error) => resolve({ ready: false, reason: error.message }));
            child.once("exit", (code, signal) =>
                resolve({
                    ready: false,
                    reason: signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`,
                }),
            );
        }),
        sleep(START_MS, { ready: false, reason: `it was not ready within ${START_MS / 1000} s` } as const, {
            ref: false,
        }),
    ]);
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
    if (greeting.ready) return;
    await stop(instance.pid, STOP_MS);
    throw new LabError(
        `The lab's daemon could not be started: ${greeting.reason}. The end of ${instance.log}:\n${lastLines(instance.log)}`,
    );
}

/** @throws LabError when the daemon runs, yet its API does not answer. */
export async function requireAnswer(instance: Instance, api: string, token: string): Promise<void> {
    const url = `${api}/v2/account`;
    try {
        const answer = await fetch(url, {
            headers: { authorization: `Bearer ${token}` },
            signal: AbortSignal.timeout(ANSWER_MS),
        });
        if (answer.ok) return;
        throw new Error(`it answered ${answer.status}`);
    } catch (error) {
        throw new LabError(
            `The lab's daemon runs (process ${readRecord(instance.pid)?.pid}), but ${url} gave no good answer within ` +
                `${ANSWER_MS / 1000} s: ${messageOf(error)}. "make down" stops it. ` +
                `Its log is ${instance.log}.`,
        );
    }
}

/** Ends the daemon. Its droplets stay: whoever stops it removes them. */
export async function stopDaemon(instance: Instance): Promise<"absent" | "stopped" | "killed"> {
    return await stop(instance.pid, STOP_MS);
}
