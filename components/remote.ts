import { readFileSync } from "node:fs";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ScriptName } from "../model/answers.ts";
import { type Line, MARKS } from "../model/serviceLines.ts";

/** A host that remote commands run on. Knows nothing of swarms. */
export interface RemoteHost {
    /** The node's name, for messages. */
    readonly name: string;
    /** One object, made where the droplet is, so that every command on the host connects in the same way. */
    readonly connection: command.types.input.remote.ConnectionArgs;
    /** Holds a command back until the host runs commands; see `reach.ts`. */
    readonly reach: pulumi.ResourceHook;
}

export interface RemoteScriptArgs {
    readonly host: RemoteHost;
    readonly script: ScriptName;
    /** What the script reads on stdin. Secret when one of the values is. */
    readonly input: pulumi.Input<readonly Line[]>;
    /** Seconds after which the host ends the script: more than all its own waits together. */
    readonly timeout: number;
    /** The output holds tokens. */
    readonly secretOutput?: boolean;
    /** The script tells a first run from a later one, and reads its own previous output. */
    readonly remembers?: boolean;
    readonly triggers?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Runs one of the shell scripts beside this file on a host.
 *
 * Script and input both travel on stdin, so that the command's text stays one line: the provider prints that text
 * in full, quoted, in front of the output of every command that fails, and a person would have to look for the
 * reason behind hundreds of lines of shell. It also keeps secrets out of it. A preview still shows a change of
 * either, as a change of `stdin`.
 */
export function remoteScript(
    name: string,
    args: RemoteScriptArgs,
    opts: pulumi.CustomResourceOptions,
): command.remote.Command {
    const run = (mode: string) => launcher(args.script, mode, args.timeout);
    return new command.remote.Command(
        name,
        {
            connection: args.host.connection,
            create: run("create"),
            ...(args.remembers ? { update: run("update") } : {}),
            stdin: pulumi.output(args.input).apply((lines) => payload(args.script, lines)),
            triggers: args.triggers,
            // sshd would have to accept the variables, and refuses with a warning where it does not.
            addPreviousOutputInEnv: args.remembers ?? false,
            // What a script says to the person is on stderr; stdout is for the program.
            logging: args.secretOutput ? command.remote.Logging.None : command.remote.Logging.Stderr,
        },
        {
            ...opts,
            additionalSecretOutputs: args.secretOutput ? ["stdout", "stderr"] : [],
            hooks: { beforeCreate: [args.host.reach], beforeUpdate: [args.host.reach] },
        },
    );
}

const parts: Record<ScriptName, readonly string[]> = {
    swarm: ["prelude", "host", "swarm"],
    join: ["prelude", "host", "harden", "join"],
    recover: ["prelude", "host", "recover"],
    roster: ["prelude", "overlay", "quorum", "rename", "roster"],
    service: ["prelude", "overlay", "service"],
};

/** The whole text of a script, as a host runs it. */
export function scriptText(script: ScriptName): string {
    return parts[script]
        .map((part) => readFileSync(new URL(`${part}.sh`, import.meta.url), "utf8"))
        .join("\n");
}

/**
 * What goes to stdin. A line break in a value would make a second line of it.
 *
 * @throws Error that names the key of a value with a line break, but not the value, which may be secret.
 */
export function payload(script: ScriptName, lines: readonly Line[]): string {
    for (const [key, value] of lines) {
        if (/[\n\r\0]/.test(`${value}`)) {
            throw new Error(`the value of "${key}" for the script "${script}" holds a line break or NUL`);
        }
    }
    const input = lines.map(([key, value]) => `${key} ${value}\n`).join("");
    return `${scriptText(script)}\n${MARKS.input}\n${input}${MARKS.end}\n`;
}

/**
 * Splits stdin into the script and its input, with the end mark, and runs the one with the other. Splitting is sed's
 * work: a shell takes seconds to find a pattern in a text of this size. `timeout` is the only thing that ever ends a
 * remote command: neither the provider nor a cancelled update does. `caller` is the process of the SSH session, by which
 * a script can tell that its connection is gone.
 */
export function launcher(script: ScriptName, mode: string, timeout: number): string {
    return (
        `all=$(cat) && printf '%s\\n' "$all" | sed '1,/^${MARKS.input}$/d' | caller=$PPID timeout -k 10 ${timeout} ` +
        `sh -c "$(printf '%s\\n' "$all" | sed '/^${MARKS.input}$/,$d')" ${script} ${mode}`
    );
}
