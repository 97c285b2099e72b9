/**
 * What `pulumi preview --json --show-sames` printed, read and checked: the steps by resource, the config, what was said. The
 * shape is that of the engine's `PreviewDigest` (pulumi, pkg/display).
 */
import { z } from "zod";
import { PROJECT } from "../../model/problems.ts";
import { readInput, type ScriptInput } from "../../model/scriptInput.ts";
import { CliError, EXIT } from "../errors.ts";
import { COMMAND } from "../stackState.ts";

/** The engine whose previews this was written and tested with. */
const ENGINE = "3.259.0";

/** Stand in a preview for a value that is known once the change is made, and for one that is kept secret. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SECRET = "[secret]";

export const STACK = "pulumi:pulumi:Stack";
export const DROPLET = "digitalocean:index/droplet:Droplet";
export const FIREWALL = "digitalocean:index/firewall:Firewall";

/** What the engine does to a resource; the steps of a replacement count as one. */
const KINDS = {
    same: "same",
    refresh: "same",
    "remove-pending-replace": "same",
    create: "create",
    update: "update",
    delete: "delete",
    "delete-replaced": "delete",
    replace: "replace",
    "create-replacement": "replace",
} as const;

export type Kind = (typeof KINDS)[keyof typeof KINDS];

const state = z.looseObject({
    type: z.string(),
    /** Replaced, by this preview or by an update before. */
    delete: z.boolean().optional(),
    protect: z.boolean().optional(),
    inputs: z.record(z.string(), z.unknown()).optional(),
});

const digest = z.looseObject({
    config: z.record(z.string(), z.string()).default({}),
    steps: z
        .array(
            z.looseObject({
                op: z.enum(Object.keys(KINDS) as [keyof typeof KINDS]),
                urn: z.string().regex(/^urn:pulumi:[^:]+::[^:]+::[^:]+(:[^:]+)*::.+$/),
                oldState: state.optional(),
                newState: state.optional(),
                diffReasons: z.array(z.string()).nullish(),
                replaceReasons: z.array(z.string()).nullish(),
            }),
        )
        .default([]),
    diagnostics: z
        .array(
            z.looseObject({
                urn: z.string().optional(),
                message: z.string().default(""),
                severity: z.string().default(""),
            }),
        )
        .default([]),
});

type State = z.output<typeof state>;
type Step = z.output<typeof digest>["steps"][number];

/** A resource that the preview speaks of. */
export interface Change {
    readonly type: string;
    readonly urn: string;
    /** The resource's own name: `node1`, `node1-join`, `roster`. */
    readonly name: string;
    readonly kind: Kind;
    /** Undefined where there is none, or none any more: a refresh has found that it is gone. */
    readonly old?: State;
    readonly new?: State;
    /** Properties for which it is updated or replaced. */
    readonly reasons: readonly string[];
}

export interface Said {
    /** Name of the resource that it is about; undefined for the program as a whole. */
    readonly about?: string;
    readonly level: "error" | "warning" | "info";
    readonly text: string;
}

export interface Preview {
    /** Without organisation and project; empty where the preview names none. */
    readonly stack: string;
    /** Keys without the project's name in front; values as text; secret ones are left out. */
    readonly config: Readonly<Record<string, string>>;
    readonly changes: readonly Change[];
    /** What an interrupted run has replaced and not deleted; there may be a change of the same name, too. */
    readonly leftover: readonly Change[];
    readonly said: readonly Said[];
}

/**
 * @param from What the text is called in an error: a file's name, or "standard input".
 * @throws CliError With what is wrong with it.
 */
export function readPreview(text: string, from: string): Preview {
    const found = digest.safeParse(parsed(text, from));
    if (!found.success) {
        const [issue] = found.error.issues;
        const where = issue?.path.join(".") || "the whole";
        const hint = `This command knows the previews of Pulumi ${ENGINE}; is that one of another version?`;
        throw unreadable(from, `${where}: ${issue?.message}. ${hint}`);
    }
    const { config, steps, diagnostics } = found.data;
    const urns = [...steps, ...diagnostics].flatMap(({ urn }) => urn || []);
    if (steps.length + diagnostics.length === 0) {
        throw unreadable(from, "it is other JSON, or that preview was cancelled before it began");
    }
    const other = urns.map((urn) => urn.split("::")[1]).find((project) => project !== PROJECT);
    if (other !== undefined) {
        const text = `${from} is a preview of the project ${JSON.stringify(other)}, and this command reads those of "${PROJECT}"`;
        throw new CliError(text, EXIT.state);
    }
    const said = diagnostics.flatMap(({ urn, message, severity }): Said[] => {
        const level = severity === "error" || severity === "warning" ? severity : "info";
        const text = message.replace(/^(error|warning|info): */, "").trim();
        return text === "" ? [] : [{ about: urn === undefined ? undefined : nameOf(urn), level, text }];
    });
    if (!isComplete(steps) && !said.some(({ level }) => level === "error")) {
        const why = "leaves out what stays as it is, so that what is gone cannot be told from it";
        throw new CliError(`${from} ${why}: make it with pulumi preview --json --show-sames`, EXIT.state);
    }
    const all = [...Map.groupBy(steps, ({ urn }) => urn).values()];
    const left = all.flatMap(leftoverSteps);
    return {
        stack: urns[0]?.split("::")[0]?.slice("urn:pulumi:".length) ?? "",
        config: Object.fromEntries(
            Object.entries(config)
                .filter(([key, value]) => key.startsWith(`${PROJECT}:`) && value !== SECRET)
                .map(([key, value]) => [key.slice(PROJECT.length + 1), value]),
        ),
        changes: all
            .map((group) => group.filter((step) => !left.includes(step)))
            // Of what a refresh has found gone, and the config has no more, the engine says nothing else.
            .filter((group) => group.some(({ op }) => op !== "refresh"))
            .map(changeOf),
        leftover: left.map((step) => changeOf([step])),
        said,
    };
}

function unreadable(from: string, why: string): CliError {
    return new CliError(`${from} is not what "pulumi preview --json" prints: ${why}`, EXIT.state);
}

function parsed(text: string, from: string): unknown {
    if (text.trim() === "") {
        const why = "it is empty; that preview ended before it printed anything, see its standard error";
        throw unreadable(from, why);
    }
    try {
        return JSON.parse(text);
    } catch (error) {
        const hint = "keep standard error apart, and unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW";
        throw unreadable(from, `it is no JSON, or not one alone (${(error as Error).message}); ${hint}`);
    }
}

/** Whether what stays is on the list; of a stack that is made, or goes, there is nothing that does. */
function isComplete(steps: readonly Step[]): boolean {
    return steps.some(({ op, urn }) => {
        const kind = KINDS[op];
        return urn.includes(`::${STACK}::`) ? kind === "create" || kind === "delete" : op === "same";
    });
}

function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}

/** The deletions, among one resource's steps, of what was replaced before this preview. */
function leftoverSteps(steps: readonly Step[]): Step[] {
    return steps.some(({ op }) => KINDS[op] === "replace")
        ? []
        : steps.filter(({ op, oldState }) => KINDS[op] === "delete" && oldState?.delete === true);
}

/** The steps of one resource as one change. After a refresh that has found something else, the later step starts from that. */
function changeOf(steps: readonly Step[]): Change {
    const kinds = steps.map(({ op }) => KINDS[op]);
    const kind =
        (["replace", "create"] as const).find((one) => kinds.includes(one)) ??
        kinds.find((one) => one !== "same") ??
        "same";
    const step = steps.find(({ op }) => KINDS[op] === kind) as Step;
    const old = steps.findLast(({ oldState }) => oldState)?.oldState;
    const made = steps.findLast(({ newState }) => newState)?.newState;
    return {
        type: (old ?? made)?.type ?? "",
        urn: step.urn,
        name: nameOf(step.urn),
        kind,
        old: kind === "create" ? undefined : old,
        new: kind === "delete" ? undefined : made,
        reasons: (step.replaceReasons?.length ? step.replaceReasons : step.diffReasons) ?? [],
    };
}

export function isDestroy({ changes }: Preview): boolean {
    return changes.some(({ type, kind }) => type === STACK && kind === "delete");
}

/** A command of the swarm itself: `swarm`, `roster`, `recover`, `<node>-join`. A service may have the same name. */
export function command({ changes }: Preview, name: string): Change | undefined {
    return changes.find(
        (change) =>
            change.type === COMMAND && change.name === name && change.urn.includes("::swarm:index:Swarm$"),
    );
}

/** Whether a command of the swarm itself is carried out. */
export function runs(preview: Preview, name: string): boolean {
    const kind = command(preview, name)?.kind ?? "same";
    return kind !== "same" && kind !== "delete";
}

/** Whether it runs since the swarm is not what it has made of it. */
export function drifted(preview: Preview, name: string): boolean {
    const change = command(preview, name);
    return change !== undefined && hasDrifted(change);
}

/**
 * Whether the swarm is not what the resource has made of it, as the program's look has found: then its script runs,
 * whatever else is the same (`DIFFERS` in components/remote.ts).
 */
export function hasDrifted({ kind, reasons }: Change): boolean {
    return kind === "update" && reasons.some((reason) => /^environment\b/.test(reason));
}

/** A text; undefined where it is absent, not known yet, or secret. */
export function knownText(value: unknown): string | undefined {
    return typeof value === "string" && value !== UNKNOWN && value !== SECRET ? value : undefined;
}

/** What a script reads, before and after; undefined where there is none, where it is not known yet, or where it is secret. */
export interface Inputs {
    readonly before?: ScriptInput;
    readonly after?: ScriptInput;
    /** One of them is there, and kept secret. */
    readonly secret: boolean;
}

export function inputsOf(change: Change | undefined): Inputs {
    const stdin = [change?.old?.inputs?.stdin, change?.new?.inputs?.stdin];
    const [before, after] = stdin.map((text) => readInput(knownText(text)));
    return { before, after, secret: stdin.includes(SECRET) };
}
