/**
 * The shape of one service in the configuration, and its canonical form.
 *
 * Defaults are those of `docker service create`, so that a service means here what it means there.
 */

import type { z } from "zod";
import { specProblems } from "./engineFields.ts";
import type { JsonObject } from "./engineSpec.ts";
import { isImageReference, REFERENCE_ALLOWED } from "./images.ts";
import { cleanPath, mount } from "./mounts.ts";
import { isLabel, isNumber, repeated } from "./names.ts";
import { CONSTRAINT_ALLOWED, constraint } from "./placement.ts";
import { comparePorts, PORT_ALLOWED, shortPort } from "./ports.ts";
import { type Problem, problemText, Refused } from "./problems.ts";
import { BYTES_ALLOWED, bytes, durationAllowed, durationMs } from "./quantities.ts";
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
import type { PortSpec, ServiceSpec } from "./settings.ts";

/** Most replicas of one service; a slip of a key is likelier than a wish for more on at most 100 nodes. */
export const MAX_REPLICAS = 1000;

/** Swarmkit refuses less (manager/controlapi/service.go); 0 stands for none. */
const MIN_MEMORY = bytes("4M");
const MIN_CPUS = 0.001;

/** Networks that Docker makes itself; none of them is an overlay network for services. */
const DOCKER_NETWORKS = ["ingress", "bridge", "host", "none"];

/** The roster waits for it, once for each node that it empties. And no update ends in time whose tasks take longer to stop. */
export const MAX_STOP_GRACE_HOURS = 1;

const duration = (maxHours?: number) =>
    text(durationAllowed(maxHours), (received) => durationMs(received, maxHours));

const port = value<unknown>(PORT_ALLOWED, (received) =>
    typeof received === "string" ? shortPort(received) : asObject(received),
).pipe(
    object({
        published: integer(1, 65535),
        target: integer(1, 65535),
        protocol: oneOf("tcp", "udp").default("tcp"),
        mode: oneOf("ingress", "host").default("ingress"),
    }),
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

const resources = object({ cpus: cpus.default(0), memory: memory.default(0) })
    .transform(({ memory, ...rest }) => ({ ...rest, memoryBytes: memory }))
    .prefault({});

const restart = object({
    condition: oneOf("any", "on-failure", "none").default("any"),
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

const networkName = textWhere(
    "the name of an overlay network: lower-case letters, digits and inner hyphens, at most 63 characters, " +
        `and none of ${DOCKER_NETWORKS.join(", ")}`,
    (received) => isLabel(received) && !DOCKER_NETWORKS.includes(received),
);

/** Docker's placeholders stand for names that it puts in for each task. */
const isHostname = (received: string) =>
    isAnyText(received) &&
    received
        .replaceAll(/\{\{[^{}]*\}\}/g, "x")
        .split(".")
        .every((part) => isLabel(part.toLowerCase()));

/** What `services.<name>` may hold. */
const shape = {
    image: textWhere(REFERENCE_ALLOWED, isImageReference),
    replicas: integer(0, MAX_REPLICAS).optional(),
    global: flag().default(false),
    ports: list(`a list of ports, each ${PORT_ALLOWED}`, port).default([]),
    env: map(
        `a map from names without white space and "=" to ${FREE_TEXT_ALLOWED}`,
        isPlainName,
        freeText(),
    ).default({}),
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
    networks: list("a list of names of overlay networks", networkName).default([]),
    limits: resources,
    reservations: resources,
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
    // Its fields are checked once it is known to be an object: none of them is a value of its own here.
    spec: value("a map of fields of the Engine API's ServiceSpec", asObject).default({}),
};

/** The options of a service, each by itself; what they mean together is for `serviceProblems`. */
const serviceOptions = object(shape);
type ServiceOptions = z.output<typeof serviceOptions>;

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
                : serviceProblems(name, options.value).map((problem) => problemText(problem, secret));
        problems.push(...found);
        if ("value" in options) {
            specs.push(serviceSpec(name, options.value));
        }
    }
    return { specs, problems };
}

/** A service in canonical form. A service that says neither `replicas` nor `global` has one replica. */
function serviceSpec(name: string, options: ServiceOptions): ServiceSpec {
    const { replicas, global, stopGracePeriod, ports, networks, spec, update, ...rest } = options;
    // The swarm takes a task that ends while it is watched for one that has failed, however it has ended.
    const failureAction = rest.restart.condition === "none" ? "continue" : "pause";
    return {
        name,
        ...rest,
        update: { ...update, failureAction: update.failureAction ?? failureAction },
        spec: spec as JsonObject,
        mode: global ? { kind: "global" } : { kind: "replicated", replicas: replicas ?? 1 },
        ports: [...ports].sort(comparePorts) satisfies PortSpec[],
        networks: [...new Set(networks)].sort(),
        stopGracePeriodMs: stopGracePeriod,
    };
}

/** What is wrong with a service whose options each are well formed. */
function serviceProblems(name: string, options: ServiceOptions): Problem[] {
    const problems = specProblems(["services", name, "spec"], options.spec as JsonObject);
    const { replicas, global, limits, reservations, mounts } = options;
    if (global && replicas !== undefined) {
        problems.push({
            path: ["services", name, "replicas"],
            value: replicas,
            why: "stands beside global: true",
            allowed: "either replicas or global: true",
        });
    }
    for (const [option, limit, reserved] of [
        ["cpus", limits.cpus, reservations.cpus],
        ["memory", limits.memoryBytes, reservations.memoryBytes],
    ] as const) {
        if (limit > 0 && reserved > limit) {
            problems.push({
                path: ["services", name, "reservations", option],
                value: reserved,
                why: "is above the limit, so that no task could start",
                allowed: `at most limits.${option}, ${limit}`,
            });
        }
    }
    for (const target of repeated(mounts.map((mount) => cleanPath(mount.target)))) {
        problems.push({
            path: ["services", name, "mounts"],
            value: target,
            why: "is the target of two mounts",
            allowed: "each target once",
        });
    }
    return problems;
}
