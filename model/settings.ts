/**
 * The settings of a stack in canonical form: checked, every default filled in, nothing left to interpret.
 *
 * Plain data, so that whatever is decided from it can be decided by pure functions. Where Docker itself has a
 * value that means "none" (0 for a limit, the empty string for a user), that value stands here too: `docker
 * service update` takes it to remove what an earlier configuration set.
 */

import type { ContainerFields } from "./containerOptions.ts";
import type { Contents, SecretRef } from "./contents.ts";
import type { JsonObject } from "./engineSpec.ts";
import type { Registries } from "./registries.ts";

/** Keys that may be set with `--secret`; see `Settings.secretKeys`. */
export const SECRET_KEYS = [
    "sshKeys",
    "sshFrom",
    "vpcIpRange",
    "overlayPool",
    "secrets",
    "configs",
    "services",
] as const;
export type SecretKey = (typeof SECRET_KEYS)[number];

export type NodeRole = "manager" | "worker";

/** One droplet of the swarm. */
export interface NodeSpec {
    /** Name of the droplet, and the host name it gets: a lower-case RFC 1123 label. */
    readonly name: string;
    readonly role: NodeRole;
    /** Slug, or the decimal ID of an image or snapshot: DigitalOcean's plugin takes both as a string. */
    readonly image: string;
    /** Slug of the droplet size. */
    readonly size: string;
    /** Which of them the key of its role gives (`workerImage`), and not the one for all nodes; left out where none. */
    readonly ofRole?: readonly ("image" | "size")[];
}

export type NodeLabels = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A port that a service publishes on the nodes. */
export interface PortSpec {
    /** 1 to 65535. */
    readonly published: number;
    /** 1 to 65535, inside the container. */
    readonly target: number;
    /** No SCTP, although Docker has it: a DigitalOcean firewall cannot let it in. */
    readonly protocol: "tcp" | "udp";
    /** `ingress`: every node answers (routing mesh). `host`: only the nodes that run a task. */
    readonly mode: "ingress" | "host";
}

/** Ports from `first` to `last` that anybody reaches on every node. */
export interface OpenPorts {
    readonly first: number;
    readonly last: number;
    readonly protocol: PortSpec["protocol"];
}

/** Limits or reservations of one task. */
export interface ResourceSpec {
    /** CPUs, in steps of 0.000000001 at the finest; 0 for none. */
    readonly cpus: number;
    /** Bytes; 0 for none. */
    readonly memoryBytes: number;
}

export interface RestartSpec {
    readonly condition: "none" | "on-failure" | "any";
    readonly delayMs: number;
    /** 0 for no limit. */
    readonly maxAttempts: number;
    /** Time over which attempts are counted; 0 for all time. */
    readonly windowMs: number;
}

/** How tasks are exchanged by an update or a rollback. */
export interface RolloutSpec<FailureAction extends string = "pause" | "continue" | "rollback"> {
    /** Tasks exchanged at a time; 0 for all at once. */
    readonly parallelism: number;
    readonly delayMs: number;
    /** How long a new task is watched for failure. */
    readonly monitorMs: number;
    readonly order: "stop-first" | "start-first";
    readonly failureAction: FailureAction;
    /** Share of tasks, 0 to 1, that may fail before `failureAction` is taken. */
    readonly maxFailureRatio: number;
}

export type MountSpec =
    | {
          readonly type: "volume";
          /** Name of the volume; empty for an anonymous one. */
          readonly source: string;
          readonly target: string;
          readonly readOnly: boolean;
          /** Leave the volume empty instead of copying what the image has at `target`. */
          readonly noCopy: boolean;
          /** Of the volume, should it have to be made; empty for `local`. */
          readonly driver: string;
          readonly driverOptions: Readonly<Record<string, string>>;
          readonly labels: Readonly<Record<string, string>>;
      }
    | {
          readonly type: "bind";
          /** Absolute path on the node, which must exist there. */
          readonly source: string;
          readonly target: string;
          readonly readOnly: boolean;
          readonly propagation?: "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";
          /** Without what is mounted below it. */
          readonly nonRecursive: boolean;
      }
    | {
          readonly type: "tmpfs";
          readonly target: string;
          /** Bytes; 0 for no limit. */
          readonly sizeBytes: number;
          /** Octal permissions, such as `1777`. */
          readonly mode: string;
      };

/** An overlay network that a service is on. */
export interface NetworkAttachment {
    readonly name: string;
    /** Names by which the service is found there, besides its own. */
    readonly aliases: readonly string[];
    readonly driverOptions: Readonly<Record<string, string>>;
}

/** What an overlay network has for itself. */
export interface NetworkSpec {
    /** Whether containers that are no tasks may be on it, too. */
    readonly attachable: boolean;
    /** Whether it leads nowhere but to its own containers. */
    readonly internal: boolean;
    readonly driverOptions: Readonly<Record<string, string>>;
}

/** A secret or config as a file in the containers of a service. */
export interface FileSpec {
    /** Its name in `swarm:secrets` or `swarm:configs`. */
    readonly source: string;
    /** A name under /run/secrets, or an absolute path. */
    readonly target: string;
    /** In decimal digits. */
    readonly uid: string;
    readonly gid: string;
    readonly mode: number;
}

export type ServiceMode =
    | { readonly kind: "replicated"; readonly replicas: number }
    | { readonly kind: "global" }
    /** `replicas` tasks that end well, `concurrent` of them at a time. */
    | { readonly kind: "replicated-job"; readonly replicas: number; readonly concurrent: number }
    | { readonly kind: "global-job" };

/** One swarm service, as `docker service create` would be told of it. */
export interface ServiceSpec {
    readonly name: string;
    /** Image reference as configured: the name, and a tag or digest or both where given. */
    readonly image: string;
    readonly mode: ServiceMode;
    /** Sorted by published port, then protocol. */
    readonly ports: readonly PortSpec[];
    /** Sorted by name. Values hold no NUL. */
    readonly env: Readonly<Record<string, string | SecretRef>>;
    readonly secrets: readonly FileSpec[];
    readonly configs: readonly FileSpec[];
    /** Replaces the image's entrypoint; empty to keep it. */
    readonly command: readonly string[];
    /** Arguments; empty to keep the image's. */
    readonly args: readonly string[];
    /** Placement constraints such as `node.role==worker`, without spaces around the operator. */
    readonly constraints: readonly string[];
    /** Sorted by name. */
    readonly labels: Readonly<Record<string, string>>;
    readonly mounts: readonly MountSpec[];
    /** Overlay networks, created when missing; sorted by name. */
    readonly networks: readonly NetworkAttachment[];
    /** `pids`: processes and threads of one task; 0 for no limit. */
    readonly limits: ResourceSpec & { readonly pids: number };
    readonly reservations: ResourceSpec;
    readonly restart: RestartSpec;
    readonly update: RolloutSpec;
    readonly rollback: RolloutSpec<"pause" | "continue">;
    /** User or `user:group`; empty for the image's. */
    readonly user: string;
    /** Absolute path; empty for the image's. */
    readonly workdir: string;
    /** Host name in the containers, Docker's placeholders included; empty for the container's ID. */
    readonly hostname: string;
    readonly init: boolean;
    readonly readOnly: boolean;
    readonly stopGracePeriodMs: number;
    /** Names of services that have to have converged before this one is made or changed. */
    readonly after: readonly string[];
    /** Names of jobs that run, and have to complete, before each exchange of this service's tasks. */
    readonly before: readonly string[];
    /** Seconds within which the service has to converge. */
    readonly timeout: number;
    /** What the options hold that each are one field of the Engine API's `ServiceSpec`. */
    readonly fields: ContainerFields;
    /** Fields of the Engine API's `ServiceSpec` that no option is for, or that no option here sets. */
    readonly spec: JsonObject;
}

/** Everything a stack is made from. */
export interface Settings {
    /** Slug of the DigitalOcean region. */
    readonly region: string;
    /** Managers first, then workers, each in the order of the configuration. */
    readonly nodes: readonly NodeSpec[];
    /** Names; 1, 3, 5 or 7. The first is the seed, where the swarm is initialised and commanded. */
    readonly managers: readonly string[];
    /** Names; may be empty. */
    readonly workers: readonly string[];
    /** Labels of nodes besides the program's own, by the node's name and the label's; none for a node that is not here. */
    readonly nodeLabels: NodeLabels;
    /** Whether managers run tasks (`active`) or are kept free of them (`drain`). */
    readonly managerAvailability: "active" | "drain";
    /** Whether the engine refuses to delete or replace the managers' droplets. */
    readonly protectManagers: boolean;
    /** Name of the manager from which a swarm that has lost its quorum goes on; empty for none. */
    readonly recoverFrom: string;
    /** Whole number; another one than before rotates the join tokens and the unlock key. */
    readonly tokenRotation: number;
    /** Whether managers are locked after a restart of their engine, until they are given the key. */
    readonly autolock: boolean;
    /** Account keys of the people who may log in: numeric IDs or MD5 fingerprints, as strings. */
    readonly sshKeys: readonly string[];
    readonly sshUser: string;
    /** CIDRs, IPv4 or IPv6, from which port 22 can be reached; at least one. */
    readonly sshFrom: readonly string[];
    /** IPv4 CIDR of the VPC. */
    readonly vpcIpRange: string;
    /** IPv4 CIDR from which overlay networks, the ingress network first, get their subnets. */
    readonly overlayPool: string;
    /** Prefix length of each of those subnets. */
    readonly overlayPoolMaskLength: number;
    /** Open to the world beside what services publish; sorted. */
    readonly openPorts: readonly OpenPorts[];
    /** Options of overlay networks, by name; those of services that are not here have none. */
    readonly networks: Readonly<Record<string, NetworkSpec>>;
    /** Files' contents in place of their paths. */
    readonly secrets: Contents;
    readonly configs: Contents;
    /** How many former contents of each secret and config stay in the swarm. */
    readonly keep: number;
    readonly registries: Registries;
    /** Sorted by name. */
    readonly services: readonly ServiceSpec[];
    /** Oldest Docker Engine that may join, `major.minor.patch`. */
    readonly minDockerVersion: string;
    /** Seconds that a new node has to become ready. */
    readonly nodeTimeout: number;
    /** Whether droplets are made with DigitalOcean's metrics agent. */
    readonly monitoring: boolean;
    /**
     * Keys of the configuration whose values are stored encrypted. Their values stand in clear here: whatever is
     * made from them has to be marked secret again (`components/kept.ts`). `services` is among them as soon as one
     * value in it, such as a variable of the environment, was set with `--secret`. Other keys than these are refused
     * when they are: names of nodes, sizes and the like are resources' names, options and outputs, which are in clear.
     */
    readonly secretKeys: readonly SecretKey[];
}
