/** Tables and colours for a terminal. */
import { stripVTControlCharacters, styleText } from "node:util";

/** Length as a terminal shows it: without the codes of colours. */
function width(cell: string): number {
    return stripVTControlCharacters(cell).length;
}

/**
 * Columns of text, two blanks apart, the last one ragged: to be read, and to be cut by `awk`. An empty cell is a
 * dash, so that every row has all its fields.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const all = [head, ...rows.map((row) => row.map((cell) => cell || "-"))];
    const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ""))));
    return all
        .map((row) =>
            row
                .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)))
                .join("  ")
                .trimEnd(),
        )
        .map((line) => `${line}\n`)
        .join("");
}

type Style = Parameters<typeof styleText>[0];

/** The text in a colour, where the stream that it is for is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string, stream: NodeJS.WritableStream = process.stdout): string {
    return styleText(style, text, { stream });
}

/** "3 d", "5 h", "12 min", "40 s": one unit, rounded down. */
export function duration(seconds: number): string {
    const units = [
        [86_400, "d"],
        [3_600, "h"],
        [60, "min"],
    ] as const;
    for (const [size, unit] of units) {
        if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
    }
    return `${Math.max(0, Math.floor(seconds))} s`;
}
