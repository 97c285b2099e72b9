import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process, told apart from a later one with the same number by when it started and in which boot. */
export interface ProcessRecord {
    readonly pid: number;
    /** Clock ticks from boot to the start of the process: field 22 of /proc/<pid>/stat, see proc(5). */
    readonly start: string;
    readonly boot: string;
}

/** The record of a running process, or undefined when there is none with this number (a zombie counts as none). */
export function recordOf(pid: number): ProcessRecord | undefined {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        // The second field is the command in parentheses and may hold spaces itself.
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (fields[0] === "Z" || fields[19] === undefined) return undefined;
        return { pid, start: fields[19], boot: bootId() };
    } catch {
        return undefined;
    }
}

/** Name of a running process's command, cut at 15 bytes as the kernel does; undefined when there is none. */
export function commandOf(pid: number): string | undefined {
    if (recordOf(pid) === undefined) return undefined;
    try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd();
    } catch {
        return undefined;
    }
}

function bootId(): string {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

export function isAlive(record: ProcessRecord | undefined): record is ProcessRecord {
    if (record === undefined) return false;
    const now = recordOf(record.pid);
    return now !== undefined && now.start === record.start && now.boot === record.boot;
}

/** Writes the pid file of a process that was just started. */
export function writeRecord(file: string, pid: number): ProcessRecord {
    const record = recordOf(pid) ?? { pid, start: "gone", boot: bootId() };
    writeFileSync(file, `${JSON.stringify(record)}\n`);
    return record;
}

/** The record in a pid file; undefined when there is no file, or not one of ours. */
export function readRecord(file: string): ProcessRecord | undefined {
    try {
        const value: unknown = JSON.parse(readFileSync(file, "utf8"));
        if (typeof value !== "object" || value === null) return undefined;
        const { pid, start, boot } = value as Record<string, unknown>;
        if (typeof pid !== "number" || typeof start !== "string" || typeof boot !== "string")
            return undefined;
        return { pid, start, boot };
    } catch {
        return undefined;
    }
}

/**
 * Ends the process of a pid file, by TERM and after `graceMs` by KILL, and removes the file.
 * @returns how it ended: it was not running, it went by itself, or it had to be killed.
 */
export async function stop(file: string, graceMs: number): Promise<"absent" | "stopped" | "killed"> {
    const record = readRecord(file);
    let outcome: "absent" | "stopped" | "killed" = "absent";
    if (isAlive(record)) {
        process.kill(record.pid, "SIGTERM");
        outcome = (await gone(record, graceMs)) ? "stopped" : "killed";
        if (outcome === "killed" && isAlive(record)) {
            process.kill(record.pid, "SIGKILL");
            await gone(record, 5_000);
        }
    }
    rmSync(file, { force: true });
    return outcome;
}

async function gone(record: ProcessRecord, withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (isAlive(record)) {
        if (Date.now() >= deadline) return false;
        await sleep(50);
    }
    return true;
}

/** The last lines of a log, for an error; says so when there is none. */
export function lastLines(file: string, count = 15): string {
    try {
        const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(-count);
        return lines.join("\n") || `(${file} is empty)`;
    } catch {
        return `(there is no ${file})`;
    }
}
