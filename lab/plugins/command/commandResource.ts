import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type ChangeKind, type DiffResult, diffProps, topLevel } from "../protocol/diff.ts";
import type { CheckFailure, Context, DiffRequest, ResourceType } from "../protocol/provider.ts";
import {
    hasUnknown,
    isSecret,
    isUnknown,
    type Props,
    UNKNOWN,
    unwrapProps,
    type Value,
} from "../protocol/values.ts";
import { LOGGING, type StreamName } from "./output.ts";

/** What a command left behind. */
export type RunOutputs = Props & { stdout: string; stderr: string };

export interface RunRequest {
    command: string;
    /** The resource's inputs, secrets taken off. */
    inputs: Props;
    /** stdout and stderr of the last run, for the variables that carry them; empty before the first. */
    previous: { stdout: string; stderr: string };
}

export type Run = (request: RunRequest, context: Context) => Promise<RunOutputs>;

const NO_OUTPUT = { stdout: "", stderr: "" };

/**
 * The life of a command, remote or local, as pulumi-command 1.2.1 has it: create runs `create`; update runs
 * `update`, or else `create`; delete runs `delete` with the inputs of the last operation; what is unset does
 * nothing and connects nowhere. A change of `triggers` as a whole replaces, every other change updates. (The
 * SDK's own `replaceOnChanges` adds the elements of `triggers`.)
 *
 * @param checkInputs what Check does beyond the common rules: the inputs to record, and what is wrong
 */
export function commandResource(
    run: Run,
    checkInputs: (news: Props) => { inputs: Props; failures: CheckFailure[] },
): ResourceType {
    return {
        check({ news }) {
            const { inputs, failures } = checkInputs(news);
            return { inputs, failures: [...failures, ...commonFailures(unwrapProps(news))] };
        },

        diff: diffCommand,

        async create(inputs, context) {
            const plain = unwrapProps(inputs);
            if (context.preview) {
                return { id: "", properties: { ...inputs, ...unknownOutput() } };
            }
            const id = `${context.name}${randomBytes(4).toString("hex")}`;
            const outputs =
                typeof plain.create === "string"
                    ? await run({ command: plain.create, inputs: plain, previous: NO_OUTPUT }, context)
                    : NO_OUTPUT;
            return { id, properties: { ...inputs, ...outputs } };
        },

        async read({ id, properties, inputs }) {
            return { id, properties, inputs };
        },

        async update({ olds, news }, context) {
            if (context.preview) {
                const { stdout = "", stderr = "" } = olds;
                return { ...news, ...(outputsMayChange(olds, news) ? unknownOutput() : { stdout, stderr }) };
            }
            const previous = outputsOf(olds);
            const plain = unwrapProps(news);
            const command = plain.update ?? plain.create;
            const outputs =
                typeof command === "string"
                    ? await run({ command, inputs: plain, previous }, context)
                    : previous;
            return { ...news, ...outputs };
        },

        async delete({ properties }, context) {
            const inputs = unwrapProps(properties);
            if (typeof inputs.delete === "string") {
                await run({ command: inputs.delete, inputs, previous: outputsOf(properties) }, context);
            }
        },
    };
}

function diffCommand({ oldInputs, news }: DiffRequest): DiffResult {
    const changes: Record<string, ChangeKind> = {};
    // The official one marks the connection secret in Check, and its framework counts an unknown secret as the same:
    // a preview never shows `connection` as changed while the host it leads to has yet to be made.
    const compared: Props =
        isUnknown(unwrapped(news.connection)) && oldInputs.connection !== undefined
            ? { ...news, connection: oldInputs.connection }
            : news;
    for (const [path, kind] of Object.entries(diffProps(oldInputs, compared))) {
        changes[path] = path === "triggers" ? (`${kind}_REPLACE` as ChangeKind) : kind;
    }
    const paths = Object.keys(changes);
    return {
        diffs: [...new Set(paths.map(topLevel))],
        replaces: paths.includes("triggers") ? ["triggers"] : [],
        stables: [],
        deleteBeforeReplace: false,
        detailedDiff: changes,
    };
}

function commonFailures(inputs: Props): CheckFailure[] {
    const failures: CheckFailure[] = [];
    for (const property of ["create", "update", "delete", "stdin"]) {
        const value = inputs[property];
        if (value !== undefined && value !== null && typeof value !== "string") {
            failures.push({ property, reason: `got ${JSON.stringify(value)}, needed is a string` });
        }
    }
    const { logging } = inputs;
    if (logging !== undefined && logging !== null && !hasUnknown(logging) && !(String(logging) in LOGGING)) {
        const allowed = Object.keys(LOGGING).join(", ");
        failures.push({
            property: "logging",
            reason: `got ${JSON.stringify(logging)}, allowed are ${allowed}`,
        });
    }
    return failures;
}

const unwrapped = (value: Value | undefined) => (isSecret(value) ? value.value : value);

/**
 * As the official one's framework tells a preview (pulumi-go-provider 1.3.0, `markComputed`): by an input that is unknown as a
 * whole, or that was there before and is another one. One that was not there is no reason, whatever is in it.
 */
function outputsMayChange({ stdout, stderr, ...before }: Props, news: Props): boolean {
    return (
        Object.values(news).some((value) => isUnknown(unwrapped(value))) ||
        Object.entries(before).some(([key, value]) => !isDeepStrictEqual(value, news[key]))
    );
}

function unknownOutput(): Props {
    return { stdout: UNKNOWN, stderr: UNKNOWN };
}

function outputsOf(state: Props): RunOutputs {
    const { stdout, stderr } = unwrapProps(state);
    return { stdout: String(stdout ?? ""), stderr: String(stderr ?? "") };
}

/** Streams to show live; both, unless `logging` says otherwise. */
export function loggedStreams(inputs: Props): readonly StreamName[] {
    return LOGGING[String(inputs.logging ?? "stdoutAndStderr")] ?? [];
}

/** The variables that hand the last run's output to the next, unless `addPreviousOutputInEnv` is false. */
export function previousOutputVariables({ inputs, previous }: RunRequest): [name: string, value: string][] {
    if (inputs.addPreviousOutputInEnv === false) {
        return [];
    }
    const variables: [string, string][] = [
        ["PULUMI_COMMAND_STDOUT", previous.stdout],
        ["PULUMI_COMMAND_STDERR", previous.stderr],
    ];
    return variables.filter(([, value]) => value !== "");
}
