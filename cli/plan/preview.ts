/**
 * What `pulumi preview --json` printed, read and checked: the steps by resource, the config, what was said. The shape is
 * that of the engine's `PreviewDigest` (pulumi, pkg/display). Everything else gets a text that says what it is.
 */
import { z } from "zod";
import { PROJECT } from "../../model/problems.ts";
import { orList } from "../../model/schema.ts";
import { readInput, type ScriptInput } from "../../model/scriptInput.ts";
import { CliError, EXIT } from "../errors.ts";

/** The engine whose previews this was written and tested with. */
const ENGINE = "3.259.0";

/** Stands in a preview for a value that is known once the change is made. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Stands in a preview for a value that is kept secret. */
const SECRET = "[secret]";

export const STACK = "pulumi:pulumi:Stack";
export const DROPLET = "digitalocean:index/droplet:Droplet";
export const FIREWALL = "digitalocean:index/firewall:Firewall";
export const COMMAND = "command:remote:Command";

/** What the engine does to a resource; the steps of a replacement count as one. */
const KINDS = {
    same: "same",
    read: "same",
    refresh: "same",
    create: "create",
    import: "create",
    update: "update",
    delete: "delete",
    "delete-replaced": "delete",
    replace: "replace",
    "create-replacement": "replace",
    "read-replacement": "replace",
    "import-replacement": "replace",
    discard: "delete",
    "discard-replaced": "delete",
    "read-discard": "delete",
    "remove-pending-replace": "same",
} as const;

export type Kind = (typeof KINDS)[keyof typeof KINDS] | "lost" | "gone";

const state = z.looseObject({
    type: z.string(),
    id: z.string().optional(),
    /** Replaced, by this preview or by an update before. */
    delete: z.boolean().optional(),
    protect: z.boolean().optional(),
    inputs: z.record(z.string(), z.unknown()).optional(),
    outputs: z.record(z.string(), z.unknown()).optional(),
});

const digest = z.looseObject({
    config: z.record(z.string(), z.string()).optional(),
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
        .optional(),
    diagnostics: z
        .array(
            z.looseObject({
                urn: z.string().optional(),
                message: z.string().optional(),
                severity: z.string().optional(),
            }),
        )
        .optional(),
});

type State = z.output<typeof state>;
type Digest = z.output<typeof digest>;
type Step = NonNullable<Digest["steps"]>[number];

/** A resource that the preview speaks of. */
export interface Change {
    readonly type: string;
    readonly urn: string;
    /** The resource's own name: `node1`, `node1-join`, `roster`. */
    readonly name: string;
    /** `lost`: it is on record and gone, and is made again. `gone`: the same, and the config has it no more. */
    readonly kind: Kind;
    readonly old?: State;
    readonly new?: State;
    /** Properties for which it is updated or replaced. */
    readonly reasons: readonly string[];
}

/** Something that the engine or the program said. */
export interface Said {
    /** Name of the resource that it is about; undefined for the program as a whole. */
    readonly about?: string;
    readonly level: "error" | "warning" | "info";
    readonly text: string;
}

export interface Preview {
    /** Without organisation and project; undefined where the preview names none. */
    readonly stack?: string;
    /** Keys without the project's name in front; values as text; secret ones are left out. */
    readonly config: Readonly<Record<string, string>>;
    readonly changes: readonly Change[];
    /** What an interrupted run has replaced and not deleted; there may be a change of the same name, too. */
    readonly leftover: readonly Change[];
    /** Whether resources that stay as they are are on the list too (`--show-sames`, `--refresh`). */
    readonly complete: boolean;
    readonly said: readonly Said[];
}

/**
 * Reads what `pulumi preview --json` printed.
 *
 * @param from What the text is called in an error: a file's name, or "standard input".
 * @throws CliError With what the text is instead, and why it cannot be read.
 */
export function readPreview(text: string, from: string): Preview {
    const received = parsed(text, from);
    for (const [key, what] of OTHER_KINDS) {
        if (typeof received === "object" && received !== null && key in received)
            throw unreadable(from, what);
    }
    const keys = typeof received === "object" && received !== null ? Object.keys(received) : [];
    if (keys.length > 0 && !Array.isArray(received) && !keys.some((key) => OWN_KEYS.includes(key))) {
        throw unreadable(from, `it is other JSON, with ${orList(keys.slice(0, 5).map(shown), "and")}`);
    }
    const found = digest.safeParse(received, { reportInput: true });
    if (!found.success) throw unreadable(from, shapeText(found.error));
    const { config = {}, steps = [], diagnostics = [] } = found.data;
    if (steps.length === 0 && diagnostics.length === 0) {
        throw unreadable(
            from,
            "it has neither steps nor messages: that preview was cancelled before it began",
        );
    }
    const urns = [...steps, ...diagnostics].flatMap(({ urn }) => urn || []);
    for (const urn of urns) refuseOther(urn, from);
    const prefix = `${PROJECT}:`;
    const left = new Set([...Map.groupBy(steps, ({ urn }) => urn).values()].flatMap(leftoverSteps));
    const others = steps.filter((step) => !left.has(step));
    const hasSames = steps.some(({ op, urn }) => op === "same" && !urn.includes(`::${STACK}::`));
    return {
        stack: urns[0]?.split("::")[0]?.slice("urn:pulumi:".length),
        config: Object.fromEntries(
            Object.entries(config)
                .filter(([key, value]) => key.startsWith(prefix) && value !== SECRET)
                .map(([key, value]) => [key.slice(prefix.length), value]),
        ),
        changes: [...Map.groupBy(others, ({ urn }) => urn).values()].map((steps) =>
            hasSames && isGone(steps)
                ? { ...changeOf(steps), kind: "gone", new: undefined }
                : changeOf(steps),
        ),
        leftover: [...left].map((step) => changeOf([step])),
        complete: steps.some(({ op, urn }) => KINDS[op] === "same" && !urn.includes(`::${STACK}::`)),
        said: diagnostics.flatMap(({ urn, message = "", severity = "" }) => {
            const level = severity === "error" || severity === "warning" ? severity : "info";
            const text = message.replace(/^(error|warning|info): */, "").trim();
            return text === "" ? [] : [{ about: urn === undefined ? undefined : nameOf(urn), level, text }];
        }),
    };
}

/** Keys of a preview. */
const OWN_KEYS = ["config", "steps", "diagnostics", "duration", "changeSummary"];

/** What else Pulumi writes as JSON, by a key that no preview has. */
const OTHER_KINDS = [
    ["deployment", "it is a stack's state, as pulumi stack export prints it"],
    ["resourcePlans", "it is an update plan, as --save-plan writes it"],
] as const;

function unreadable(from: string, why: string): CliError {
    return new CliError(`${from} is not what "pulumi preview --json" prints: ${why}`, EXIT.state);
}

function parsed(text: string, from: string): unknown {
    const trimmed = text.trim();
    if (trimmed === "") {
        throw unreadable(
            from,
            "it is empty; that preview ended before it printed anything, see its standard error",
        );
    }
    try {
        return JSON.parse(trimmed);
    } catch (error) {
        throw unreadable(from, whatElse(trimmed, (error as Error).message));
    }
}

/** What a text is that is not JSON as a whole. */
function whatElse(text: string, reason: string): string {
    if (/^(?:.*\n){0,5}(?:Previewing|Destroying) /.test(text)) {
        return "it is the text for people; run it with --json";
    }
    const [first = ""] = text.split("\n", 1);
    if (/^\{"sequence":|^\{.*"timestamp":/.test(first)) {
        return (
            "it is a stream of engine events, as --event-log writes it, and PULUMI_ENABLE_STREAMING_JSON_PREVIEW; " +
            "unset that variable"
        );
    }
    if (!text.startsWith("{")) {
        return text.includes("\n{")
            ? `something stands before the JSON (${shown(first)}); keep standard error apart`
            : `it is no JSON, it begins with ${shown(first)}`;
    }
    // What V8 says of a text that ends too early.
    return /end of JSON|Unterminated|after (?:property|array)|double-quoted property/.test(reason) &&
        !text.endsWith("}")
        ? `it is cut off after ${text.length} characters`
        : `it is broken JSON: ${reason}`;
}

function shown(text: string): string {
    return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 60)}…`);
}

/** What the JSON is, or where it differs from what is known; all places at once, but no more than a person reads. */
function shapeText(error: z.ZodError): string {
    const places = error.issues.map(placeText);
    const more = places.length > 5 ? `; and ${places.length - 5} more` : "";
    return (
        `${places.slice(0, 5).join("; ")}${more}. This command knows the previews of Pulumi ${ENGINE}; is that one of ` +
        "another version?"
    );
}

function placeText(issue: z.core.$ZodIssue): string {
    const path = issue.path
        .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
        .join("");
    const where = path === "" ? "the whole" : path.slice(1);
    const received = issue.input === undefined ? "nothing" : shown(JSON.stringify(issue.input) ?? "");
    if (issue.code === "invalid_value") return `${where} is ${received}, an operation that is not known`;
    return issue.code === "invalid_type"
        ? `${where} is ${received} instead of ${issue.expected === "record" ? "object" : issue.expected}`
        : `${where} is ${received}, which is no name of a resource`;
}

function refuseOther(urn: string, from: string): void {
    const project = urn.split("::")[1];
    if (project === PROJECT) return;
    throw new CliError(
        `${from} is a preview of the project ${shown(project ?? "")}, and this command reads those of "${PROJECT}"`,
        EXIT.state,
    );
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

/**
 * Whether a refresh has found that a droplet is gone, and the config has no such node any more: the engine says no more of
 * it, while of what stays it has a second step, where those that are the same are on the list.
 */
function isGone(steps: readonly Step[]): boolean {
    return steps.every(({ op, oldState }) => op === "refresh" && oldState?.type === DROPLET);
}

/**
 * The steps of one resource as one change. With `--refresh`, what is on record comes first, and what of it is gone is
 * created after that.
 */
function changeOf(steps: readonly Step[]): Change {
    const first = steps[0] as Step;
    const kind = kindOf(steps);
    const step = steps.find(({ op }) => KINDS[op] === kind) ?? first;
    // After a refresh that has found something else, the later step starts from that.
    const old = steps.findLast(({ oldState }) => oldState)?.oldState;
    const made = steps.findLast(({ newState }) => newState)?.newState;
    return {
        type: (old ?? made)?.type ?? "",
        urn: first.urn,
        name: nameOf(first.urn),
        kind,
        old,
        new: kind === "delete" ? undefined : made,
        reasons: (step.replaceReasons?.length ? step.replaceReasons : step.diffReasons) ?? [],
    };
}

function kindOf(steps: readonly Step[]): Kind {
    const kinds = steps.map(({ op }) => KINDS[op]);
    if (kinds.includes("replace")) return "replace";
    if (kinds.includes("create")) return steps.some(({ oldState }) => oldState) ? "lost" : "create";
    return kinds.find((kind) => kind !== "same") ?? "same";
}

/**
 * Whether the swarm is not what the resource has made of it, as the program's look has found: then its script runs,
 * whatever else is the same (`DIFFERS` in components/remote.ts).
 */
export function hasDrifted({ kind, reasons }: Change): boolean {
    return kind === "update" && reasons.some((reason) => /^environment\b/.test(reason));
}

/** A property's value; undefined where it is absent, not known yet, or secret. */
export function known(value: unknown): unknown {
    return value === UNKNOWN || value === SECRET ? undefined : value;
}

/** Whether a property is there and not shown. */
function isSecret(value: unknown): boolean {
    return value === SECRET;
}

/** As `known`, for text; undefined for anything else. */
export function knownText(value: unknown): string | undefined {
    const found = known(value);
    return typeof found === "string" ? found : undefined;
}

/** As `known`, for a list, all of whose members have to be known. */
export function knownList(value: unknown): readonly unknown[] | undefined {
    return Array.isArray(value) && value.every((member) => known(member) !== undefined) ? value : undefined;
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
    return { before, after, secret: stdin.some(isSecret) };
}
