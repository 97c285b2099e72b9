/** Runs the scripts' own functions, without the scripts: for tables of what they say. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Spoken {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
}

/**
 * @param parts Files of `components/`, without `.sh`, that are sourced first, as `remote.ts` puts them together.
 * @param text Shell text that calls their functions.
 * @param options.stdin What the prelude takes as the script's input: whole lines.
 */
export function speak(
    parts: readonly string[],
    text: string,
    options: { readonly stdin?: string; readonly env?: Record<string, string> } = {},
): Spoken {
    const script = parts.map((part) =>
        readFileSync(new URL(`../../components/${part}.sh`, import.meta.url), "utf8"),
    );
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", [...script, text].join("\n")], {
        input: `${options.stdin ?? ""}#: end\n`,
        encoding: "utf8",
        env: { PATH: process.env.PATH, ...options.env },
        timeout: 30_000,
    });
    return { status, stdout, stderr };
}
