/**
 * What is asked of the Pulumi command line: the stack's state, its secrets, its lock. Nothing here changes a stack.
 *
 * Through the command and not the Automation API, whose library takes longer to load than most commands here take.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { collected, inTerminal, type Ran } from "./children.ts";
import { CliError, EXIT } from "./errors.ts";

/** A backend that does not answer, which may be over in a moment: unlike a stack that there is none of. */
export class MomentaryError extends CliError {}

/** Where Pulumi.yaml is; `swarm` may be called from anywhere. */
export const projectFolder = path.resolve(import.meta.dirname, "..");

/** A state in a bucket far away takes its time; one that hangs must not hold a script for ever. */
const LIMIT_MS = 60_000;

export interface StackChoice {
    /** As `pulumi --stack` takes it; undefined for the selected one. */
    readonly stack?: string;
    readonly signal?: AbortSignal;
}

export interface RunOptions {
    /** Milliseconds that it may take; a minute unless said otherwise. */
    readonly limitMs?: number;
    readonly env?: Readonly<Record<string, string>>;
    /** What it reads on standard input: secrets, which are no arguments. */
    readonly input?: string;
}

/** Runs `pulumi` without a terminal, so that it never asks. @throws CliError When there is no such command. */
export async function pulumi(
    args: readonly string[],
    choice: StackChoice,
    { limitMs = LIMIT_MS, env = {}, input }: RunOptions = {},
): Promise<Ran> {
    const all = [...args, "--non-interactive", "--color", "never"];
    if (choice.stack !== undefined) all.push("--stack", choice.stack);
    // Not the option of `spawn` for it, whose timer goes on when nothing could be started.
    const limit = AbortSignal.timeout(limitMs);
    const child = spawn("pulumi", all, {
        cwd: projectFolder,
        stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
        env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
        signal: choice.signal ? AbortSignal.any([choice.signal, limit]) : limit,
    });
    return await collected(child, "pulumi", input).catch((error: Error) => {
        if (!limit.aborted) throw error instanceof CliError ? new CliError(NO_PULUMI, EXIT.state) : error;
        throw new MomentaryError(
            `pulumi ${args.slice(0, 2).join(" ")} gave no answer within ${limitMs / 1000} s; does the backend answer? ` +
                "See: pulumi whoami -v",
            EXIT.state,
        );
    });
}

const NO_PULUMI =
    "there is no pulumi command on PATH; see https://www.pulumi.com/docs/iac/download-install, " +
    'or in the lab: eval "$(make -s env)"';

/** `pulumi` in this terminal, where it may ask. @returns its exit status. */
export async function pulumiHere(args: readonly string[], stack: string | undefined): Promise<number> {
    const chosen = stack === undefined ? [] : ["--stack", stack];
    return await inTerminal("pulumi", ["--cwd", projectFolder, ...args, ...chosen]);
}

/** What Pulumi says when the state cannot be read, and what a person does about it; $1 is what was found in brackets. */
const REFUSALS: readonly (readonly [pattern: RegExp, text: string])[] = [
    [
        /no stack named '(.*)' found/,
        'there is no stack "$1" in this backend; see: pulumi stack ls (and: pulumi whoami -v)',
    ],
    [/no stack selected/, "no stack is selected; say --stack NAME, or: pulumi stack select NAME"],
    [
        /PULUMI_ACCESS_TOKEN must be set|not logged in|problem logging in|invalid access token/i,
        "Pulumi is not logged in to the backend with the state; say: pulumi login (or set PULUMI_BACKEND_URL)",
    ],
    [
        /passphrase must be set/,
        "the passphrase of the stack's secrets is missing; set PULUMI_CONFIG_PASSPHRASE, or " +
            "PULUMI_CONFIG_PASSPHRASE_FILE to the file that holds it",
    ],
    [
        /incorrect passphrase/,
        "the passphrase is wrong for this stack; check PULUMI_CONFIG_PASSPHRASE, which wins over " +
            "PULUMI_CONFIG_PASSPHRASE_FILE",
    ],
    [
        /unable to open (?:state directory|bucket)|could not list bucket|could not unmarshal|blob \(/i,
        "the backend with the state does not open; check PULUMI_BACKEND_URL, or: pulumi login URL",
    ],
];

/** Those that another try does not change: all but that of a backend that does not open. */
const LASTING = REFUSALS.slice(0, -1).map(([pattern]) => pattern);

/**
 * One line for why Pulumi refused; its own last line where the reason is not a known one.
 *
 * @param what What could not be done, for that case.
 */
export function refusalText(stderr: string, what = "the stack's state cannot be read"): string {
    const text = stderr.trim();
    for (const [pattern, meaning] of REFUSALS) {
        const found = pattern.exec(text);
        if (found) return meaning.replace("$1", () => found[1] ?? "");
    }
    const line = text.split("\n").find((line) => line.startsWith("error:")) ?? text.split("\n").at(-1) ?? "";
    return `${what}: ${line.replace(/^error: */, "") || "pulumi said nothing"}`;
}

function succeeded({ status, stdout, stderr }: Ran): string {
    if (status === 0) return stdout;
    const text = refusalText(stderr);
    throw LASTING.some((pattern) => pattern.test(stderr))
        ? new CliError(text, EXIT.state)
        : new MomentaryError(text, EXIT.state);
}

/**
 * The stack's state as JSON text.
 *
 * @param secrets Whether secrets in it are to be readable; without them it needs no passphrase. @throws CliError
 */
export async function exportedState(choice: StackChoice, secrets = false): Promise<string> {
    return succeeded(await pulumi(["stack", "export", ...(secrets ? ["--show-secrets"] : [])], choice));
}

/** Name of the stack, without organisation and project. @throws CliError */
export async function stackName(choice: StackChoice): Promise<string> {
    return succeeded(await pulumi(["stack", "--show-name"], choice)).trim();
}

/**
 * The key that logs in to every node: a secret, for a file of mode 0600 and nothing else.
 *
 * @returns undefined when the stack has no outputs, as after a first `up` that has failed. @throws CliError
 */
export async function deployKeyOutput(choice: StackChoice): Promise<string | undefined> {
    const ran = await pulumi(["stack", "output", "deployKey", "--show-secrets"], choice);
    return /does not have output property/.test(ran.stderr) ? undefined : succeeded(ran);
}

/** The stack's configuration, by key; without a value where that is a secret and not shown. */
export type Config = Readonly<Record<string, { readonly value?: string; readonly secret: boolean }>>;

/** @param secrets Whether secrets in it are to be readable; without them it needs no passphrase. @throws CliError */
export async function configOf(choice: StackChoice, secrets = true): Promise<Config> {
    return JSON.parse(
        succeeded(await pulumi(["config", "--json", ...(secrets ? ["--show-secrets"] : [])], choice)),
    );
}

/** URL of the backend that holds the state. @throws CliError */
export async function backendUrl(signal?: AbortSignal): Promise<string> {
    if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
    return JSON.parse(succeeded(await pulumi(["whoami", "--json"], { signal }))).url;
}

/**
 * Who holds the stack's lock, in words; undefined when nobody does.
 *
 * Pulumi has no command that asks. Backends that one keeps oneself (a folder, a bucket) tell it whenever a lock is
 * wanted, so one is: for a renaming of the stack to the name that it has, which they refuse as soon as they hold
 * the lock, before anything is written. Pulumi Cloud lists its stacks with what is under way.
 *
 * @param name The stack's name, without organisation and project.
 * @throws CliError When it cannot be told.
 */
export async function lockHolder(name: string, choice: StackChoice): Promise<string | undefined> {
    if (await isLockReadable(choice))
        return cloudLock(succeeded(await pulumi(["stack", "ls", "--json"], { signal: choice.signal })), name);
    return ownLock(await pulumi(["stack", "rename", name], choice));
}

/** Whether `lockHolder` only reads: Pulumi Cloud's list says it, other backends tell whoever may write. @throws CliError */
export async function isLockReadable({ signal }: StackChoice): Promise<boolean> {
    return /^https?:/.test(await backendUrl(signal));
}

/** The answer to a renaming of a stack to its own name, read. */
export function ownLock({ stderr }: Ran): string | undefined {
    const holders = [...stderr.matchAll(/: created by (\S+) \(pid (\d+)\) at (\S+)/g)];
    if (holders.length > 0)
        return holders.map(([, who, pid, at]) => `${who} (process ${pid}) since ${at}`).join(", ");
    if (/currently locked/.test(stderr)) return "somebody unknown";
    if (/already exists/.test(stderr)) return undefined;
    throw new CliError(refusalText(stderr), EXIT.state);
}

/**
 * Pulumi Cloud's list of stacks, read. It says that an update runs, and since when the last one was, not whose.
 *
 * @throws CliError When the stack is not on it.
 */
export function cloudLock(list: string, name: string): string | undefined {
    const stacks = JSON.parse(list) as { name: string; updateInProgress?: boolean }[];
    // Several organisations may have a stack of this name: then an update of any of them counts.
    const entries = stacks.filter((stack) => stack.name.split("/").at(-1) === name);
    const unlisted = `Pulumi Cloud does not list the stack "${name}", so it cannot be told whether an update runs; see: pulumi stack ls`;
    if (entries.length === 0) throw new CliError(unlisted, EXIT.state);
    const isUnderWay = entries.some(({ updateInProgress }) => updateInProgress);
    return isUnderWay ? "an update under way in Pulumi Cloud, which shows whose it is" : undefined;
}
