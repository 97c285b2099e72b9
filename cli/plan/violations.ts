/** Violated policies, from the log of events that the engine writes: they are in no preview's JSON. */
import { z } from "zod";
import { CliError, EXIT } from "../errors.ts";
import type { Violation } from "./plan.ts";

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
    const lines = log.split("\n").filter((line) => line.includes('"policyEvent"'));
    const first = log.trimStart()[0];
    if (first !== undefined && first !== "{") throw unreadable(from, 1);
    const found = lines.map((line, index): Violation => {
        const { policyEvent } = parsed(line) ?? {};
        if (!policyEvent) throw unreadable(from, index + 1);
        const { message, policyName, policyPackName, enforcementLevel } = policyEvent;
        return {
            policy: `${policyPackName}: ${policyName}`,
            mandatory: enforcementLevel === "mandatory",
            text: message.trim(),
        };
    });
    // The engine reports a violation of a stack's policy as often as it looks at the stack.
    return [...new Map(found.map((violation) => [JSON.stringify(violation), violation])).values()].sort(
        (a, b) => Number(b.mandatory) - Number(a.mandatory),
    );
}

function parsed(line: string): z.output<typeof event> | undefined {
    try {
        return event.safeParse(JSON.parse(line)).data;
    } catch {
        return undefined;
    }
}

function unreadable(from: string, number: number): CliError {
    return new CliError(
        `${from} is not what "pulumi preview --event-log" writes: policy event ${number} cannot be read`,
        EXIT.state,
    );
}
