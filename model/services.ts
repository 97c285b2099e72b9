/**
 * The shape of one service in the configuration, and its canonical form.
 *
 * Defaults are those of `docker service create`, so that a service means here what it means there.
 */

import { z } from "zod";
import {
    CONTAINER_OPTIONS,
    type ContainerFields,
    containerFields,
    containerShape,
} from "./containerOptions.ts";
import { isSecretRef, type SecretRef } from "./contents.ts";
import type { JsonObject } from "./engineSpec.ts";
import { isImageReference, REFERENCE_ALLOWED } from "./images.ts";
import { mount } from "./mounts.ts";
import { isLabel, isNumber } from "./names.ts";
import { driverOptions, isNetworkName, NETWORK_ALLOWED } from "./networks.ts";
import { CONSTRAINT_ALLOWED, constraint } from "./placement.ts";
import { comparePorts, PORT_ALLOWED, shortPorts } from "./ports.ts";
import { problemText, Refused } from "./problems.ts";
import { BYTES_ALLOWED, bytes, durationAllowed, durationMs } from "./quantities.ts";
import { secretRef } from "./registries.ts";
import { MAX_TIMEOUT } from "./rollouts.ts";
import {
    ANY_TEXT_ALLOWED,
    asObject,
    FREE_TEXT_ALLOWED,
    flag,
    freeText,
    integer,
    isAnyText,
    isPlainName,
    list,
    map,
    object,
    oneOf,
    orList,
    read,
    text,
    textWhere,
    value,
} from "./schema.ts";
import { modeProblems, serviceProblems } from "./serviceProblems.ts";
import type { PortSpec, ServiceSpec } from "./settings.ts";

/** Most replicas of one service; a slip of a key is likelier than a wish for more on at most 100 nodes. */
export const MAX_REPLICAS = 1000;

/** Swarmkit refuses less (manager/controlapi/service.go); 0 stands for none. */
const MIN_MEMORY = bytes("4M");
const MIN_CPUS = 0.001;

/** The roster waits for it, once for each node that it empties. And no update ends in time whose tasks take longer to stop. */
export const MAX_STOP_GRACE_HOURS = 1;

const duration = (maxHours?: number) =>
    text(durationAllowed(maxHours), (received) => durationMs(received, maxHours));

const onePort = object({
    published: integer(1, 65535),
    target: integer(1, 65535),
    protocol: oneOf("tcp", "udp").default("tcp"),
    mode: oneOf("ingress", "host").default("ingress"),
});

/** All that an entry publishes. */
const port = value<unknown[]>(PORT_ALLOWED, (received) =>
    typeof received === "string" ? shortPorts(received) : [asObject(received)],
).pipe(
    z.transform((entries: unknown[], context): PortSpec[] =>
        entries.flatMap((entry) => {
            const result = onePort.safeParse(entry, { reportInput: true });
            if (result.success) return [result.data];
            context.issues.push(...(result.error.issues as typeof context.issues));
            return [];
        }),
    ),
);

/** Labels by which the program knows its own services, networks and nodes again. */
const OWN_LABELS = ["swarm.stack", "swarm.image", "swarm.node"];
const isLabelName = (name: string) => isPlainName(name) && !OWN_LABELS.includes(name);

const cpus = text(`a number of CPUs such as 0.5, at least ${MIN_CPUS}, or 0 for none`, (received) => {
    const number = Number(received);
    if (!/^\d+(?:\.\d{1,9})?$/.test(received) || (number !== 0 && number < MIN_CPUS)) {
        throw new Refused("");
    }
    return number;
});

const memory = text(`${BYTES_ALLOWED}, at least 4M, or 0 for none`, (received) => {
    const size = bytes(received);
    if (size !== 0 && size < MIN_MEMORY) {
        throw new Refused("");
    }
    return size;
});

const amounts = { cpus: cpus.default(0), memory: memory.default(0) };
const inBytes = <T extends { memory: number }>({ memory, ...rest }: T) => ({ ...rest, memoryBytes: memory });
const limits = object({ ...amounts, pids: integer(0, 4_194_304).default(0) })
    .transform(inBytes)
    .prefault({});
const reservations = object(amounts).transform(inBytes).prefault({});

const restart = object({
    condition: oneOf("any", "on-failure", "none").optional(),
    delay: duration().default(5000),
    maxAttempts: integer(0, 1_000_000).default(0),
    window: duration().default(0),
})
    .transform(({ delay, window, ...rest }) => ({ ...rest, delayMs: delay, windowMs: window }))
    .prefault({});

const ratio = text("a share of tasks from 0 to 1", (received) => {
    const number = Number(received);
    if (!/^\d+(?:\.\d+)?$/.test(received) || number > 1) {
        throw new Refused("");
    }
    return number;
});

function rollout<T extends z.ZodType>(failureAction: T) {
    return object({
        parallelism: integer(0, MAX_REPLICAS).default(1),
        delay: duration().default(0),
        monitor: duration().default(5000),
        order: oneOf("stop-first", "start-first").default("stop-first"),
        failureAction,
        maxFailureRatio: ratio.default(0),
    })
        .transform(({ delay, monitor, ...rest }) => ({ ...rest, delayMs: delay, monitorMs: monitor }))
        .prefault({});
}

const networkName = textWhere(NETWORK_ALLOWED, isNetworkName);

const NETWORK_ENTRY = `${NETWORK_ALLOWED}; or an object with name, aliases and driverOptions`;
const network = value<unknown>(NETWORK_ENTRY, (received) =>
    typeof received === "string" ? { name: received } : asObject(received),
).pipe(
    object({
        name: networkName,
        aliases: list(
            "a list of names by which the service is found on this network",
            textWhere(
                "a name of letters, digits, dots, hyphens and underscores, at most 63 characters",
                (received) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(received),
            ),
        ).default([]),
        driverOptions,
    }),
);

/** Docker's placeholders stand for names that it puts in for each task. */
const isHostname = (received: string) =>
    isAnyText(received) &&
    received
        .replaceAll(/\{\{[^{}]*\}\}/g, "x")
        .split(".")
        .every((part) => isLabel(part.toLowerCase()));

/** A variable's value, or the secret that holds it. */
const VARIABLE_ALLOWED = `${FREE_TEXT_ALLOWED}, or { secret: NAME }`;
const variable = value(VARIABLE_ALLOWED, (received): string | SecretRef => {
    const found = (isSecretRef(received) ? secretRef : freeText()).safeParse(received);
    if (!found.success) throw new Refused("");
    return found.data;
});

/** A secret or config as a file in the containers. */
function files(kind: "secret" | "config") {
    const allowed = `the name of a ${kind} in swarm:${kind}s, or an object with source, target, uid, gid and mode`;
    const id = text("a number of a user or group, from 0 to 4294967295", (received) => {
        if (!/^\d{1,10}$/.test(received) || Number(received) > 0xffffffff) throw new Refused("");
        return received;
    });
    const file = value<unknown>(allowed, (received) =>
        typeof received === "string" ? { source: received } : asObject(received),
    )
        .pipe(
            object({
                source: textWhere(`the name of a ${kind} in swarm:${kind}s`, (received) => received !== ""),
                target: textWhere(
                    kind === "secret" ? "a name under /run/secrets, or an absolute path" : "an absolute path",
                    (received) =>
                        isAnyText(received) &&
                        !/(?:^|\/)\.\.?(?:\/|$)|\/$|^$/.test(received) &&
                        (kind === "secret" || received.startsWith("/")),
                ).optional(),
                uid: id.default("0"),
                gid: id.default("0"),
                mode: text('permissions in octal and in quotes, such as "0400"', (received) => {
                    if (!/^[0-7]{3,4}$/.test(received)) throw new Refused("");
                    return Number.parseInt(received, 8);
                }).default(0o444),
            }),
        )
        .transform(({ target, ...rest }) => ({
            ...rest,
            target: target ?? `${kind === "config" ? "/" : ""}${rest.source}`,
        }));
    return list(`a list of ${kind}s, each ${allowed}`, file).default([]);
}

/** One, or a list of them. */
const NAMES_OF_SERVICES = "the name of a service, or a list of such names";
const serviceNames = value<unknown>(NAMES_OF_SERVICES, (received) =>
    typeof received === "string" ? [received] : received,
)
    .pipe(list(NAMES_OF_SERVICES, textWhere("the name of a service", isLabel)))
    .transform((names) => [...new Set(names)])
    .default([]);

/** What `services.<name>` may hold. */
const shape = {
    image: textWhere(REFERENCE_ALLOWED, isImageReference),
    replicas: integer(0, MAX_REPLICAS).optional(),
    global: flag().default(false),
    mode: oneOf("replicated", "global", "replicated-job", "global-job").optional(),
    maxConcurrent: integer(1, MAX_REPLICAS).optional(),
    ports: list(`a list of ports, each ${PORT_ALLOWED}`, port)
        .transform((entries) => entries.flat())
        .default([]),
    env: map(
        `a map from names without white space and "=" to ${VARIABLE_ALLOWED}`,
        isPlainName,
        variable,
    ).default({}),
    secrets: files("secret"),
    configs: files("config"),
    command: list(`a list of arguments, each ${FREE_TEXT_ALLOWED}`, freeText()).default([]),
    args: list(`a list of arguments, each ${FREE_TEXT_ALLOWED}`, freeText()).default([]),
    constraints: list(
        `a list of constraints, each ${CONSTRAINT_ALLOWED}`,
        text(CONSTRAINT_ALLOWED, constraint),
    ).default([]),
    labels: map(
        `a map from names without white space and "=", other than ${orList(OWN_LABELS, "and")}, to ${FREE_TEXT_ALLOWED}`,
        isLabelName,
        freeText(),
    ).default({}),
    mounts: list("a list of mounts", mount).default([]),
    networks: list(
        "a list of names of overlay networks, or of objects with name, aliases and driverOptions",
        network,
    ).default([]),
    limits,
    reservations,
    restart,
    update: rollout(oneOf("pause", "continue", "rollback").optional()),
    rollback: rollout(oneOf("pause", "continue").default("pause")),
    user: textWhere('a user or user:group, by name or number, such as "1000:1000"', (received) =>
        /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(received),
    ).default(""),
    workdir: textWhere(
        `an absolute path, ${ANY_TEXT_ALLOWED}`,
        (received) => received.startsWith("/") && isAnyText(received),
    ).default(""),
    hostname: textWhere(
        'a host name, perhaps with Docker\'s placeholders such as "web-{{.Task.Slot}}"',
        isHostname,
    ).default(""),
    init: flag().default(false),
    readOnly: flag().default(false),
    stopGracePeriod: duration(MAX_STOP_GRACE_HOURS).default(10_000),
    timeout: integer(1, MAX_TIMEOUT, "seconds").default(300),
    after: serviceNames,
    before: serviceNames,
    ...containerShape,
    // Its fields are checked once it is known to be an object: none of them is a value of its own here.
    spec: value("a map of fields of the Engine API's ServiceSpec", asObject).default({}),
};

/** The options of a service, each by itself; what they mean together is for `serviceProblems`. */
const serviceOptions = object(shape);
export type ServiceOptions = z.output<typeof serviceOptions>;

const SERVICE_NAME_ALLOWED =
    "lower-case letters, digits and inner hyphens, at most 63 characters, not digits alone: containers find the " +
    "service by this name";

/**
 * Reads the services of a configuration.
 *
 * @param received Options by name of the service.
 * @param secret Whether they are stored encrypted.
 * @returns The services whose options could all be read, sorted by name, so that they can be checked together;
 *   and what is wrong with each service by itself.
 */
export function readServices(
    received: Readonly<Record<string, unknown>>,
    secret: boolean,
): { specs: ServiceSpec[]; problems: string[] } {
    const specs: ServiceSpec[] = [];
    const problems: string[] = [];
    for (const name of Object.keys(received).sort()) {
        if (!isLabel(name) || isNumber(name)) {
            const why = "is not the name of a service";
            problems.push(
                problemText({ path: ["services"], value: name, why, allowed: SERVICE_NAME_ALLOWED }),
            );
        }
        const options = read(serviceOptions, received[name], ["services", name], secret);
        const found =
            "problems" in options
                ? options.problems
                : [
                      ...serviceProblems(name, options.value),
                      ...modeProblems(name, options.value, asObject(received[name])),
                  ].map((problem) => problemText(problem, secret));
        problems.push(...found);
        if ("value" in options) {
            specs.push(serviceSpec(name, options.value));
        }
    }
    return { specs, problems };
}

/** A service in canonical form. A service that says neither `replicas` nor `global` has one replica. */
function serviceSpec(name: string, options: ServiceOptions): ServiceSpec {
    const {
        replicas,
        global,
        mode,
        maxConcurrent,
        stopGracePeriod,
        ports,
        networks,
        spec,
        update,
        restart,
        ...given
    } = options;
    const rest = Object.fromEntries(
        Object.entries(given).filter(([option]) => !Object.hasOwn(CONTAINER_OPTIONS, option)),
    ) as Omit<typeof given, keyof ContainerFields>;
    const kind = kindOf(options);
    // A job that failed is for a person to look at, before what comes after it.
    const condition = restart.condition ?? (kind.endsWith("-job") ? "none" : "any");
    // The swarm takes a task that ends while it is watched for one that has failed, however it has ended.
    const failureAction = condition === "none" ? "continue" : "pause";
    return {
        name,
        ...rest,
        restart: { ...restart, condition },
        update: { ...update, failureAction: update.failureAction ?? failureAction },
        fields: containerFields(given),
        spec: spec as JsonObject,
        mode: modeOf(kind, replicas ?? 1, maxConcurrent),
        ports: [...ports].sort(comparePorts) satisfies PortSpec[],
        networks: [...new Map(networks.map((one) => [one.name, one])).values()].sort((a, b) =>
            a.name < b.name ? -1 : 1,
        ),
        stopGracePeriodMs: stopGracePeriod,
    };
}

type Kind = ServiceSpec["mode"]["kind"];

export function kindOf({ mode, global }: Pick<ServiceOptions, "mode" | "global">): Kind {
    return mode ?? (global ? "global" : "replicated");
}

/** As for `docker service create`, all of a job's tasks run at once unless it says otherwise. */
function modeOf(kind: Kind, replicas: number, concurrent = replicas): ServiceSpec["mode"] {
    switch (kind) {
        case "replicated":
            return { kind, replicas };
        case "replicated-job":
            return { kind, replicas, concurrent };
        default:
            return { kind };
    }
}
