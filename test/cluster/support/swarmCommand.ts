/** The `swarm` command as a person in the lab's terminal has it. */
import path from "node:path";
import { execa } from "execa";
import { environmentOf, processEnv } from "../../../lab/environment.ts";
import { root } from "../../../lab/instance.ts";
import { instance } from "./stack.ts";

export const swarmFile = path.join(root, "cli", "bin", "swarm");

export interface SwarmRan {
    readonly status: number;
    readonly out: string;
    readonly err: string;
    readonly seconds: number;
}

/** A hang shows as a failure. */
const LIMIT_MS = 120_000;

export class SwarmCommand {
    readonly env: NodeJS.ProcessEnv;
    /** All that was printed, for the search for secrets. */
    readonly log: string[] = [];

    constructor(stack: string) {
        this.env = { ...processEnv(environmentOf(instance)), PULUMI_STACK: stack, NO_COLOR: "1" };
        // The tests' own engine must not be what a docker without a host would talk to.
        for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "FORCE_COLOR", "SWARM_NODE"])
            delete this.env[name];
    }

    async run(
        args: readonly string[],
        env: Record<string, string | undefined> = {},
        input?: string,
    ): Promise<SwarmRan> {
        return await this.program(swarmFile, args, env, input);
    }

    /** Any program in the same terminal. */
    async program(
        program: string,
        args: readonly string[],
        env: Record<string, string | undefined> = {},
        input?: string,
    ): Promise<SwarmRan> {
        const started = performance.now();
        const { exitCode, stdout, stderr, timedOut } = await execa(program, args, {
            cwd: root,
            env: { ...this.env, ...env },
            extendEnv: false,
            ...(input === undefined ? { stdin: "ignore" } : { input }),
            reject: false,
            stripFinalNewline: false,
            timeout: LIMIT_MS,
        });
        this.log.push(stdout, stderr);
        return {
            status: timedOut ? -1 : (exitCode ?? -1),
            out: stdout,
            err: timedOut ? `${stderr}\n(ended by the test after ${LIMIT_MS / 1000} s)` : stderr,
            seconds: (performance.now() - started) / 1000,
        };
    }
}
