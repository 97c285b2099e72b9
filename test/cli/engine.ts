/**
 * What `pulumi preview --json --show-sames` prints of a change, made without an engine: the program runs under mocks before the change
 * and after it, and what differs is said as the engine and the plugins would say it. So the scripts' inputs are always
 * today's. `cluster: previews` holds these against a real engine's.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { DROPLET, FIREWALL, STACK } from "../../cli/plan/preview.ts";
import { COMMAND } from "../../cli/stackState.ts";
import { account, type Registered, type Run, runProgram, settled } from "../program/harness.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SECRET = "[secret]";

/** A step of a preview, as far as anything reads it. */
export interface RawStep {
    op: string;
    urn: string;
    oldState?: Record<string, unknown>;
    newState?: Record<string, unknown>;
    diffReasons?: readonly string[];
    replaceReasons?: readonly string[];
}

export interface RawPreview {
    config: Record<string, string>;
    steps: RawStep[];
    diagnostics?: { urn?: string; message: string; severity: string }[];
}

export type Config = Readonly<Record<string, unknown>>;

export interface ChangeOfProgram {
    /** The config of the last `up`; undefined before the first. */
    readonly before?: Config;
    /** Undefined for a destroy. */
    readonly after?: Config;
    readonly secretKeys?: readonly string[];
    /** `--replace`, as the end of a URN: `Droplet::node3`. */
    readonly replace?: string;
    /** `--target`, likewise; with what depends on it, or alone. */
    readonly target?: { readonly urn: string; readonly dependents: boolean };
    /** What the engine says beside it. */
    readonly diagnostics?: RawPreview["diagnostics"];
    /** Services that failed when that `up` made them: the roster was told of them, and no command is on record. */
    readonly failed?: readonly string[];
    /** `--refresh`, which finds that the droplets of these names are gone. */
    readonly lost?: readonly string[];
}

const defaults = Object.entries(
    parse(readFileSync(path.join(import.meta.dirname, "../../Pulumi.yaml"), "utf8")).config as Record<
        string,
        { default?: unknown }
    >,
).flatMap(([key, { default: value }]) => (value === undefined ? [] : [[key, value] as const]));

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function shownConfig(config: Config, secretKeys: readonly string[]): Record<string, string> {
    return Object.fromEntries(
        [...defaults, ...Object.entries(config)].map(([key, value]) => [
            `swarm:${key}`,
            secretKeys.includes(key) ? SECRET : text(value),
        ]),
    );
}

/** A program's resources by URN. */
type Resources = ReadonlyMap<string, Registered>;

const STACK_URN = `urn:pulumi:dev::swarm::${STACK}::swarm-dev`;

/** Components have the stack for their parent, and each other resource a component. */
function urnOf({ type, name, parent }: Registered, all: readonly Registered[]): string {
    const component = all.find((other) => other.type.startsWith("swarm:") && other.name === parent);
    return `urn:pulumi:dev::swarm::${component === undefined ? "" : `${component.type}$`}${type}::${name}`;
}

const byUrn = (all: readonly Registered[]): Resources =>
    new Map(all.filter(({ type }) => type !== STACK).map((one) => [urnOf(one, all), one]));

const isUnknown = (value: unknown): boolean => JSON.stringify(value)?.includes(UNKNOWN) ?? false;

/** As a preview shows it: whole properties are secret, or not known yet. */
function shown({ inputs, secrets, type }: Registered): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => {
            // The plugin makes a command's connection secret, whatever is in it.
            if (type === COMMAND && key === "connection") return [key, SECRET];
            if (secrets.includes(key)) return [key, isUnknown(value) ? UNKNOWN : SECRET];
            return [
                key,
                isUnknown(value) && !(type === COMMAND && key === "triggers") ? unknownIn(value) : value,
            ];
        }),
    );
}

const unknownIn = (value: unknown) => (Array.isArray(value) ? value : UNKNOWN);

/** What a plugin can change in place; what else differs makes another resource. */
const IN_PLACE: Readonly<Record<string, (key: string) => boolean>> = {
    [DROPLET]: (key) => key === "tags",
    [COMMAND]: (key) => key !== "triggers",
    [FIREWALL]: () => true,
};

interface Difference {
    readonly kind: "same" | "update" | "replace";
    readonly reasons: readonly string[];
}

function difference(old: Registered, now: Registered): Difference {
    const keys = [...new Set([...Object.keys(old.inputs), ...Object.keys(now.inputs)])].sort();
    const reasons = keys.filter(
        (key) =>
            text(old.inputs[key]) !== text(now.inputs[key]) &&
            // The plugin lets a connection alone that is not known yet.
            !(now.type === COMMAND && key === "connection" && isUnknown(now.inputs[key])),
    );
    if (reasons.length === 0) return { kind: "same", reasons };
    const inPlace = IN_PLACE[now.type] ?? (() => false);
    return { kind: reasons.every(inPlace) ? "update" : "replace", reasons };
}

/** The SDK takes a stack trace of each promise: half of the time that a run takes. */
async function run(options: Parameters<typeof runProgram>[0]): Promise<Run> {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
        return await runProgram({ ...options, stack: "dev", account: lookUps });
    } finally {
        Error.stackTraceLimit = stackTraceLimit;
    }
}

const runs = new Map<string, Promise<Run>>();

/** The program after an `up` of a config; many changes begin with the same. */
function upOf(config: Config): Promise<Run> {
    const key = JSON.stringify(config);
    const made = runs.get(key) ?? run({ config });
    runs.set(key, made);
    return made;
}

const SIZES = ["s-1vcpu-1gb", "s-2vcpu-2gb"];
const lookUps: typeof account = {
    ...account,
    "digitalocean:index/getRegions:getRegions": () => ({
        regions: [{ slug: "sgp1", available: true, sizes: SIZES }],
    }),
    "digitalocean:index/getSizes:getSizes": () => ({ sizes: SIZES.map((slug) => ({ slug, disk: 25 })) }),
};

export async function previewOf(change: ChangeOfProgram): Promise<RawPreview> {
    const { secretKeys = [], lost = [], failed = [] } = change;
    const last = change.before && (await upOf(change.before));
    const old: Resources = last
        ? byUrn(last.resources.filter(({ type, name }) => type !== COMMAND || !failed.includes(name)))
        : new Map();
    const config = shownConfig(change.after ?? change.before ?? {}, secretKeys);
    const state = (resource: Registered) => ({
        type: resource.type,
        inputs: shown(resource),
        ...(resource.protect ? { protect: true } : {}),
    });
    const outputs = last && { nodes: await settled(last.outputs.nodes) };
    const stack = { type: STACK, ...(outputs === undefined ? {} : { outputs }) };
    if (change.after === undefined) {
        const steps = [...old].map(([urn, one]): RawStep => ({ op: "delete", urn, oldState: state(one) }));
        return { config, steps: [...steps, { op: "delete", urn: STACK_URN, oldState: stack }] };
    }
    const steps: RawStep[] = [
        last
            ? { op: "same", urn: STACK_URN, oldState: stack, newState: { type: STACK } }
            : { op: "create", urn: STACK_URN, newState: { type: STACK } },
    ];
    const refreshedStack: RawStep = { op: "refresh", urn: STACK_URN, oldState: stack, newState: stack };
    const refreshed = [...old].map(
        ([urn, one]): RawStep => ({
            op: "refresh",
            urn,
            oldState: state(one),
            newState: state(one),
        }),
    );
    const isGone = (one: Registered) => one.type === DROPLET && lost.includes(one.name);
    const replaced = new Set<string>();
    const targeted = targetsOf(change, last?.resources ?? []);
    const seen: Registered[] = [];
    const step = (now: Registered): RawStep => {
        const urn = urnOf(now, seen);
        const was = old.get(urn);
        if (was === undefined || isGone(was)) return { op: "create", urn, newState: state(now) };
        const keep = targeted !== undefined && !targeted.has(now.name);
        const forced = change.replace !== undefined && urn.endsWith(change.replace);
        const { kind, reasons } = keep ? ({ kind: "same", reasons: [] } as Difference) : difference(was, now);
        const along = now.replaceWith.some((name) => replaced.has(name));
        const op = forced || along ? "replace" : kind;
        if (op === "replace") replaced.add(now.name);
        const replaceReasons = forced ? ["id"] : along ? ["replaceWith"] : reasons;
        return {
            op,
            urn,
            oldState: { ...state(was), ...(op === "replace" ? { delete: true } : {}) },
            newState: state(keep ? was : now),
            ...(op === "same" || forced || along ? {} : { diffReasons: reasons }),
            ...(op === "replace" && (now.type !== COMMAND || forced || along) ? { replaceReasons } : {}),
        };
    };
    await run({
        config: change.after,
        secretKeys,
        preview: true,
        knownBy: (now) => {
            seen.push(now);
            if (now.type === STACK) return {};
            const made = step(now);
            steps.push(made);
            if (made.op === "same") return old.get(made.urn)?.inputs;
            // A plugin knows a droplet's address while it is changed in place, and no script's answer before it has run.
            return made.op === "update" && now.type !== COMMAND ? now.inputs : undefined;
        },
    });
    const now = byUrn(seen);
    for (const [urn, one] of [...old].reverse()) {
        // Of what a refresh has found gone, and the program has no more, the engine says nothing more.
        if (now.has(urn) || isGone(one)) continue;
        if (targeted === undefined) steps.push({ op: "delete", urn, oldState: state(one) });
        else steps.push({ op: "same", urn, oldState: state(one), newState: state(one) });
    }
    return {
        config,
        steps: lost.length > 0 ? [refreshedStack, ...refreshed, ...steps] : steps,
        ...(change.diagnostics ? { diagnostics: change.diagnostics } : {}),
    };
}

/** Names of what a preview with --target is about; undefined without. */
function targetsOf({ target }: ChangeOfProgram, all: readonly Registered[]): Set<string> | undefined {
    if (target === undefined) return undefined;
    const names = new Set(all.filter((one) => urnOf(one, all).endsWith(target.urn)).map(({ name }) => name));
    if (!target.dependents) return names;
    for (const one of all) if (one.dependencies.some((name) => names.has(name))) names.add(one.name);
    return names;
}
