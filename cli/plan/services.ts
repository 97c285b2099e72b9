/** Which services change, from what to what, and what that does to their tasks. */
import { IMAGE_LABEL, isObject, type Json, type JsonObject } from "../../model/engineSpec.ts";
import { type ScriptInput, valuesOf } from "../../model/scriptInput.ts";
import type { ServiceSpec } from "../../model/settings.ts";
import { effectOf, type SpecChange, type SpecEffect, specChanges } from "../../model/specChanges.ts";
import { command } from "./nodes.ts";
import { type Change, COMMAND, hasDrifted, inputsOf, type Preview } from "./preview.ts";
import { joined, own, say, type Words } from "./words.ts";

/** What a change does to the tasks that run. */
export type Effect = SpecEffect | "unknown";

export interface ServiceChange {
    readonly name: string;
    readonly change: "comes" | "goes" | "changes" | "mended" | "confirmed" | "anew";
    /** From what to what, an entry a difference; all of it where the service is new. */
    readonly details: readonly Words[];
    readonly effect: Effect;
    readonly before?: ServiceFacts;
    readonly after?: ServiceFacts;
}

export interface ServiceFacts {
    /** Undefined for a global service. */
    readonly replicas?: number;
    readonly image: string;
    /** `80/tcp` */
    readonly published: readonly string[];
    readonly constraints: readonly string[];
    /** Tasks exchanged at a time; 0 for all at once. */
    readonly parallelism: number;
    readonly startFirst: boolean;
}

/** Part of a service's URN: its command is a child of the one component for all of them. */
export const OF_SERVICES = "::swarm:index:Services$";

/**
 * @param specs All services after the change, where they are known.
 * @param newSwarm Whether they find none of the swarm of before: a command that is replaced by itself only runs again.
 */
export function readServices(
    preview: Preview,
    specs: readonly ServiceSpec[] | undefined,
    newSwarm: boolean,
): ServiceChange[] {
    const commands = preview.changes.filter(({ type, urn }) => type === COMMAND && urn.includes(OF_SERVICES));
    const changes = commands
        .filter(({ kind }) => kind !== "same")
        .map((change) => serviceChange(change, shownOf(preview, change.name), newSwarm));
    const gone = unwanted(preview, specs).filter((service) => !commands.some(({ name }) => name === service));
    return [
        ...changes,
        ...gone.map((name) => ({ name, change: "goes", details: [], effect: "none" }) as const),
    ].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/**
 * Those that the roster was told to keep and is told no more. One whose making failed may be in the swarm, while the engine
 * has no command of it on record that it could delete.
 */
function unwanted(preview: Preview, specs: readonly ServiceSpec[] | undefined): string[] {
    const roster = command(preview, "roster");
    const { before, after } = roster?.kind === "update" ? inputsOf(roster) : {};
    const kept = after ? valuesOf(after, "service") : specs?.map(({ name }) => name);
    if (!before || !kept) return [];
    return valuesOf(before, "service").filter((service) => !kept.includes(service));
}

/** What the component says of a service whose script's input is secret as a whole; `ShownService` in components/services.ts. */
type Shown = Partial<Record<"before" | "after", ScriptInput & { readonly login?: string }>>;

function shownOf({ changes }: Preview, service: string): Shown {
    const component = changes.find(({ type }) => type === "swarm:index:Services");
    const [before, after] = [component?.old, component?.new].map((state) => {
        const all = state?.inputs?.shown as Readonly<Record<string, unknown>> | undefined;
        const found = typeof all === "object" ? (all[service] as Json | undefined) : undefined;
        const spec = field(found, "spec");
        const login = field(found, "login");
        return isObject(spec)
            ? {
                  lines: [["limit", `${field(found, "timeout")}`] as const],
                  spec,
                  ...(login !== undefined && { login: `${login}` }),
              }
            : undefined;
    });
    return { before, after };
}

function serviceChange(change: Change, shown: Shown, newSwarm: boolean): ServiceChange {
    const { name, kind } = change;
    const read = inputsOf(change);
    const { before = shown.before, after = shown.after, secret } = read;
    const facts = { before: factsOf(before?.spec), after: factsOf(after?.spec) };
    const isNew = kind === "create" || kind === "lost";
    if (kind === "delete") return { name, change: "goes", details: [], effect: "none", ...facts };
    if (isNew && after?.spec) {
        const details = [...described(after.spec), ...loginText({ after: shown.after })];
        return { name, change: "comes", details, effect: "none", ...facts };
    }
    const known = before && after && { before, after };
    const changes = known ? inputChanges(known.before, known.after, loginText(shown)) : undefined;
    if (kind === "replace" && newSwarm) {
        return { name, change: "anew", details: changes?.details ?? [], effect: "anew", ...facts };
    }
    // What differs is for the program's look to say; the preview has its warning.
    if (hasDrifted(change) && !change.reasons.includes("stdin")) {
        return { name, change: "mended", details: [], effect: "unknown", ...facts };
    }
    if (!changes) {
        const details = [own(secret ? SECRET : known ? OLDER : UNKNOWN)];
        if (isNew) return { name, change: "comes", details, effect: "none", ...facts };
        return { name, change: "changes", details, effect: "unknown", ...facts };
    }
    if (changes.details.length > 0) return { name, change: "changes", ...changes, ...facts };
    return hasDrifted(change)
        ? { name, change: "mended", details: [], effect: "unknown", ...facts }
        : { name, change: "confirmed", details: [], effect: "none", ...facts };
}

const SECRET = "its options are kept secret, so they cannot be shown";
const OLDER = "its options were written by an older version of the program, so what changes cannot be told";
const UNKNOWN = "its options are not known yet";

function factsOf(spec: JsonObject | undefined): ServiceFacts | undefined {
    if (!spec) return undefined;
    const { Labels, Mode, TaskTemplate, UpdateConfig, EndpointSpec } = spec;
    const replicas = field(field(Mode, "Replicated"), "Replicas");
    const constraints = field(field(TaskTemplate, "Placement"), "Constraints");
    const ports = field(EndpointSpec, "Ports");
    return {
        ...(replicas !== undefined && { replicas: Number(replicas) }),
        image: `${field(Labels, IMAGE_LABEL) ?? ""}`,
        published: list(ports).map((port) => `${field(port, "PublishedPort")}/${field(port, "Protocol")}`),
        constraints: list(constraints).map((constraint) => `${constraint}`),
        parallelism: Number(field(UpdateConfig, "Parallelism") ?? 1),
        startFirst: field(UpdateConfig, "Order") === "start-first",
    };
}

function field(value: Json | undefined, name: string): Json | undefined {
    return isObject(value) ? value[name] : undefined;
}

function list(value: Json | undefined): readonly Json[] {
    return Array.isArray(value) ? value : [];
}

/** A new service, in the words for its differences from nothing. */
function described(spec: JsonObject): Words[] {
    const entries = specChanges({}, spec);
    const parts: Words[] = [];
    for (const [what, title] of SHOWN_OF_NEW) {
        const found = entries.filter((entry) => entry.what === what);
        const texts = found.map(({ name, after = "" }) => say`${name ?? after}`);
        if (what === "replicas") parts.push(replicasText(found[0]?.after));
        else if (texts.length > 0) parts.push(say`${own(title)} ${joined(texts)}`);
    }
    return parts;
}

function replicasText(count: string | undefined): Words {
    if (count === undefined) return own("one task on each node");
    return say`${Number(count)} ${own(count === "1" ? "replica" : "replicas")}`;
}

const SHOWN_OF_NEW = [
    ["image", "image"],
    ["replicas", ""],
    ["port", "publishes"],
    ["variable", "variable"],
    ["label", "label"],
    ["constraint", "constraint"],
    ["network", "network"],
    ["mount", "mount"],
    ["secret", "secret"],
    ["config", "config"],
] as const;

/** Undefined where one of them has no spec. */
function inputChanges(
    before: ScriptInput,
    after: ScriptInput,
    login: readonly Words[],
): Pick<ServiceChange, "details" | "effect"> | undefined {
    if (!before.spec || !after.spec) return undefined;
    const changes = specChanges(before.spec, after.spec);
    const anew = changedNetworks(before, after);
    const [was, is] = [before, after].map((input) => valuesOf(input, "limit")[0]);
    return {
        details: [
            ...changes.flatMap((change) => changeText(change)),
            ...anew.map(
                (network) =>
                    say`other options of its network ${network}, for which both are removed and made again`,
            ),
            ...login,
            ...(was === is ? [] : [say`timeout ${`${was}s`} → ${`${is}s`}`]),
        ],
        effect: anew.length > 0 ? "anew" : effectOf(changes),
    };
}

/** Those that it keeps, and whose own options are others. */
function changedNetworks(before: ScriptInput, after: ScriptInput): string[] {
    const marks = new Map(valuesOf(before, "network").map((line) => line.split(" ") as [string, string]));
    return valuesOf(after, "network").flatMap((line) => {
        const [name = "", mark] = line.split(" ");
        const had = marks.get(name);
        return had === undefined || had === mark ? [] : [name];
    });
}

/** By the registry's host; whose login it is, is nobody's business. */
function loginText({ before, after }: Shown): Words[] {
    const [was, is] = [before?.login, after?.login];
    if (was === is) return [];
    const host = (login: string) => login.split(" ")[0] ?? "";
    if (was !== undefined && is !== undefined && host(was) === host(is))
        return [say`another login at ${host(is)}`];
    return [
        ...(was === undefined ? [] : [say`no login at ${host(was)}`]),
        ...(is === undefined ? [] : [say`a login at ${host(is)}`]),
    ];
}

function changeText({ what, name, before, after, hidden }: SpecChange): Words[] {
    if (what === "mode")
        return [say`${before ?? ""} → ${after ?? ""}, for which it is removed and made again`];
    // Said by the mode.
    if (what === "replicas" && (before === undefined || after === undefined)) return [];
    if (name === "order") return [say`the ${own(what)}s are in another order`];
    const subject = name === undefined ? say`${what}` : say`${own(what)} ${name}`;
    const unshown = hidden || name !== undefined;
    if (unshown && (before === undefined || after === undefined)) {
        return [say`${own(before === undefined ? "+" : "-")} ${subject}`];
    }
    if (unshown) return [say`${subject} has another value`];
    const shown = (value: string | undefined, other: string | undefined) =>
        value ?? (other === "true" ? "false" : "none");
    return [say`${subject} ${shown(before, after)} → ${shown(after, before)}`];
}
