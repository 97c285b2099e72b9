/**
 * How two specs of a service differ, in the words of the config: for the plan of a change, and for what is in the swarm
 * and is not in the config.
 */

import { CONTAINER_OPTION_NAMES, CONTAINER_OPTIONS } from "./containerOptions.ts";
import { configName } from "./contents.ts";
import {
    fieldAt,
    IMAGE_LABEL,
    isObject,
    JOB_LABEL,
    type Json,
    type JsonObject,
    STACK_LABEL,
} from "./engineSpec.ts";

/**
 * What a change does to the tasks that run. Docker exchanges tasks when their spec or the service's ports change (swarmkit,
 * manager/orchestrator/task.go), and leaves those alone whose node still fits when only the placement does. A job runs again, whatever changes.
 */
export type SpecEffect = "none" | "more" | "fewer" | "misplaced" | "roll" | "again" | "anew";

export interface SpecChange {
    /** `replicas`, `image`, `port`, `variable`, `limits.memory`, ...: an option, or what one entry of a list is called. */
    readonly what: string;
    /** Which one, where there may be several: the name of a variable, the target of a mount. */
    readonly name?: string;
    /** As a person reads it; undefined where there is none. */
    readonly before?: string;
    readonly after?: string;
    /** Values that may be anything, a password among it, and are not to be shown. */
    readonly hidden: boolean;
    readonly effect: SpecEffect;
}

/** One thing that a spec says. */
interface Entry {
    readonly what: string;
    readonly name?: string;
    readonly value: string;
    readonly hidden?: boolean;
    readonly effect: SpecEffect;
}

/** Fields that a service has by itself, or that only the swarm knows: none of them is a difference. */
const IGNORED =
    /^(?:Name|TaskTemplate\.(?:ForceUpdate|Runtime|Placement\.Platforms|ContainerSpec\.Isolation))$/;

/** They say nothing that another field does not. */
const OWN_LABELS = [STACK_LABEL, IMAGE_LABEL, JOB_LABEL];

/** Options of the config by the fields that they become. */
const OPTIONS: Readonly<Record<string, string>> = {
    "TaskTemplate.ContainerSpec.Hostname": "hostname",
    "TaskTemplate.ContainerSpec.Dir": "workdir",
    "TaskTemplate.ContainerSpec.User": "user",
    "TaskTemplate.ContainerSpec.Init": "init",
    "TaskTemplate.ContainerSpec.ReadOnly": "readOnly",
    "TaskTemplate.ContainerSpec.StopGracePeriod": "stopGracePeriod",
    "TaskTemplate.Resources.Limits.NanoCPUs": "limits.cpus",
    "TaskTemplate.Resources.Limits.MemoryBytes": "limits.memory",
    "TaskTemplate.Resources.Limits.Pids": "limits.pids",
    "TaskTemplate.Resources.Reservations.NanoCPUs": "reservations.cpus",
    "TaskTemplate.Resources.Reservations.MemoryBytes": "reservations.memory",
    "TaskTemplate.RestartPolicy.Condition": "restart.condition",
    "TaskTemplate.RestartPolicy.Delay": "restart.delay",
    "TaskTemplate.RestartPolicy.MaxAttempts": "restart.maxAttempts",
    "TaskTemplate.RestartPolicy.Window": "restart.window",
    ...rolloutOptions("UpdateConfig", "update"),
    ...rolloutOptions("RollbackConfig", "rollback"),
};

function rolloutOptions(field: string, option: string): Record<string, string> {
    const fields = ["Parallelism", "Delay", "FailureAction", "Monitor", "MaxFailureRatio", "Order"];
    return Object.fromEntries(
        fields.map((name) => [`${field}.${name}`, `${option}.${name[0]?.toLowerCase()}${name.slice(1)}`]),
    );
}

/** Those of which the names are said and the values never: they may be anything, a token among it. */
const SECRETIVE = /^(?:healthcheck\.test|logDriver\.options)$/;

/** The options of a service by the fields that they become, for whoever has to know which are taken. */
export const OPTION_FIELDS: Readonly<Record<string, string>> = {
    ...OPTIONS,
    Name: "the service's name",
    Labels: "labels",
    Mode: "replicas and global",
    "EndpointSpec.Ports": "ports",
    "TaskTemplate.ForceUpdate": "docker service update --force",
    "TaskTemplate.Networks": "networks",
    "TaskTemplate.Placement.Constraints": "constraints",
    "TaskTemplate.Placement.Platforms": "the image",
    "TaskTemplate.ContainerSpec.Image": "image",
    "TaskTemplate.ContainerSpec.Command": "command",
    "TaskTemplate.ContainerSpec.Args": "args",
    "TaskTemplate.ContainerSpec.Env": "env",
    "TaskTemplate.ContainerSpec.Mounts": "mounts",
};

/** What differs, in the order of the specs. An image is compared without its digest, networks by `networkName`. */
export function specChanges(
    before: JsonObject,
    after: JsonObject,
    networkName: (target: string) => string = (target) => target,
): SpecChange[] {
    const [old, now] = [before, after].map((spec) => entriesOf(spec, networkName)) as [Entries, Entries];
    const changes: SpecChange[] = [];
    for (const key of new Set([...old.keys(), ...now.keys()])) {
        const [was, is] = [old.get(key), now.get(key)];
        if (was?.value === is?.value) continue;
        const { what, name, hidden, effect } = (is ?? was) as Entry;
        changes.push({
            what,
            ...(name !== undefined && { name }),
            ...(was && { before: was.value }),
            ...(is && { after: is.value }),
            hidden: hidden ?? false,
            effect:
                what === "replicas" ? (Number(is?.value) > Number(was?.value) ? "more" : "fewer") : effect,
        });
    }
    if (isJobSpec(after)) {
        for (const [index, change] of changes.entries())
            if (change.effect !== "anew") changes[index] = { ...change, effect: "again" };
    }
    const [oldOrder, newOrder] = [before, after].map(orders) as [Orders, Orders];
    for (const [what, order] of newOrder) {
        const same = !changes.some((change) => change.what === what);
        if (same && oldOrder.get(what) !== order)
            changes.push({ what, name: "order", hidden: true, effect: "roll" });
    }
    return changes;
}

function isJobSpec(spec: JsonObject): boolean {
    return Object.keys(object(spec.Mode)).some((mode) => mode.endsWith("Job"));
}

type Entries = ReadonlyMap<string, Entry>;
type Orders = ReadonlyMap<string, string>;

/** How far a change of a service goes: as far as the furthest of its parts. */
export function effectOf(changes: readonly SpecChange[]): SpecEffect {
    const order: readonly SpecEffect[] = ["none", "fewer", "more", "misplaced", "roll", "again", "anew"];
    return order.findLast((effect) => changes.some((change) => change.effect === effect)) ?? "none";
}

/** To the swarm another order of a list is another spec. */
function orders(spec: JsonObject): Orders {
    const container = object(fieldAt(spec, "TaskTemplate.ContainerSpec"));
    const names = (field: string, name: (entry: Json) => string) =>
        list(container[field]).map(name).join("\n");
    return new Map([
        ["variable", names("Env", (entry) => variable(entry)[0])],
        ["mount", names("Mounts", (entry) => string(object(entry).Target))],
        ["secret", names("Secrets", (entry) => fileEntry("secret", object(entry)).name)],
        ["config", names("Configs", (entry) => fileEntry("config", object(entry)).name)],
    ]);
}

function entriesOf(spec: JsonObject, networkName: (target: string) => string): Entries {
    const entries = new Map<string, Entry>();
    const add = (entry: Entry) => entries.set(`${entry.what} ${entry.name ?? ""}`, entry);
    const { Labels, TaskTemplate, Mode, EndpointSpec, ...rest } = spec;
    const { ContainerSpec, Placement, Networks, ...task } = object(TaskTemplate);
    const {
        Image,
        Command,
        Args,
        Env,
        Mounts,
        Secrets,
        Configs,
        Labels: containerLabels,
        ...container
    } = object(ContainerSpec);
    const { Constraints, ...placement } = object(Placement);
    const { Ports, ...endpoint } = object(EndpointSpec);

    add({
        what: "image",
        value: string(Image)
            .replace(/@sha256:.*/, "")
            .replace(/:latest$/, ""),
        effect: "roll",
    });
    const [mode = ""] = Object.keys(object(Mode));
    const { Replicas, TotalCompletions, MaxConcurrent } = object(object(Mode)[mode]);
    if (mode.startsWith("Replicated"))
        add({ what: "replicas", value: `${Replicas ?? TotalCompletions ?? 0}`, effect: "more" });
    if (MaxConcurrent !== undefined)
        add({ what: "maxConcurrent", value: `${MaxConcurrent}`, effect: "again" });
    add({ what: "mode", value: mode.replace("Job", "-job").toLowerCase(), effect: "anew" });
    for (const entry of list(Ports)) {
        const name = portText(object(entry));
        add({ what: "port", name, value: name, effect: "roll" });
    }
    for (const entry of list(Env)) {
        const [name, value] = variable(entry);
        add({ what: "variable", name, value, hidden: true, effect: "roll" });
    }
    for (const [name, value] of Object.entries(object(Labels)).filter(([name]) => !OWN_LABELS.includes(name)))
        add({ what: "label", name, value: string(value), hidden: true, effect: "none" });
    for (const [name, value] of Object.entries(object(containerLabels)))
        add({ what: "container label", name, value: string(value), hidden: true, effect: "roll" });
    for (const entry of list(Constraints)) {
        const name = string(entry).replace(/\s*([=!]=)\s*/, "$1");
        add({ what: "constraint", name, value: name, effect: "misplaced" });
    }
    for (const entry of list(Networks)) {
        const { Target, ...options } = object(entry);
        const name = networkName(string(Target));
        add({ what: "network", name, value: shown(options), effect: "roll" });
    }
    for (const entry of list(Mounts)) {
        const { Target, ...options } = object(entry);
        add({ what: "mount", name: string(Target), value: shown(options), effect: "roll" });
    }
    for (const [what, files] of [
        ["secret", Secrets],
        ["config", Configs],
    ] as const) {
        for (const { name, value } of list(files).map((entry) => fileEntry(what, object(entry))))
            add({ what, name, value, hidden: true, effect: "roll" });
    }
    if (list(Command).length > 0)
        add({ what: "command", value: JSON.stringify(Command), hidden: true, effect: "roll" });
    if (list(Args).length > 0)
        add({ what: "args", value: JSON.stringify(Args), hidden: true, effect: "roll" });

    const others: [JsonObject, string, SpecEffect][] = [
        [rest, "", "none"],
        [task, "TaskTemplate", "roll"],
        [container, "TaskTemplate.ContainerSpec", "roll"],
        [placement, "TaskTemplate.Placement", "misplaced"],
        [endpoint, "EndpointSpec", "roll"],
    ];
    for (const option of CONTAINER_OPTION_NAMES.filter((one) => one !== "containerLabels")) {
        const { field } = CONTAINER_OPTIONS[option];
        const effect = field.startsWith(PLACEMENT) ? "misplaced" : "roll";
        // Without a mode of the endpoint it is the usual one.
        const usual = option === "endpointMode" ? "vip" : undefined;
        for (const [part, value] of partsOf(fieldAt(spec, field) ?? usual))
            add({ what: `${option}${part}`, value, hidden: SECRETIVE.test(`${option}${part}`), effect });
    }
    for (const [fields, path, effect] of others) {
        for (const [field, value] of leaves(fields, path)) {
            if (CONTAINER_OPTION_FIELDS.some((one) => field === one || field.startsWith(`${one}.`))) continue;
            const what = OPTIONS[field] ?? field;
            // What no option is for comes from the service's own `spec`, and may hold a command.
            add({ what, value: quantity(what, value), hidden: !(field in OPTIONS), effect });
        }
    }
    return entries;
}

const PLACEMENT = "TaskTemplate.Placement";
const CONTAINER_OPTION_FIELDS = CONTAINER_OPTION_NAMES.map((option) => CONTAINER_OPTIONS[option].field);

/** What a field says that is an option's: each part of an object by itself, a list as a whole. */
function* partsOf(value: Json | undefined): Generator<[part: string, text: string]> {
    if (isNothing(value)) return;
    if (!isObject(value)) {
        // Docker writes an object's fields in an order of its own.
        yield ["", list(value).some(isObject) ? list(value).map(shown).join("; ") : string(value)];
        return;
    }
    for (const [name, inner] of Object.entries(value)) {
        if (isNothing(inner)) continue;
        const part = `${name[0]?.toLowerCase()}${name.slice(1)}`;
        yield [`.${part}`, isObject(inner) ? shown(inner) : quantity(part, inner as Json)];
    }
}

/** The fields that hold something: to the swarm an empty one is as good as none, or is made one by the daemon. */
function* leaves(value: Json | undefined, path: string): Generator<[field: string, value: Json]> {
    if (IGNORED.test(path) || isNothing(value)) return;
    if (typeof value !== "object" || value === null) {
        yield [path, value as Json];
        return;
    }
    for (const [name, inner] of Object.entries(value))
        yield* leaves(inner, path === "" ? name : `${path}.${name}`);
}

function isNothing(value: Json | undefined): boolean {
    return (
        value === undefined ||
        value === null ||
        value === "" ||
        value === false ||
        value === 0 ||
        (typeof value === "object" && Object.values(value).every(isNothing))
    );
}

/** `80/tcp to 8080/tcp`: where it leads, and whether all nodes answer. */
function portText(port: JsonObject): string {
    const { Protocol = "tcp", TargetPort, PublishedPort, PublishMode = "ingress" } = port;
    const where = PublishMode === "host" ? " (on the nodes with a task)" : "";
    return `${PublishedPort ?? "any"}/${Protocol} to ${TargetPort}/${Protocol}${where}`;
}

function variable(entry: Json): [name: string, value: string] {
    const text = string(entry);
    const sign = text.indexOf("=");
    return sign < 0 ? [text, ""] : [text.slice(0, sign), text.slice(sign + 1)];
}

/** By the config's name of it, and where it is in the containers; the content shows in the swarm's name. */
function fileEntry(what: "secret" | "config", entry: JsonObject): { name: string; value: string } {
    const { Name: target, ...rest } = object(entry.File);
    const inSwarm = string(entry[what === "secret" ? "SecretName" : "ConfigName"]);
    const name = configName(inSwarm);
    const usual = what === "secret" ? name : `/${name}`;
    return {
        name: target === usual || target === undefined ? name : `${name} at ${string(target)}`,
        value: `${inSwarm} ${shown(rest)}`,
    };
}

/** Amounts as the config writes them. */
function quantity(option: string, value: Json): string {
    if (typeof value !== "number") return string(value);
    if (option.endsWith(".memory")) return value % 2 ** 20 === 0 ? `${value / 2 ** 20}M` : `${value}`;
    if (option.endsWith(".cpus")) return `${value / 1e9}`;
    if (/(?:delay|window|monitor|stopGracePeriod|interval|timeout|startPeriod|startInterval)$/.test(option))
        return value % 1e9 === 0 ? `${value / 1e9}s` : `${value / 1e6}ms`;
    return `${value}`;
}

/** Two values that mean the same are the same text: fields in one order, nothing that is empty. */
function shown(value: Json | undefined): string {
    return [...leaves(value, "")]
        .map(([field, inner]) => `${field}=${string(inner)}`)
        .sort()
        .join(",");
}

function string(value: Json | undefined): string {
    return value === undefined || value === null
        ? ""
        : typeof value === "object"
          ? JSON.stringify(value)
          : `${value}`;
}

function object(value: Json | undefined): JsonObject {
    return isObject(value) ? value : {};
}

function list(value: Json | undefined): readonly Json[] {
    return Array.isArray(value) ? value : [];
}
