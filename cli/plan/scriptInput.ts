/** What a remote script reads, taken from the `stdin` of its command (components/remote.ts writes it). */
import { MARKS } from "../../model/scriptInput.ts";
import { type Change, isSecret, knownText } from "./preview.ts";

const BEGIN = `\n${MARKS.input}\n`;
/** Inputs that earlier versions wrote into a state have none. */
const END = `\n${MARKS.end}\n`;

/** The lines `key value` of a script's input, in their order. */
export type ScriptInput = readonly (readonly [key: string, value: string])[];

/** The input before and after; undefined where there is none, where it is not known yet, or where it is secret. */
export interface Inputs {
    readonly before?: ScriptInput;
    readonly after?: ScriptInput;
    /** One of them is there, and kept secret. */
    readonly secret: boolean;
}

export function inputsOf(change: Change | undefined): Inputs {
    const stdin = [change?.old?.inputs?.stdin, change?.new?.inputs?.stdin];
    const [before, after] = stdin.map((text) => readInput(knownText(text)));
    return { before, after, secret: stdin.some(isSecret) };
}

/** @param stdin The script, a mark, the lines, a mark. */
export function readInput(stdin: string | undefined): ScriptInput | undefined {
    const mark = stdin?.indexOf(BEGIN) ?? -1;
    if (stdin === undefined || mark < 0) return undefined;
    return stdin
        .slice(mark + BEGIN.length, stdin.endsWith(END) ? -END.length : undefined)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => {
            const blank = line.indexOf(" ");
            return blank < 0 ? [line, ""] : [line.slice(0, blank), line.slice(blank + 1)];
        });
}

/** Every value of a key. */
export function valuesOf(input: ScriptInput, key: string): string[] {
    return input.filter(([name]) => name === key).map(([, value]) => value);
}
