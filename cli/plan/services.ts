/** Which services change, from what to what, and what that does to their tasks. */
import { type Change, COMMAND, type Preview } from "./preview.ts";
import { inputsOf, type ScriptInput, valuesOf } from "./scriptInput.ts";
import { joined, own, say, type Words } from "./words.ts";

/**
 * What a change does to the tasks that run. Docker exchanges tasks when their spec or the service's ports change (swarmkit,
 * manager/orchestrator/task.go), and leaves those alone whose node still fits when only constraints do.
 */
export type Effect = "none" | "more" | "fewer" | "misplaced" | "roll" | "anew" | "unknown";

export interface ServiceChange {
    readonly name: string;
    readonly change: "comes" | "goes" | "changes" | "confirmed" | "anew";
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
    /** Names of its volumes, which are on the nodes; "" for one without a name. */
    readonly volumes: readonly string[];
    /** Tasks exchanged at a time; 0 for all at once. */
    readonly parallelism: number;
    readonly startFirst: boolean;
}

/** Part of a service's URN: its command is a child of the one component for all of them. */
const OF_SERVICES = "::swarm:index:Services$";

export function readServices(preview: Preview): ServiceChange[] {
    return preview.changes
        .filter(({ type, urn, kind }) => type === COMMAND && kind !== "same" && urn.includes(OF_SERVICES))
        .map(serviceChange)
        .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

function serviceChange(change: Change): ServiceChange {
    const { name } = change;
    const { before, after, secret } = inputsOf(change);
    const facts = { before: before && factsOf(before), after: after && factsOf(after) };
    if (change.kind === "delete") {
        return { name, change: "goes", details: [], effect: "none", ...facts };
    }
    if (change.kind === "create" || change.kind === "lost") {
        const details = after ? described(after) : [hiddenText(secret)];
        return { name, change: "comes", details, effect: "none", ...facts };
    }
    if (change.kind === "replace") {
        return {
            name,
            change: "anew",
            details: before && after ? compared(before, after).details : [],
            effect: "anew",
            ...facts,
        };
    }
    if (!before || !after) {
        return { name, change: "changes", details: [hiddenText(secret)], effect: "unknown", ...facts };
    }
    const { details, effect } = compared(before, after);
    return { name, change: details.length === 0 ? "confirmed" : "changes", details, effect, ...facts };
}

function hiddenText(secret: boolean): Words {
    return own(
        secret ? "its options are kept secret, so they cannot be shown" : "its options are not known yet",
    );
}

function factsOf(input: ScriptInput): ServiceFacts {
    const replicas = flag(input, "replicas");
    return {
        replicas: replicas === undefined ? undefined : Number(replicas),
        image: valuesOf(input, "image")[0] ?? "",
        published: valuesOf(input, "publish").map((port) => publishedPort(port).port),
        constraints: valuesOf(input, "constraint"),
        volumes: valuesOf(input, "mount")
            .map((mount) => mount.slice(mount.indexOf(" ") + 1))
            .filter((spec) => spec.startsWith("type=volume"))
            .map((spec) => /(?:^|,)source=([^,]*)/.exec(spec)?.[1] ?? ""),
        parallelism: Number(flag(input, "update-parallelism") ?? 1),
        startFirst: flag(input, "update-order") === "start-first",
    };
}

function flag(input: ScriptInput, option: string): string | undefined {
    const start = `--${option}=`;
    return valuesOf(input, "flag")
        .find((text) => text.startsWith(start))
        ?.slice(start.length);
}

function publishedPort(line: string): {
    readonly port: string;
    readonly target: string;
    readonly mode: string;
} {
    const fields = new Map(line.split(",").map((field) => field.split("=") as [string, string]));
    const protocol = fields.get("protocol") ?? "tcp";
    return {
        port: `${fields.get("published")}/${protocol}`,
        target: `${fields.get("target")}/${protocol}`,
        mode: fields.get("mode") ?? "ingress",
    };
}

/** A port as a person reads it: where it leads, and whether all nodes answer. */
function portText(line: string): Words {
    const { port, target, mode } = publishedPort(line);
    return mode === "host" ? say`${port} to ${target} (on the nodes with a task)` : say`${port} to ${target}`;
}

/** A new service, in the words for its differences from nothing. */
function described(input: ScriptInput): Words[] {
    const { replicas, image } = factsOf(input);
    const names = (key: string) => valuesOf(input, key).map(nameIn[key] ?? ((value) => value));
    const parts: Words[] = [
        say`image ${image}`,
        replicas === undefined
            ? own("one task on each node")
            : say`${replicas} ${own(plural(replicas, "replica"))}`,
    ];
    const ports = valuesOf(input, "publish");
    if (ports.length > 0) parts.push(say`publishes ${joined(ports.map(portText))}`);
    for (const [key, text] of LISTS) {
        const found = key === "publish" ? [] : names(key);
        if (found.length > 0) parts.push(say`${own(text)} ${joined(found.map((name) => say`${name}`))}`);
    }
    return parts;
}

function plural(count: number, noun: string): string {
    return count === 1 ? noun : `${noun}s`;
}

/** What of a line's value is its name. Values of variables and labels are not shown: they may be anything. */
const nameIn: Readonly<Record<string, (value: string) => string>> = {
    env: (value) => value.split("=", 1)[0] as string,
    label: (value) => value.split("=", 1)[0] as string,
    mount: (value) => value.split(" ", 1)[0] as string,
};

/** Lists of a service: the key of their lines, and what they are called. */
const LISTS: readonly (readonly [key: string, text: string, effect: Effect])[] = [
    ["publish", "port", "roll"],
    ["env", "variable", "roll"],
    ["label", "label", "none"],
    ["constraint", "constraint", "misplaced"],
    ["network", "network", "roll"],
    ["mount", "mount", "roll"],
];

/** How far a change goes; the furthest of all is the service's. */
const EFFECTS: readonly Effect[] = ["none", "fewer", "more", "misplaced", "roll", "anew", "unknown"];

function compared(before: ScriptInput, after: ScriptInput): { details: Words[]; effect: Effect } {
    const details: Words[] = [];
    const effects: Effect[] = ["none"];
    const add = (effect: Effect, ...words: Words[]) => {
        if (words.length === 0) return;
        details.push(...words);
        effects.push(effect);
    };
    const old = factsOf(before);
    const now = factsOf(after);
    if (old.image !== now.image) add("roll", say`image ${old.image} → ${now.image}`);
    const mode = (input: ScriptInput) => valuesOf(input, "mode")[0] ?? "replicated";
    if (mode(before) !== mode(after)) {
        add("anew", say`${mode(before)} → ${mode(after)}, for which it is removed and made again`);
    } else if (old.replicas !== undefined && now.replicas !== undefined && old.replicas !== now.replicas) {
        add(now.replicas > old.replicas ? "more" : "fewer", say`replicas ${old.replicas} → ${now.replicas}`);
    }
    for (const [key, text, effect] of LISTS) add(effect, ...listDifferences(key, text, before, after));
    add("roll", ...commandDifferences(before, after));
    for (const [option, effect, words] of flagDifferences(before, after)) {
        add(effect, say`${option} ${words}`);
    }
    const limit = (input: ScriptInput) => Number(valuesOf(input, "limit")[0] ?? 0);
    if (limit(before) !== limit(after)) {
        add("none", say`has ${limit(before)} s → ${limit(after)} s to converge`);
    }
    return { details, effect: EFFECTS.findLast((effect) => effects.includes(effect)) ?? "none" };
}

function listDifferences(key: string, text: string, before: ScriptInput, after: ScriptInput): Words[] {
    const name = nameIn[key] ?? ((value: string) => value);
    const [old, now] = [valuesOf(before, key), valuesOf(after, key)];
    const shown = (value: string) => (key === "publish" ? portText(value) : say`${name(value)}`);
    const gone = old.filter((value) => !now.includes(value));
    const come = now.filter((value) => !old.includes(value));
    const words: Words[] = [];
    for (const value of gone) {
        const same = come.some((other) => name(other) === name(value));
        words.push(
            same ? say`${own(text)} ${shown(value)} has another value` : say`- ${own(text)} ${shown(value)}`,
        );
    }
    for (const value of come) {
        if (!gone.some((other) => name(other) === name(value)))
            words.push(say`+ ${own(text)} ${shown(value)}`);
    }
    return words;
}

/** Arguments are not shown: they may hold anything. */
function commandDifferences(before: ScriptInput, after: ScriptInput): Words[] {
    const differs = (key: string) => valuesOf(before, key).join("\n") !== valuesOf(after, key).join("\n");
    return [
        ...(differs("entrypoint") ? [own("another command")] : []),
        ...(differs("args") ? [own("other arguments")] : []),
    ];
}

/** Options that touch no task: how later updates go. */
const QUIET = /^(update|rollback)-/;

function flagDifferences(before: ScriptInput, after: ScriptInput): [string, Effect, Words][] {
    const options = [...valuesOf(before, "flag"), ...valuesOf(after, "flag")].map(
        (text) => /^--([^=]*)=/.exec(text)?.[1] ?? text,
    );
    return [...new Set(options)].flatMap((option): [string, Effect, Words][] => {
        const [old, now] = [flag(before, option), flag(after, option)];
        if (option === "replicas" || old === now) return [];
        return [
            [
                option,
                QUIET.test(option) ? "none" : "roll",
                say`${shownValue(option, old)} → ${shownValue(option, now)}`,
            ],
        ];
    });
}

function shownValue(option: string, value: string | undefined): string {
    if (value === undefined || value === "") return "none";
    const bytes = /-memory$/.test(option) ? Number(value) : Number.NaN;
    if (bytes === 0) return "none";
    return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20} MiB` : value;
}
