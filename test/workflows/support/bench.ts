/** Runs the workflows' scripts with stand-ins for `pulumi`, `swarm` and `gh`. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { root } from "../../../lab/instance.ts";

/** What a stand-in does when it is called with arguments that begin so; the first that fits is taken. */
export interface Reply {
    readonly when: string;
    readonly out?: string;
    readonly err?: string;
    readonly status?: number;
    /** Files that it writes, by the option that names them: `{ "--save-plan": "{}" }`. */
    readonly writes?: Readonly<Record<string, string>>;
}

export interface Ran {
    readonly status: number;
    readonly out: string;
    readonly err: string;
}

/** A hang shows as a failure; with stand-ins nothing takes long. */
const LIMIT_MS = 60_000;

export class Bench {
    readonly folder = mkdtempSync(path.join(tmpdir(), "swarm-workflows-"));
    readonly #env: Record<string, string>;

    /** @param env Beside PATH; what the workflow would set. */
    constructor(env: Readonly<Record<string, string>> = {}) {
        const bin = this.file("bin");
        // A policy pack, as the stand-in for pulumi needs one.
        mkdirSync(this.file("policy", "config"), { recursive: true });
        writeFileSync(this.file("policy", "PulumiPolicy.yaml"), "");
        this.#env = {
            PATH: `${bin}:${path.dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
            HOME: this.folder,
            NODE_NO_WARNINGS: "1",
            GITHUB_OUTPUT: this.file("output"),
            GITHUB_STEP_SUMMARY: this.file("summary"),
            PULUMI_STACK: "dev",
            BENCH: this.folder,
            ...env,
        };
    }

    /** Takes more into the environment of what is run, or other values. */
    extend(env: NodeJS.ProcessEnv): void {
        for (const [name, value] of Object.entries(env)) if (value !== undefined) this.#env[name] = value;
    }

    file(...names: readonly string[]): string {
        return path.join(this.folder, ...names);
    }

    /** What a file in the folder holds; "" when it was not made. */
    read(...names: readonly string[]): string {
        const file = this.file(...names);
        return existsSync(file) ? readFileSync(file, "utf8") : "";
    }

    /** Puts a stand-in on PATH that answers as it is told, and fails when it is asked for anything else. */
    stand(program: string, replies: readonly Reply[]): void {
        writeFileSync(this.file(`${program}.json`), JSON.stringify(replies));
        this.#put(program, "standIn.ts");
    }

    /** Puts a `gh` on PATH that keeps comments and issues in gh.json. */
    standGitHub(state: unknown): void {
        writeFileSync(this.file("gh.json"), JSON.stringify(state));
        this.#put("gh", "fakeGh.ts");
    }

    #put(program: string, script: string): void {
        const file = this.file("bin", program);
        mkdirSync(path.dirname(file), { recursive: true });
        const target = path.join(import.meta.dirname, script);
        writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${target}' ${program} "$@"\n`);
        chmodSync(file, 0o755);
    }

    /** The calls of a stand-in so far, each its arguments by spaces. */
    calls(program: string): string[] {
        return this.read("calls")
            .split("\n")
            .filter((line) => line.startsWith(`${program} `))
            .map((line) => line.slice(program.length + 1));
    }

    async run(
        script: string,
        args: readonly string[] = [],
        options: { cwd?: string; env?: Record<string, string>; limitMs?: number } = {},
    ): Promise<Ran> {
        const { limitMs = LIMIT_MS } = options;
        const ran = await execa(path.join(root, ".github/scripts", script), args, {
            cwd: options.cwd ?? this.folder,
            env: { ...this.#env, ...options.env },
            extendEnv: false,
            stdin: "ignore",
            reject: false,
            stripFinalNewline: false,
            timeout: limitMs,
        });
        const ended = ran.timedOut ? `\n(ended by the test after ${limitMs / 1000} s)` : "";
        return { status: ran.exitCode ?? -1, out: ran.stdout, err: ran.stderr + ended };
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
