/** Words and amounts in what is printed, and text from elsewhere made fit to be shown. No I/O. */
import { stripVTControlCharacters } from "node:util";

export const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;

export const dollars = (amount: number) => amount.toFixed(2);

/** Without what a terminal would obey, or what reorders what a person reads; lines stay, and tabs become blanks. */
export function cleanLines(text: string): string {
    return stripVTControlCharacters(text.toWellFormed())
        .replaceAll("\t", " ")
        .replace(/(?!\n)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu, "");
}

/** The same on one line. */
export const oneLine = (text: string) => cleanLines(text).replaceAll("\n", " ").trim();

/** An argument as a POSIX shell takes it. */
export function shellWord(text: string): string {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
