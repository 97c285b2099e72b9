import assert from "node:assert/strict";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** Longer than any boot takes on a busy machine. */
const LIMIT_SECONDS = 90;
const POLL_MS = 50;

/** Any machine of the lab that lets a client in does so within milliseconds: its kernel answers, no process. */
const CONNECT_MS = 700;

/**
 * Waits until a condition holds, at most 90 s; one that throws does not hold yet.
 *
 * @throws AssertionError that says what was waited for and why the condition did not hold the last time
 */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + LIMIT_SECONDS * 1000;
    let last = "not yet";
    while (performance.now() < deadline) {
        try {
            if (await condition()) return;
            last = "not yet";
        } catch (error) {
            last = String(error);
        }
        await pause(POLL_MS);
    }
    assert.fail(`Waited ${LIMIT_SECONDS} s until ${what}; last: ${last}`);
}

/** Whether a port takes a connection; a packet filter that drops lets the client wait instead of refusing it. */
export function reachable(host: string, port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = net.connect({ host, port, timeout: CONNECT_MS });
        const end = (answer: boolean) => {
            socket.destroy();
            resolve(answer);
        };
        socket.on("connect", () => end(true));
        socket.on("timeout", () => end(false));
        socket.on("error", () => end(false));
    });
}
