import type { Client, ClientChannel } from "ssh2";
import type { Context } from "../protocol/provider.ts";
import { sendBeforeCommand, sendSignal, type Variable } from "./channelRequests.ts";
import { goQuote } from "./goText.ts";
import { Output, type StreamName } from "./output.ts";

export interface RemoteRun {
    command: string;
    stdin: string;
    variables: Variable[];
    /** Streams whose lines are shown while the command runs. */
    logged: readonly StreamName[];
}

/**
 * Runs a command over an open connection.
 *
 * @returns stdout and stderr, each without one trailing newline
 * @throws with the exit status, the command and all its output when it fails; when a required variable is
 *     refused, before the command ran; when the operation is cancelled, after the process was sent TERM
 */
export async function runRemote(
    client: Client,
    run: RemoteRun,
    context: Context,
): Promise<{ stdout: string; stderr: string }> {
    const output = new Output(run.logged, (line) => context.status(line));
    const failure = await execute(client, run, context, output);
    output.end();
    if (failure === undefined) {
        return output.result();
    }
    if (failure instanceof RefusedVariable) {
        throw failure;
    }
    throw new Error(`${failure.message}: running ${goQuote(run.command)}:\n${output.combined()}`);
}

class RefusedVariable extends Error {}

/** @returns what went wrong, or `undefined` */
function execute(
    client: Client,
    run: RemoteRun,
    context: Context,
    output: Output,
): Promise<Error | undefined> {
    return new Promise((resolve) => {
        let channel: ClientChannel | undefined;
        let exit: Error | undefined = new Error(
            "wait: remote command exited without exit status or exit signal",
        );
        let refused: RefusedVariable | undefined;
        const settle = (result: Error | undefined) => {
            context.signal.removeEventListener("abort", onAbort);
            resolve(result);
        };
        const onAbort = () => {
            // The server may not pass signals on; hanging up, which the caller does next, is all that is left then.
            if (channel !== undefined) {
                sendSignal(client, channel, "TERM");
            }
            settle(context.signal.reason as Error);
        };
        context.signal.addEventListener("abort", onAbort);
        client.once("close", () => settle(refused ?? exit));
        sendBeforeCommand(client, run.variables, (variable) => {
            const text = acceptEnvHint(variable.name);
            context.log(variable.required ? "error" : "warning", text);
            if (variable.required) {
                refused ??= new RefusedVariable(
                    `could not set environment variable ${goQuote(variable.name)}: ssh: setenv failed`,
                );
                settle(refused);
            }
        });
        client.exec(run.command, (error, opened) => {
            if (error !== undefined) {
                settle(refused ?? new Error(`ssh: command ${run.command} failed`));
                return;
            }
            channel = opened;
            if (context.signal.aborted) {
                onAbort();
                return;
            }
            opened.on("data", (chunk: Buffer) => output.add("stdout", chunk));
            opened.stderr.on("data", (chunk: Buffer) => output.add("stderr", chunk));
            opened.on("exit", (code: number | null, signal?: string) => {
                exit = exitError(code, signal);
            });
            opened.on("close", () => settle(exit));
            // A command that ends without reading its input closes the pipe; its exit status tells the rest.
            opened.on("error", () => {});
            opened.end(run.stdin);
        });
    });
}

/** Go's ssh.ExitError; a signal's status is 128 and its number, as shells count. */
function exitError(code: number | null, signal: string | undefined): Error | undefined {
    if (signal !== undefined) {
        const number = SIGNALS[signal];
        const status = number === undefined ? 128 : 128 + number;
        return new Error(`Process exited with status ${status} from signal ${signal.replace(/^SIG/, "")}`);
    }
    return code === 0 ? undefined : new Error(`Process exited with status ${code}`);
}

const SIGNALS: Record<string, number> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGQUIT: 3,
    SIGILL: 4,
    SIGABRT: 6,
    SIGFPE: 8,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGPIPE: 13,
    SIGALRM: 14,
    SIGTERM: 15,
};

function acceptEnvHint(name: string): string {
    return (
        `The SSH server does not accept the environment variable ${name}. It takes only those that AcceptEnv in ` +
        "its sshd_config names. Values can also go to the command through stdin."
    );
}
