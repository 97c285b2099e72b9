/**
 * Options of a service at random: what is decided, apart from doing it. They are what a service can have in the lab with
 * tasks that run on: all that the config has, and of the Engine API's other fields some of each kind.
 */
import { randomOf } from "../../cluster/support/walk.ts";
import type { Options } from "./oneManager.ts";

/** Runs until it is told to stop, and stops then at once, in either of the lab's images: nginx is told by SIGQUIT. */
const STAY = "trap 'exit 0' TERM QUIT; while :; do sleep 1 & wait $!; done";

/** The same seed makes the same choices. */
export class Dice {
    readonly #random: () => number;

    constructor(seed: number) {
        this.#random = randomOf(seed);
    }

    below(limit: number): number {
        return Math.floor(this.#random() * limit);
    }

    one<T>(list: readonly T[]): T {
        return list[this.below(list.length)] as T;
    }

    /** All of them, in any order. */
    shuffled<T>(list: readonly T[]): T[] {
        return list
            .map((entry) => [this.#random(), entry] as const)
            .sort(([a], [b]) => a - b)
            .map(([, entry]) => entry);
    }

    /** Any number of them, in any order. */
    some<T>(list: readonly T[]): T[] {
        return this.shuffled(list).slice(0, this.below(list.length + 1));
    }
}

/** Where a script or a shell would stumble. */
const VALUES = [
    "",
    "a",
    "b c",
    "a=b",
    'it\'s "quoted" $HOME `id` \\n',
    "two\nlines",
    '\n   "Image": "busybox",\n  "ForceUpdate": 0,',
    "größe, 1:2; #",
    "spec",
];
const NAMES = ["A", "GROUPS", "RANDOM", "LINENO", "PATH_OF", "lower", "com.example/x", "z[0].y"];
const SECONDS = ["500ms", "1s", "1m30s"];

const texts = (dice: Dice) =>
    Object.fromEntries(dice.some(NAMES).map((name) => [name, dice.one(VALUES)] as const));

function ports(dice: Dice) {
    return dice.some([8081, 8082, 8083, 8084]).map((published) => {
        const target = dice.one([80, 81]);
        const protocol = dice.one(["tcp", "udp"]);
        return dice.one<unknown>([
            `${published}:${target}/${protocol}`,
            { published, target, protocol, mode: dice.one(["ingress", "host"]) },
        ]);
    });
}

const mounts = (dice: Dice) =>
    dice.some<unknown>([
        { type: "volume", source: dice.one(["data", "other"]), target: "/m/data" },
        { type: "volume", source: "bare", target: "/m/bare", noCopy: dice.one([true, false]) },
        {
            source: "own",
            target: "/m/own",
            ...dice.one<object>([{}, { driver: "local" }]),
            driverOptions: { type: "tmpfs", device: "tmpfs" },
            labels: dice.one([{}, { tier: "a" }]),
        },
        "target=/m/anonymous",
        `type=bind,source=/etc,target=/m/etc${dice.one(["", ",readonly"])}`,
        {
            type: "bind",
            source: "/tmp",
            target: "/m/tmp",
            propagation: dice.one(["private", "rprivate"]),
            nonRecursive: dice.one([true, false]),
        },
        {
            type: "tmpfs",
            target: "/m/scratch",
            size: dice.one(["1M", "2M"]),
            mode: dice.one(["1777", "0700"]),
        },
    ]);

const rollout = (dice: Dice, actions: readonly string[]) => ({
    parallelism: dice.below(3),
    delay: dice.one(["0s", "500ms"]),
    monitor: dice.one(["500ms", "1s"]),
    failureAction: dice.one(actions),
    maxFailureRatio: dice.one([0, 0.5]),
    order: dice.one(["stop-first", "start-first"]),
});

const file = (Name: string, Mode: number) => ({ Name, UID: "0", GID: "0", Mode });

/** What there is no option for, by the field of the spec. */
const FIELDS: readonly ((dice: Dice) => { readonly task?: object; readonly container?: object })[] = [
    (dice) => ({ container: { OpenStdin: dice.one([true, false]) } }),
    (dice) => ({ container: { Privileges: { NoNewPrivileges: dice.one([true, false]) } } }),
    (dice) => ({
        container: {
            Secrets: dice
                .some(["key", "other-key"])
                .map((SecretName) => ({ SecretName, File: file(SecretName, dice.one([0o400, 0o444])) })),
        },
    }),
    (dice) => ({
        container: {
            Configs: dice
                .some(["conf", "other-conf"])
                .map((ConfigName) => ({ ConfigName, File: file(`/${ConfigName}`, 0o444) })),
        },
    }),
];

function ownSpec(dice: Dice): object {
    const spec = { TaskTemplate: { ContainerSpec: {} } };
    for (const field of dice.some(FIELDS).slice(0, 4)) {
        const { task, container } = field(dice);
        Object.assign(spec.TaskTemplate, { ...spec.TaskTemplate, ...task });
        Object.assign(spec.TaskTemplate.ContainerSpec, container);
    }
    return spec;
}

/** What services name, beside themselves in the config. */
export const CONFIG: Options = {
    secrets: { password: 'it\'s "hush" $HOME', token: "t".repeat(2000) },
    configs: { motd: "hello\n", settings: "a: 1" },
};

/** By the option's name. Each may be missing, too. */
export const CHOICES: Readonly<Record<string, (dice: Dice) => unknown>> = {
    replicas: (dice) => dice.below(4),
    global: (dice) => dice.below(4) === 0,
    ports,
    env: (dice) => ({ ...texts(dice), ...(dice.below(2) === 0 && { PASSWORD: { secret: "password" } }) }),
    secrets: (dice) =>
        dice.some<unknown>([
            "password",
            { source: "token", target: dice.one(["token", "/run/token"]), mode: dice.one(["0400", "0444"]) },
        ]),
    configs: (dice) =>
        dice.some<unknown>([
            "motd",
            { source: "settings", target: "/etc/app/settings", uid: dice.one(["0", "1000"]) },
        ]),
    args: (dice) => dice.some(VALUES),
    constraints: (dice) =>
        dice.some([
            "node.role==manager",
            "node.hostname!=nowhere",
            "node.platform.os == linux",
            "node.labels.zone==a",
            "node.labels.zone!=b",
        ]),
    labels: texts,
    mounts,
    networks: (dice) => dice.some<unknown>(["front", { name: "back", aliases: dice.some(["one", "two"]) }]),
    limits: (dice) => ({
        cpus: dice.one([0, 0.25, 0.5]),
        memory: dice.one([0, "32M", "64M"]),
        pids: dice.one([0, 50, 100]),
    }),
    reservations: (dice) => ({ cpus: dice.one([0, 0.001, 0.01]), memory: dice.one([0, "4M", "8M"]) }),
    restart: (dice) => ({
        condition: dice.one(["any", "on-failure", "none"]),
        delay: dice.one(SECONDS),
        maxAttempts: dice.below(3),
        window: dice.one(SECONDS),
    }),
    update: (dice) => rollout(dice, ["pause", "continue", "rollback"]),
    rollback: (dice) => rollout(dice, ["pause", "continue"]),
    user: (dice) => dice.one(["root", "1000", "1000:1000"]),
    workdir: (dice) => dice.one(["/", "/tmp"]),
    hostname: (dice) => dice.one(["web", "web-{{.Task.Slot}}"]),
    init: (dice) => dice.one([true, false]),
    readOnly: (dice) => dice.one([true, false]),
    stopGracePeriod: (dice) => dice.one(SECONDS),
    groups: (dice) => dice.some(["2000", "2001"]),
    containerLabels: texts,
    stopSignal: (dice) => dice.one(["SIGTERM", "15"]),
    tty: (dice) => dice.one([true, false]),
    healthcheck: (dice) =>
        dice.one<object>([
            { disable: true },
            {
                test: dice.one<unknown>(["true", ["CMD", "true"]]),
                interval: "500ms",
                retries: dice.one([2, 3]),
            },
            { test: "true", interval: "1s", timeout: "5s", startPeriod: dice.one(["0s", "1s"]) },
        ]),
    hosts: (dice) => dice.some(["one:192.0.2.1", "two:192.0.2.2"]),
    dns: (dice) => dice.some(["192.0.2.53", "192.0.2.54"]),
    dnsSearch: (dice) => dice.some(["example.com", "example.org"]),
    dnsOptions: (dice) => dice.some(["ndots:2", "rotate"]),
    sysctls: (dice) => Object.fromEntries(dice.some(SYSCTLS).map((name) => [name, dice.one([512, 1024])])),
    capAdd: (dice) => dice.some(["NET_ADMIN", "SYS_NICE"]),
    capDrop: (dice) => dice.some(["NET_RAW", "MKNOD"]),
    ulimits: (dice) => ({ nofile: dice.one(["512:1024", "1024"]), core: dice.one([0, "0:1"]) }),
    logDriver: (dice) => dice.one<unknown>(["local", { name: "json-file", options: { "max-size": "1m" } }]),
    preferences: (dice) => dice.some(["spread=node.labels.zone", "spread=engine.labels.swarm.stack"]),
    maxReplicasPerNode: (dice) => dice.one([0, 4, 5]),
    endpointMode: (dice) => dice.one(["vip", "dnsrr"]),
    spec: ownSpec,
};

const SYSCTLS = ["net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog"];

/** Options that leave the tasks alone, but for their number. */
const QUIET = ["replicas", "labels", "constraints", "preferences", "update", "rollback"];

export interface Change {
    readonly text: string;
    readonly options: Options;
    /** Whether the service is removed before. */
    readonly anew: boolean;
}

export const FIRST: Change = {
    text: "plain",
    options: { image: "busybox", command: ["sh", "-c", STAY], update: { monitor: "500ms" } },
    anew: false,
};

/** The first so many changes of a seed's walk, after the plain service that it begins with. */
export function changes(seed: number, count: number): Change[] {
    const dice = new Dice(seed);
    const made: Change[] = [];
    for (let { options } = FIRST; made.length < count; ) {
        const next = change(dice, options);
        made.push(next);
        options = next.options;
    }
    return made;
}

function change(dice: Dice, options: Options): Change {
    const kind = dice.below(100);
    if (kind < 10)
        return {
            text: "the same in another order of its keys",
            options: reordered(dice, options),
            anew: false,
        };
    if (kind < 20) {
        const lists = dice.shuffled(["mounts", "networks", "constraints", "ports", "args"]);
        const changed = Object.fromEntries(
            lists.flatMap((name) =>
                Array.isArray(options[name]) ? [[name, dice.shuffled(options[name] as unknown[])]] : [],
            ),
        );
        return { text: "its lists in another order", options: { ...options, ...changed }, anew: false };
    }
    if (kind < 25) return { text: "made anew", options, anew: true };
    const all = [...Object.keys(CHOICES), "image"];
    const names =
        kind < 50 ? [dice.one(QUIET)] : kind < 90 ? dice.shuffled(all).slice(0, 1 + dice.below(3)) : all;
    const changed = { ...options };
    for (const name of names) {
        if (name === "image") changed[name] = dice.one(["busybox", "nginx", "nginx:stable"]);
        else if (dice.below(4) === 0) delete changed[name];
        else changed[name] = CHOICES[name]?.(dice);
    }
    return {
        text: names.length === all.length ? "all of it" : names.join(", "),
        options: possible(changed),
        anew: false,
    };
}

/** The same to whoever reads a map. */
function reordered(dice: Dice, options: Options): Options {
    const map = (value: unknown): unknown =>
        typeof value === "object" && value !== null && !Array.isArray(value)
            ? Object.fromEntries(
                  dice.shuffled(Object.entries(value)).map(([name, inner]) => [name, map(inner)]),
              )
            : value;
    return map(options) as Options;
}

/** What a preview refuses, or what could not run on one node, taken away. */
function possible(options: Options): Options {
    const { replicas, global, maxReplicasPerNode, endpointMode, ...rest } = options;
    const isIngress = (rest.ports as unknown[] | undefined)?.some(
        (port) => typeof port === "string" || (port as { mode: string }).mode === "ingress",
    );
    const isHost = (rest.ports as { mode?: string }[] | undefined)?.some(({ mode }) => mode === "host");
    const stopFirst = (rollout: unknown) => ({ ...(rollout as object), order: "stop-first" });
    return {
        ...rest,
        ...(global ? { global } : isHost ? { replicas: 1 } : replicas === undefined ? {} : { replicas }),
        ...(!global && maxReplicasPerNode !== undefined && { maxReplicasPerNode }),
        ...(!isIngress && endpointMode !== undefined && { endpointMode }),
        ...(isHost && { update: stopFirst(rest.update), rollback: stopFirst(rest.rollback) }),
    };
}
