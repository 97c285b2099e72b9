/**
 * A service as the Engine's API takes it: the whole of it, and never a delta.
 *
 * https://docs.docker.com/reference/api/engine/ (`ServiceSpec`). Two task specs are the same to the swarm when they are
 * deeply equal, lists in their order included (swarmkit, manager/orchestrator/task.go), so every list has one order
 * here. Where `docker service create` sends an empty object or a zero, it stands here, too: to the swarm that is
 * another spec than one without it, and the tasks of a service that was made so would be exchanged for nothing.
 */

import { CONTAINER_OPTION_NAMES, CONTAINER_OPTIONS } from "./containerOptions.ts";
import { isSecretRef } from "./contents.ts";
import { type Held, NOTHING_HELD } from "./held.ts";
import type {
    FileSpec,
    MountSpec,
    NetworkAttachment,
    PortSpec,
    ResourceSpec,
    RolloutSpec,
    ServiceMode,
    ServiceSpec,
} from "./settings.ts";

/** What JSON can hold; fields that are undefined are left out. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [field: string]: Json | undefined };

/** Whose a service, a network or a member is: the stack's own label value. */
export const STACK_LABEL = "swarm.stack";
/** The image as the config has it, on the service: the running one has a digest besides. */
export const IMAGE_LABEL = "swarm.image";
/** On a job: what it ran for last, see `jobMark`. */
export const JOB_LABEL = "swarm.job";
/** The name of the node, on a member: host names are not unique. */
export const NODE_LABEL = "swarm.node";
/** The names of the labels that a member has from the config, so that one that is dropped there goes. */
export const LABELS_LABEL = "swarm.labels";

/**
 * The spec of a service.
 *
 * Four values are the script's to fill in, since they are known where the swarm is: the stack's label, which the seed has
 * as a node of the stack's and a first preview would not know; the digest of the image and the platforms that it is for;
 * and the number that `docker service update --force` counts up.
 */
export function engineSpec(service: ServiceSpec, held: Held = NOTHING_HELD): JsonObject {
    const generated: JsonObject = {
        Name: service.name,
        Labels: sorted({ ...service.labels, [IMAGE_LABEL]: service.image, [STACK_LABEL]: "" }),
        TaskTemplate: {
            ContainerSpec: {
                Image: service.image,
                Command: filled(service.command),
                Args: filled(service.args),
                Hostname: service.hostname || undefined,
                Env: filled(
                    Object.entries(service.env).map(
                        ([name, value]) => `${name}=${isSecretRef(value) ? held.value(value.secret) : value}`,
                    ),
                ),
                Dir: service.workdir || undefined,
                User: service.user || undefined,
                Init: service.init,
                ReadOnly: service.readOnly || undefined,
                Mounts: filled(service.mounts.map(mount)),
                StopGracePeriod: nanoseconds(service.stopGracePeriodMs),
                DNSConfig: {},
                Secrets: filled(
                    service.secrets.map((file) => ({
                        SecretName: held.name("secret", file.source),
                        File: target(file),
                    })),
                ),
                Configs: filled(
                    service.configs.map((file) => ({
                        ConfigName: held.name("config", file.source),
                        File: target(file),
                    })),
                ),
            },
            Resources: {
                Limits: { ...resources(service.limits), Pids: service.limits.pids || undefined },
                Reservations: resources(service.reservations),
            },
            RestartPolicy: {
                Condition: service.restart.condition,
                Delay: nanoseconds(service.restart.delayMs),
                MaxAttempts: service.restart.maxAttempts,
                Window: nanoseconds(service.restart.windowMs),
            },
            Placement: { Constraints: filled(service.constraints), Platforms: [] },
            Networks: filled(service.networks.map(attachment)),
            ForceUpdate: 0,
            Runtime: "container",
        },
        Mode: mode(service.mode),
        // The swarm refuses them for a job.
        UpdateConfig: isJob(service) ? undefined : rollout(service.update),
        RollbackConfig: isJob(service) ? undefined : rollout(service.rollback),
        EndpointSpec: { Mode: "vip", Ports: filled(service.ports.map(port)) },
    };
    const fields = CONTAINER_OPTION_NAMES.map((option) =>
        inItsPlace(CONTAINER_OPTIONS[option].field, service.fields[option]),
    );
    return named([...fields, service.spec].reduce(merged, generated));
}

/** Whether its tasks are to end, and to be made no more then. */
export function isJob(service: Pick<ServiceSpec, "mode">): boolean {
    return service.mode.kind.endsWith("-job");
}

function mode(mode: ServiceMode): JsonObject {
    switch (mode.kind) {
        case "replicated":
            return { Replicated: { Replicas: mode.replicas } };
        case "replicated-job":
            return { ReplicatedJob: { MaxConcurrent: mode.concurrent, TotalCompletions: mode.replicas } };
        case "global":
            return { Global: {} };
        case "global-job":
            return { GlobalJob: {} };
    }
}

/** Secrets and configs go by their names, in whose place the script puts the IDs that the swarm has for them. */
function named(spec: JsonObject): JsonObject {
    return mapped(mapped(spec, "Secrets", "Secret"), "Configs", "Config");
}

function mapped(spec: JsonObject, field: string, kind: string): JsonObject {
    const task = spec.TaskTemplate;
    const container = isObject(task) ? task.ContainerSpec : undefined;
    if (!isObject(task) || !isObject(container) || !Array.isArray(container[field])) return spec;
    const entries = (container[field] as JsonObject[]).map((entry) => ({
        ...entry,
        [`${kind}ID`]: entry[`${kind}Name`],
    }));
    return { ...spec, TaskTemplate: { ...task, ContainerSpec: { ...container, [field]: entries } } };
}

function target({ target, uid, gid, mode }: FileSpec): JsonObject {
    return { Name: target, UID: uid, GID: gid, Mode: mode };
}

/** Docker writes a list that is empty as none. */
function filled<T extends Json>(list: readonly T[]): readonly T[] | undefined {
    return list.length === 0 ? undefined : list;
}

function filledMap(map: Readonly<Record<string, string>>): JsonObject | undefined {
    return Object.keys(map).length === 0 ? undefined : map;
}

function sorted(labels: Readonly<Record<string, string>>): JsonObject {
    return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const nanoseconds = (milliseconds: number) => milliseconds * 1_000_000;

function resources({ cpus, memoryBytes }: ResourceSpec): JsonObject {
    return { NanoCPUs: Math.round(cpus * 1e9) || undefined, MemoryBytes: memoryBytes || undefined };
}

function rollout(spec: RolloutSpec<string>): JsonObject {
    return {
        Parallelism: spec.parallelism,
        Delay: nanoseconds(spec.delayMs) || undefined,
        FailureAction: spec.failureAction,
        Monitor: nanoseconds(spec.monitorMs),
        MaxFailureRatio: spec.maxFailureRatio,
        Order: spec.order,
    };
}

function port({ protocol, target, published, mode }: PortSpec): JsonObject {
    return { Protocol: protocol, TargetPort: target, PublishedPort: published, PublishMode: mode };
}

function attachment({ name, aliases, driverOptions }: NetworkAttachment): JsonObject {
    return { Target: name, Aliases: filled(aliases), DriverOpts: filledMap(driverOptions) };
}

function mount(spec: MountSpec): JsonObject {
    const { type: Type, target: Target } = spec;
    if (spec.type === "tmpfs") {
        const TmpfsOptions = {
            SizeBytes: spec.sizeBytes || undefined,
            Mode: Number.parseInt(spec.mode, 8),
        };
        return { Type, Target, TmpfsOptions };
    }
    const place = { Type, Source: spec.source || undefined, Target, ReadOnly: spec.readOnly || undefined };
    if (spec.type === "bind") {
        // Where none is chosen, the daemon takes rslave for what holds its own folder, and rprivate for all else.
        const options = { Propagation: spec.propagation, NonRecursive: spec.nonRecursive || undefined };
        return { ...place, BindOptions: Object.values(options).some(Boolean) ? options : undefined };
    }
    const driver = { Name: spec.driver || undefined, Options: filledMap(spec.driverOptions) };
    const options = {
        NoCopy: spec.noCopy || undefined,
        Labels: filledMap(spec.labels),
        DriverConfig: driver.Name || driver.Options ? driver : undefined,
    };
    return { ...place, VolumeOptions: Object.values(options).some(Boolean) ? options : undefined };
}

function inItsPlace(field: string, value: Json | undefined): JsonObject {
    if (value === undefined) return {};
    return field.split(".").reduceRight<Json>((inner, name) => ({ [name]: inner }), value) as JsonObject;
}

/**
 * The service's own `spec` never has a field that an option makes: that is refused before. Secrets and configs are the
 * exception: those of the options are the stack's own, while the spec's may be anybody's.
 */
function merged(generated: JsonObject, own: JsonObject): JsonObject {
    const fields = Object.entries(own).map(([field, value]): [string, Json | undefined] => {
        const there = generated[field];
        if (Array.isArray(there) && Array.isArray(value)) return [field, [...there, ...value]];
        return [field, isObject(there) && isObject(value) ? merged(there, value) : value];
    });
    return { ...generated, ...Object.fromEntries(fields) };
}

export function isObject(value: Json | undefined): value is JsonObject {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a spec holds at `TaskTemplate.LogDriver`, say; undefined where it holds nothing. */
export function fieldAt(spec: JsonObject, path: string): Json | undefined {
    return path
        .split(".")
        .reduce<Json | undefined>((inner, field) => (isObject(inner) ? inner[field] : undefined), spec);
}

/**
 * The spec as text, a field a line: the script finds what it has to fill in by the lines' indentation, which no text
 * within the spec can imitate, and a preview shows the lines that change.
 */
export function specText(spec: JsonObject): string {
    return JSON.stringify(spec, null, 1);
}
