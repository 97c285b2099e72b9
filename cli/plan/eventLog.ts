/**
 * Violated policies, which are in no preview's JSON but in the engine's log of events alone. The log holds in clear what the
 * state keeps encrypted, keys and tokens among it, so it must not come to lie on a disk: the engine writes into a named
 * pipe, and what is not of use is dropped on its way.
 */
import { execFile } from "node:child_process";
import { constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { z } from "zod";
import { CliError, EXIT } from "../errors.ts";
import type { Violation } from "./plan.ts";

/** Ends the reading; no event is such a line. */
const END = "end of the log";

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
        // Open at both ends, it holds up nobody: neither an engine that opens it nor, where none does, the reading.
        const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
        const log = new Socket({ fd, readable: true, writable: true });
        const lines = policyLines(log);
        try {
            const result = await work(["--event-log", pipe]);
            log.write(`\n${END}\n`);
            return { result, lines: await lines };
        } finally {
            log.destroy();
        }
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

async function policyLines(log: Socket): Promise<string> {
    const found: string[] = [];
    for await (const line of createInterface({ input: log })) {
        if (line === END) break;
        if (line.includes('"policyEvent"')) found.push(line);
    }
    return found.join("\n");
}

const event = z.looseObject({
    policyEvent: z.looseObject({
        message: z.string(),
        policyName: z.string(),
        policyPackName: z.string(),
        enforcementLevel: z.string(),
    }),
});

/**
 * @param log A JSON object a line.
 * @param from What the log is called in an error.
 * @throws CliError For a log that is none.
 */
export function readViolations(log: string, from: string): Violation[] {
    const lines = log.split("\n").filter((line) => line.includes('"policyEvent"') || !/^(\{|$)/.test(line));
    const found = lines.map((line): Violation => {
        const { policyEvent } = parsed(line, from);
        const { message, policyName, policyPackName, enforcementLevel } = policyEvent;
        const mandatory = enforcementLevel === "mandatory";
        return { policy: `${policyPackName}: ${policyName}`, mandatory, text: message.trim() };
    });
    // The engine reports a violation of a stack's policy as often as it looks at the stack.
    const once = new Map(found.map((violation) => [JSON.stringify(violation), violation]));
    return [...once.values()].sort((a, b) => Number(b.mandatory) - Number(a.mandatory));
}

function parsed(line: string, from: string): z.output<typeof event> {
    try {
        return event.parse(JSON.parse(line));
    } catch {
        const text = `${from} is not what "pulumi preview --event-log" writes: an event of a policy cannot be read`;
        throw new CliError(text, EXIT.state);
    }
}
