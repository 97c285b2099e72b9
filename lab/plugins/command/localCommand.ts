import { spawn } from "node:child_process";
import type { Context } from "../protocol/provider.ts";
import { isObject, type Props } from "../protocol/values.ts";
import {
    commandResource,
    loggedStreams,
    previousOutputVariables,
    type Run,
    type RunOutputs,
    type RunRequest,
} from "./commandResource.ts";
import { goQuote } from "./goText.ts";
import { Output } from "./output.ts";

/** Milliseconds between TERM and KILL for a local command that is cancelled. */
const KILL_AFTER_MS = 5000;

/**
 * Runs the command on this machine, in a process group of its own so that a cancelled command takes its children
 * along.
 */
const run: Run = async (request, context) => {
    const output = new Output(loggedStreams(request.inputs), (line) => context.status(line));
    const failure = await execute(request, context, output);
    output.end();
    if (failure !== undefined) {
        throw new Error(`${failure}: running ${goQuote(request.command)}:\n${output.combined()}`);
    }
    return output.result() satisfies RunOutputs;
};

/** @returns what went wrong, in Go's words, or `undefined` */
function execute(request: RunRequest, context: Context, output: Output): Promise<string | undefined> {
    const { inputs, command } = request;
    const interpreter = Array.isArray(inputs.interpreter) ? inputs.interpreter.map(String) : [];
    const [program = "/bin/sh", ...args] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
    const child = spawn(program, [...args, command], {
        cwd: typeof inputs.dir === "string" ? inputs.dir : process.cwd(),
        env: {
            ...process.env,
            ...environmentOf(inputs),
            ...Object.fromEntries(previousOutputVariables(request)),
        },
        detached: true,
    });
    return new Promise((resolve) => {
        let kill: NodeJS.Timeout | undefined;
        const signalGroup = (signal: NodeJS.Signals) => {
            try {
                process.kill(-(child.pid ?? Number.NaN), signal);
            } catch {
                // The group has ended already.
            }
        };
        const onAbort = () => {
            signalGroup("SIGTERM");
            kill = setTimeout(() => signalGroup("SIGKILL"), KILL_AFTER_MS);
        };
        const settle = (failure: string | undefined) => {
            clearTimeout(kill);
            context.signal.removeEventListener("abort", onAbort);
            resolve(context.signal.aborted ? (context.signal.reason as Error).message : failure);
        };
        context.signal.addEventListener("abort", onAbort);
        if (context.signal.aborted) {
            onAbort();
        }
        child.stdout.on("data", (chunk: Buffer) => output.add("stdout", chunk));
        child.stderr.on("data", (chunk: Buffer) => output.add("stderr", chunk));
        child.on("error", (error) => settle(error.message));
        child.on("close", (code, signal) => {
            if (signal !== null) {
                settle(`signal: ${signal}`);
            } else {
                settle(code === 0 ? undefined : `exit status ${code}`);
            }
        });
        // A command that does not read its input closes the pipe early, which is no failure.
        child.stdin.on("error", () => {});
        child.stdin.end(typeof inputs.stdin === "string" ? inputs.stdin : "");
    });
}

function environmentOf(inputs: Props): Record<string, string> {
    const environment = isObject(inputs.environment) ? inputs.environment : {};
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
}

/** `command.local.Command`, without the assets and archives that the official one can collect. */
export const localCommand = commandResource(run, (news) => ({
    inputs: news,
    failures: ["assetPaths", "archivePaths"]
        .filter((property) => news[property] !== undefined)
        .map((property) => ({
            property,
            reason: "the lab's own command plugin collects no assets or archives",
        })),
}));
