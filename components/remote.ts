import { readFileSync } from "node:fs";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ScriptName } from "../model/answers.ts";
import { type Line, MARKS } from "../model/scriptInput.ts";

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
    /** The spec of the service that the script is for, which comes last. */
    readonly spec?: pulumi.Input<string>;
    /** What the swarm has that the config has not, as the look found it: then the script runs, whatever else is the same. */
    readonly differs?: Differs;
    /** Nodes whose droplets are about to go, for the script to name should it fail. */
    readonly leaving?: readonly string[];
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
    const { differs, leaving = [] } = args;
    return new command.remote.Command(
        name,
        {
            connection: args.host.connection,
            create: run("create"),
            ...(args.remembers ? { update: run("update") } : {}),
            stdin: pulumi
                .all([args.input, args.spec])
                .apply(([lines, spec]) => payload(args.script, lines, spec)),
            environment:
                differs && (pulumi.runtime.isDryRun() ? UNKNOWN : { [DIFFERS]: fresh(differs, leaving) }),
            triggers: args.triggers,
            // sshd would have to accept the variables, and refuses with a warning where it does not.
            addPreviousOutputInEnv: args.remembers ?? false,
            // What a script says to the person is on stderr; stdout is for the program.
            logging: args.secretOutput ? command.remote.Logging.None : command.remote.Logging.Stderr,
        },
        {
            ...opts,
            additionalSecretOutputs: args.secretOutput ? ["stdout", "stderr"] : [],
            // What was mended stands in the state from then on.
            ignoreChanges: differs ? [] : ["environment"],
            hooks: { beforeCreate: [args.host.reach], beforeUpdate: [args.host.reach] },
        },
    );
}

/** `missing`: the node is no member any more, whatever its engine says. */
export type Differs = "differs" | "missing";

/**
 * Variable of a script that runs since the swarm is not what the config says. The engine keeps what a resource's inputs
 * were when its last update succeeded, so that a failed one, taken back, is no change to it, nor is what somebody did by
 * hand: another value of this variable is. sshd takes it as it takes the previous output (model/userData.ts).
 */
export const DIFFERS = "PULUMI_COMMAND_SWARM_DIFFERS";

/** Fresh each time: the swarm may differ twice in a row, in the same way. */
function fresh(differs: Differs, leaving: readonly string[]): string {
    return [
        differs,
        new Date().toISOString(),
        ...(leaving.length > 0 ? ["leaving", leaving.join(", ")] : []),
    ].join(" ");
}

/**
 * What the variable is in a preview, so that a saved plan fits. The whole environment: to the command plugin one that is new and
 * has an unknown value in it is no reason for another output, so that what follows from that, as the ID of a node that joins
 * again does for the roster, would be in no preview, and refused by a saved plan. The SDK has the text, and keeps it out of its
 * type declarations.
 */
const UNKNOWN = (pulumi as unknown as { readonly unknown: Record<string, string> }).unknown;

const parts: Record<ScriptName, readonly string[]> = {
    swarm: ["prelude", "host", "swarm"],
    join: ["prelude", "host", "harden", "join"],
    recover: ["prelude", "host", "recover"],
    roster: ["prelude", "own", "engine", "overlay", "quorum", "labels", "rename", "emptying", "roster"],
    objects: ["prelude", "engine", "objects"],
    service: ["prelude", "own", "engine", "overlay", "networks", "convergence", "service"],
    unused: ["prelude", "own", "unused"],
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
export function payload(script: ScriptName, lines: readonly Line[], spec?: string): string {
    for (const [key, value] of lines) {
        if (/[\n\r\0]/.test(`${value}`)) {
            throw new Error(`the value of "${key}" for the script "${script}" holds a line break or NUL`);
        }
    }
    const input = lines.map(([key, value]) => `${key} ${value}\n`).join("");
    const last = spec === undefined ? "" : `${MARKS.spec}\n${spec}\n`;
    return `${scriptText(script)}\n${MARKS.input}\n${input}${last}${MARKS.end}\n`;
}

/**
 * Takes the script from stdin, up to the mark, and runs it on what follows. Short, since a person reads it in front of
 * each error. `sed -u` reads no further than the mark. `timeout` is the only thing that ever ends a remote command: neither
 * the provider nor a cancelled update does. `caller` is the process of the SSH session, by which a script can tell that its
 * connection is gone.
 */
export function launcher(script: ScriptName, mode: string, timeout: number): string {
    return `caller=$PPID timeout -k 10 ${timeout} sh -c "$(sed -u '/^${MARKS.input}$/q')" ${script} ${mode}`;
}
