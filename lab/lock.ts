import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError } from "./errors.ts";
import { isAlive, readRecord, writeRecord } from "./processes.ts";

/** As long as the longest thing done under it may take: a cold build of the engine on a slow machine. */
const LIMIT_MS = 20 * 60_000;

export interface Lock {
    readonly file: string;
    /** What it is about, in words. */
    readonly where: "in this checkout" | "on this machine";
}

/**
 * Runs `work` while holding the lock file, so that two commands do not build the same thing twice or stop
 * what the other has just started. The lock of a process that is gone is taken over.
 */
export async function withLock<T>(
    { file, where }: Lock,
    onWait: (text: string) => void,
    work: () => Promise<T>,
): Promise<T> {
    await acquire(file, (pid) => onWait(`waiting for another lab command ${where} (process ${pid})`));
    const release = () => rmSync(file, { force: true });
    process.once("exit", release);
    try {
        return await work();
    } finally {
        release();
        process.off("exit", release);
    }
}

async function acquire(file: string, onWait: (pid: number) => void): Promise<void> {
    mkdirSync(path.dirname(file), { recursive: true });
    // A link appears with its content in it; a file opened exclusively would be seen empty for a moment.
    const own = `${file}.${randomUUID()}`;
    writeRecord(own, process.pid);
    try {
        await link(own, file, onWait);
    } finally {
        rmSync(own, { force: true });
    }
}

async function link(own: string, file: string, onWait: (pid: number) => void): Promise<void> {
    const deadline = Date.now() + LIMIT_MS;
    for (let told = false; ; ) {
        try {
            linkSync(own, file);
            return;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
        const holder = readRecord(file);
        if (!isAlive(holder)) {
            rmSync(file, { force: true });
            continue;
        }
        if (Date.now() > deadline) {
            throw new LabError(
                `Waited ${LIMIT_MS / 60_000} minutes for another lab command (process ${holder.pid}), which still runs. ` +
                    `End it, or wait until it is done.`,
            );
        }
        if (!told) onWait(holder.pid);
        told = true;
        await sleep(250);
    }
}
