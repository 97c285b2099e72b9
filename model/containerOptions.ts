/**
 * Options of a service that each are one field of the Engine API's `ServiceSpec`: a row says how the config's value is read
 * into what the field holds, and which field it is. Named as `docker service create` names them, and checked by what the
 * daemon or a node refuses, which is often seen only when a task is about to start.
 *
 * https://docs.docker.com/reference/cli/docker/service/create/, moby's daemon/cluster/convert/service.go
 */

import { isIP } from "node:net";
import { z } from "zod";
import type { Json, JsonObject } from "./engineSpec.ts";
import { Refused } from "./problems.ts";
import { durationAllowed, durationMs } from "./quantities.ts";
import {
    asObject,
    asText,
    FREE_TEXT_ALLOWED,
    flag,
    freeText,
    integer,
    isPlainName,
    list,
    map,
    object,
    oneOf,
    text,
    textWhere,
    value,
} from "./schema.ts";
import { isAtLeast } from "./versions.ts";

const CONTAINER = "TaskTemplate.ContainerSpec";

const duration = () => text(durationAllowed(), (received) => durationMs(received) * 1_000_000);

const words = (one: string, test: (received: string) => boolean) =>
    list(`a list, each ${one}`, textWhere(one, test));

const TEST_ALLOWED =
    'a command for the shell, or a list such as ["CMD", "wget", "-q", "http://127.0.0.1/"] or ["CMD-SHELL", "..."]';

const test = value(TEST_ALLOWED, (received): string[] => {
    const parts = Array.isArray(received) ? received.map(asText) : ["CMD-SHELL", asText(received)];
    const [kind = "", ...rest] = parts;
    if (!["CMD", "CMD-SHELL"].includes(kind)) {
        throw new Refused("does not begin with CMD or CMD-SHELL");
    }
    if (rest.join("") === "" || parts.some((part) => part.includes("\0"))) {
        throw new Refused("");
    }
    return parts;
});

const healthcheck = object({
    test: test.optional(),
    interval: duration().optional(),
    timeout: duration().optional(),
    retries: integer(0, 1000).optional(),
    startPeriod: duration().optional(),
    startInterval: duration().optional(),
    disable: flag().default(false),
}).transform(({ disable, ...given }, context): JsonObject => {
    const beside = Object.entries(given).filter(([, one]) => one !== undefined);
    if (disable && beside.length > 0) {
        const params = { why: `stands beside ${beside[0]?.[0]}`, allowed: "either disable: true or a check" };
        context.issues.push({ code: "custom", input: true, path: ["disable"], params });
        return z.NEVER;
    }
    return {
        Test: disable ? ["NONE"] : given.test,
        Interval: given.interval,
        Timeout: given.timeout,
        Retries: given.retries,
        StartPeriod: given.startPeriod,
        StartInterval: given.startInterval,
    };
});

const DRIVER_ALLOWED = 'the name of a driver such as "json-file", or an object with name and options';

const logDriver = value<unknown>(DRIVER_ALLOWED, (received) =>
    typeof received === "string" ? { name: received } : asObject(received),
)
    .pipe(
        object({
            name: textWhere('the name of a driver such as "json-file"', (received) =>
                /^[a-z0-9][a-z0-9._/:-]*$/.test(received),
            ),
            options: map(
                `a map from names of options to ${FREE_TEXT_ALLOWED}`,
                isPlainName,
                freeText(),
            ).default({}),
        }),
    )
    .transform(({ name, options }): JsonObject => ({ Name: name, Options: filled(options) }));

/** Capabilities as the daemon has them; `ALL` for all. */
const CAPABILITY_ALLOWED = 'a capability such as "NET_ADMIN", or ALL';
const capabilities = list(
    `a list, each ${CAPABILITY_ALLOWED}`,
    text(CAPABILITY_ALLOWED, (received) => {
        const name = received.toUpperCase().replace(/^CAP_/, "");
        if (!/^[A-Z][A-Z_]*$/.test(name)) throw new Refused("");
        return name === "ALL" ? name : `CAP_${name}`;
    }),
).transform((names) => (names.includes("ALL") ? ["ALL"] : [...new Set(names)].sort()));

/** Those that a container has for itself (runc, libcontainer/configs/validate); any other fails its start. */
const SYSCTL =
    /^(?:net\.\S+|fs\.mqueue\.\S+|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced))$/;

const ULIMITS =
    /^(?:core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|stack)$/;
const ULIMIT_ALLOWED =
    'a number, or "soft:hard" such as "1024:4096", soft at most hard; -1 for no limit, of both or of hard alone';

const ulimit = text(ULIMIT_ALLOWED, (received) => {
    const [soft, hard] = /^(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(received)?.slice(1) ?? [];
    if (soft === undefined) throw new Refused("");
    const limits = { Soft: Number(soft), Hard: Number(hard ?? soft) };
    if (limits.Hard >= 0 && (limits.Soft < 0 || limits.Soft > limits.Hard)) {
        throw new Refused("its soft limit is above its hard one");
    }
    return limits;
});

const HOST_ALLOWED = '"name:address" such as "legacy.example.com:192.0.2.7"';
const host = text(HOST_ALLOWED, (received) => {
    const [, name = "", address = ""] = /^([^:\s]+):\[?([^\s\]]+)\]?$/.exec(received) ?? [];
    if (isIP(address) === 0) throw new Refused("");
    return `${address} ${name}`;
});

const PREFERENCE_ALLOWED =
    '"spread=node.labels.<name>" or "spread=engine.labels.<name>", by which tasks are spread over the values of the label';
const preference = text(PREFERENCE_ALLOWED, (received) => {
    const [, SpreadDescriptor] =
        /^spread=((?:node|engine)\.labels\.[A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(received) ?? [];
    if (SpreadDescriptor === undefined) throw new Refused("");
    return { Spread: { SpreadDescriptor } };
});

/** Linux's, without the real-time ones. */
const SIGNALS =
    /^(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CONT|FPE|HUP|ILL|INT|IO|KILL|PIPE|PROF|PWR|QUIT|SEGV|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ)$/;

/** How an option is read, where its field is in the spec, and the first engine that knows the field. */
interface Row {
    readonly schema: z.ZodType<Json | undefined>;
    readonly field: string;
    readonly since?: string;
}

export const CONTAINER_OPTIONS = {
    groups: {
        field: `${CONTAINER}.Groups`,
        schema: words("a group by name or number", (received) =>
            /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(received),
        ),
    },
    containerLabels: {
        field: `${CONTAINER}.Labels`,
        schema: map(
            `a map from names without white space and "=", none of Docker's own com.docker.swarm, to ${FREE_TEXT_ALLOWED}`,
            (name) => isPlainName(name) && !name.startsWith("com.docker.swarm."),
            freeText(),
        ),
    },
    tty: { field: `${CONTAINER}.TTY`, schema: flag() },
    stopSignal: {
        field: `${CONTAINER}.StopSignal`,
        schema: textWhere(
            'a signal such as "SIGQUIT", or its number from 1 to 64',
            (received) => SIGNALS.test(received) || /^(?:[1-9]|[1-5]\d|6[0-4])$/.test(received),
        ),
    },
    healthcheck: { field: `${CONTAINER}.Healthcheck`, schema: healthcheck },
    hosts: { field: `${CONTAINER}.Hosts`, schema: list(`a list, each ${HOST_ALLOWED}`, host) },
    dns: {
        field: `${CONTAINER}.DNSConfig.Nameservers`,
        schema: words("the IP address of a name server", (received) => isIP(received) !== 0),
    },
    dnsSearch: {
        field: `${CONTAINER}.DNSConfig.Search`,
        schema: words('a domain such as "example.com", or "." for none', (received) =>
            /^(?:\.|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)$/.test(received),
        ),
    },
    dnsOptions: {
        field: `${CONTAINER}.DNSConfig.Options`,
        schema: words('an option of resolv.conf such as "ndots:2"', (received) =>
            /^[a-z0-9-]+(?::\d+)?$/.test(received),
        ),
    },
    sysctls: {
        field: `${CONTAINER}.Sysctls`,
        since: "19.03.0",
        schema: map(
            'a map from kernel parameters that a container has for itself (net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm*) to their values in quotes or as numbers, such as { "net.core.somaxconn": 1024 }',
            (name) => SYSCTL.test(name),
            freeText(),
        ),
    },
    capAdd: { field: `${CONTAINER}.CapabilityAdd`, schema: capabilities, since: "20.10.0" },
    capDrop: { field: `${CONTAINER}.CapabilityDrop`, schema: capabilities, since: "20.10.0" },
    ulimits: {
        field: `${CONTAINER}.Ulimits`,
        since: "20.10.0",
        schema: map(
            "a map from limits (core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, " +
                `rttime, sigpending, stack), each to ${ULIMIT_ALLOWED}`,
            (name) => ULIMITS.test(name),
            ulimit,
        ).transform((limits) => Object.entries(limits).map(([Name, limit]) => ({ Name, ...limit }))),
    },
    oomScoreAdj: { field: `${CONTAINER}.OomScoreAdj`, schema: integer(-1000, 1000), since: "27.0.0" },
    logDriver: { field: "TaskTemplate.LogDriver", schema: logDriver },
    genericResources: {
        field: "TaskTemplate.Resources.Reservations.GenericResources",
        schema: map(
            "a map from kinds of resources to how many of each a task needs, such as { gpu: 1 }",
            (name) => /^[A-Za-z0-9_.-]+$/.test(name),
            integer(1, 1_000_000),
        ).transform((kinds) =>
            Object.entries(kinds).map(([Kind, Value]) => ({ DiscreteResourceSpec: { Kind, Value } })),
        ),
    },
    preferences: {
        field: "TaskTemplate.Placement.Preferences",
        schema: list(`a list, each ${PREFERENCE_ALLOWED}`, preference),
    },
    maxReplicasPerNode: {
        field: "TaskTemplate.Placement.MaxReplicas",
        schema: integer(0, 1000),
        since: "19.03.0",
    },
    endpointMode: { field: "EndpointSpec.Mode", schema: oneOf("vip", "dnsrr") },
} as const satisfies Record<string, Row>;

type Rows = typeof CONTAINER_OPTIONS;
export type ContainerOption = keyof Rows;

/** What the options' fields hold, by the names of the options that are given and say something. */
export type ContainerFields = { readonly [Option in ContainerOption]?: z.output<Rows[Option]["schema"]> };

export const CONTAINER_OPTION_NAMES = Object.keys(CONTAINER_OPTIONS) as ContainerOption[];

type Optional = { [Option in ContainerOption]: z.ZodOptional<Rows[Option]["schema"]> };

/** For the shape of a service: any of them may be missing. */
export const containerShape = Object.fromEntries(
    CONTAINER_OPTION_NAMES.map((option) => [option, CONTAINER_OPTIONS[option].schema.optional()]),
) as Optional;

/** Without the options that say what holds without them, too: an empty list, `false`, 0. */
export function containerFields(options: ContainerFields): ContainerFields {
    return Object.fromEntries(
        CONTAINER_OPTION_NAMES.map((option) => [option, options[option]]).filter(
            ([, given]) => !isEmpty(given),
        ),
    );
}

/** The options that an engine of the oldest version that may join would take no notice of. */
export function tooNew(
    fields: ContainerFields,
    oldest: string,
): { readonly path: readonly string[]; readonly value: unknown; readonly since: string }[] {
    const found: { path: string[]; value: unknown; since: string }[] = CONTAINER_OPTION_NAMES.flatMap(
        (option) => {
            const { since = oldest }: Row = CONTAINER_OPTIONS[option];
            const value = fields[option];
            return value === undefined ? [] : [{ path: [option], value, since }];
        },
    );
    const { StartInterval } = fields.healthcheck ?? {};
    if (StartInterval !== undefined) {
        const value = `${Number(StartInterval) / 1e9}s`;
        found.push({ path: ["healthcheck", "startInterval"], value, since: "25.0.0" });
    }
    return found.filter(({ since }) => !isAtLeast(oldest, since));
}

function filled<T extends object>(values: T): T | undefined {
    return Object.keys(values).length === 0 ? undefined : values;
}

function isEmpty(given: unknown): boolean {
    return (
        given === undefined ||
        given === false ||
        given === 0 ||
        (typeof given === "object" && Object.values(given as object).every((one) => one === undefined))
    );
}
