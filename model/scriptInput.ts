/** What a remote script reads on stdin behind its own text: `key value` lines, and for a service its spec. */

import type { JsonObject } from "./engineSpec.ts";

/** One line: a key and its value. */
export type Line = readonly [key: string, value: string | number];

/**
 * Lines by themselves in what is sent to a remote script: between the script and its input, in front of a service's spec,
 * and behind the input. `components/prelude.sh` looks whether the end has come.
 */
export const MARKS = { input: "#: input", spec: "spec", end: "#: end" };

const BEGIN = `\n${MARKS.input}\n`;
const SPEC = `${MARKS.spec}\n`;
/** Inputs that earlier versions wrote into a state have none. */
const END = `\n${MARKS.end}\n`;

export interface ScriptInput {
    /** Key and value, in their order. */
    readonly lines: readonly (readonly [key: string, value: string])[];
    /** Of a service; earlier versions wrote none. */
    readonly spec?: JsonObject;
}

/** @param stdin The script, a mark, the lines, and for a service a mark and its spec; then a mark. */
export function readInput(stdin: string | undefined): ScriptInput | undefined {
    const mark = stdin?.indexOf(BEGIN) ?? -1;
    if (stdin === undefined || mark < 0) return undefined;
    // With the line break in front, so that a mark is found on the first line, too.
    const text = stdin.slice(mark + BEGIN.length - 1, stdin.endsWith(END) ? -END.length : undefined);
    const end = text.indexOf(`\n${SPEC}`);
    const lines = end < 0 ? text : text.slice(0, end);
    return {
        lines: lines
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => {
                const blank = line.indexOf(" ");
                return blank < 0 ? [line, ""] : [line.slice(0, blank), line.slice(blank + 1)];
            }),
        ...(end >= 0 && { spec: JSON.parse(text.slice(end + 1 + SPEC.length)) as JsonObject }),
    };
}

/** Whether a command of this URN is that of a service. Any other, whatever its input, publishes nothing. */
export function isServiceCommand(urn: string): boolean {
    return urn.includes("::swarm:index:Services$command:remote:Command::");
}

/** Every value of a key; none where there is no input. */
export function valuesOf(input: ScriptInput | undefined, key: string): string[] {
    return (input?.lines ?? []).filter(([name]) => name === key).map(([, value]) => value);
}
