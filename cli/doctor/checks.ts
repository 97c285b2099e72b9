/** What the doctor finds, and how it is shown. No I/O. */
import { paint, table } from "../table.ts";

export type Level = "ok" | "warn" | "fail";

export interface Check {
    readonly name: string;
    readonly level: Level;
    readonly text: string;
    /** What to do about it; undefined where there is nothing to do. */
    readonly remedy?: string;
}

export const ok = (name: string, text: string): Check => ({ name, level: "ok", text });
export const warn = (name: string, text: string, remedy: string): Check => ({
    name,
    level: "warn",
    text,
    remedy,
});
export const fail = (name: string, text: string, remedy: string): Check => ({
    name,
    level: "fail",
    text,
    remedy,
});

export const checksOf = (name: string) => ({
    ok: (text: string) => ok(name, text),
    warn: (text: string, remedy: string) => warn(name, text, remedy),
    fail: (text: string, remedy: string) => fail(name, text, remedy),
});

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

export function checksText(checks: readonly Check[]): string {
    const rows = checks.flatMap(({ name, level, text, remedy }) => [
        [paint(COLOURS[level], level), name, text],
        ...(remedy === undefined ? [] : [[" ", " ", `→ ${remedy}`]]),
    ]);
    const lines = table(["", "", ""], rows).split("\n").slice(1);
    const count = (level: Level) => checks.filter((check) => check.level === level).length;
    return `${lines.join("\n")}${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed\n`;
}
