/** Which services change, from what to what, and what that does to their tasks. */
import { IMAGE_LABEL, isObject, type Json, type JsonObject } from "../../model/engineSpec.ts";
import { isServiceCommand, type ScriptInput, valuesOf } from "../../model/scriptInput.ts";
import { effectOf, type SpecChange, type SpecEffect, specChanges } from "../../model/specChanges.ts";
import { type Change, command, hasDrifted, inputsOf, type Preview, runs } from "./preview.ts";
import { own, say, type Words } from "./words.ts";

/** What a change does to the tasks that run. */
export type Effect = SpecEffect | "unknown";

export interface ServiceChange {
    readonly name: string;
    /** `confirmed`: its script runs, and nothing of it changes. */
    readonly change: "comes" | "goes" | "changes" | "mended" | "confirmed" | "anew" | "stays";
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
    readonly published: readonly string[];
    /** Whether it keeps data on the nodes. */
    readonly volumes: boolean;
    /** Tasks exchanged at a time; 0 for all at once. */
    readonly parallelism: number;
    readonly startFirst: boolean;
}

/**
 * All services, by name.
 *
 * @param newSwarm Whether they find none of the swarm of before: a command that is replaced by itself only runs again.
 */
export function readServices(preview: Preview, newSwarm: boolean): ServiceChange[] {
    const commands = preview.changes.filter(({ urn }) => isServiceCommand(urn));
    const known = commands.map((change) => serviceChange(change, shownOf(preview, change.name), newSwarm));
    const names = commands.map(({ name }) => name);
    const gone = unwanted(preview, names).filter((name) => !names.includes(name));
    return [
        ...known,
        ...gone.map((name) => ({ name, change: "goes", details: [], effect: "none" }) as const),
    ].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/**
 * Those that the roster was told to keep and is told no more. One whose making failed may be in the swarm, while the engine
 * has no command of it on record that it could delete.
 */
function unwanted(preview: Preview, names: readonly string[]): string[] {
    if (!runs(preview, "roster")) return [];
    const { before, after } = inputsOf(command(preview, "roster"));
    const kept = after ? valuesOf(after, "service") : names;
    return valuesOf(before, "service").filter((name) => !kept.includes(name));
}

/** What the component says of a service whose script's input is secret as a whole; `ShownService` in components/services.ts. */
type Shown = Partial<Record<"before" | "after", ScriptInput & { readonly login?: string }>>;

function shownOf({ changes }: Preview, service: string): Shown {
    const component = changes.find(({ type }) => type === "swarm:index:Services");
    const [before, after] = [component?.old, component?.new].map((state) => {
        const found = field(state?.inputs?.shown as Json | undefined, service);
        const [spec, login, timeout] = ["spec", "login", "timeout"].map((name) => field(found, name));
        if (!isObject(spec)) return undefined;
        const lines = [["limit", `${timeout}`] as const];
        return { lines, spec, ...(login !== undefined && { login: `${login}` }) };
    });
    return { before, after };
}

function serviceChange(change: Change, shown: Shown, newSwarm: boolean): ServiceChange {
    const { name, kind } = change;
    const read = inputsOf(change);
    const { before = shown.before, after = shown.after } = read;
    const facts = { before: factsOf(before?.spec), after: factsOf(after?.spec) };
    const as = (
        change: ServiceChange["change"],
        details: readonly Words[] = [],
        effect: Effect = "none",
    ): ServiceChange => ({ name, change, details, effect, ...facts });
    const lack = read.secret ? "are kept secret" : "cannot be read here";
    const why = own(`its options ${lack}, so they cannot be shown`);
    if (kind === "same") return as("stays");
    if (kind === "delete") return as("goes");
    if (kind === "create") {
        const details = after?.spec && [...described(after.spec), ...loginText({ after: shown.after })];
        return as("comes", details ?? [why]);
    }
    const changes = before && after && inputChanges(before, after, loginText(shown));
    if (kind === "replace" && newSwarm) return as("anew", changes?.details, "anew");
    // What differs is for the program's look to say; the preview has its warning.
    const same = changes?.details.length === 0;
    if (hasDrifted(change) && (same || !change.reasons.includes("stdin"))) return as("mended", [], "unknown");
    if (!changes) return as("changes", [why], "unknown");
    return same ? as("confirmed") : as("changes", changes.details, changes.effect);
}

function factsOf(spec: JsonObject | undefined): ServiceFacts | undefined {
    if (!spec) return undefined;
    const { Labels, Mode, TaskTemplate, UpdateConfig, EndpointSpec } = spec;
    const replicas = field(field(Mode, "Replicated"), "Replicas");
    const mounts = field(field(TaskTemplate, "ContainerSpec"), "Mounts");
    const ports = list(field(EndpointSpec, "Ports"));
    return {
        ...(replicas !== undefined && { replicas: Number(replicas) }),
        image: `${field(Labels, IMAGE_LABEL) ?? ""}`,
        published: ports.map((port) => `${field(port, "PublishedPort")}/${field(port, "Protocol")}`),
        volumes: list(mounts).some((mount) => field(mount, "Type") === "volume"),
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

/** What is said of a new service, of its differences from nothing. */
const SHOWN_OF_NEW = /^(image|replicas|mode|port|variable|label|constraint|network|mount|secret|config)$/;

function described(spec: JsonObject): Words[] {
    return specChanges({}, spec)
        .filter(({ what, after }) => SHOWN_OF_NEW.test(what) && after !== "replicated")
        .map(({ what, name, after = "" }) => say`${own(what)} ${name ?? after}`);
}

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
            ...changes.flatMap(changeText),
            ...anew.map(
                (name) =>
                    say`other options of its network ${name}, for which both are removed and made again`,
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
        return (marks.get(name) ?? mark) === mark ? [] : [name];
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
    if (unshown && before === undefined) return [say`+ ${subject}`];
    if (unshown && after === undefined) return [say`- ${subject}`];
    if (unshown) return [say`${subject} has another value`];
    const shown = (value: string | undefined, other: string | undefined) =>
        value ?? (other === "true" ? "false" : "none");
    return [say`${subject} ${shown(before, after)} → ${shown(after, before)}`];
}
