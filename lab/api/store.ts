import type { MachineAddresses } from "../machines.ts";
import type { Rule } from "./packetFilter.ts";

/** Everything that the account holds, in memory. Times are ISO 8601 in seconds, as the API prints them. */

export interface SshKey {
    readonly id: number;
    name: string;
    readonly publicKey: string;
    readonly fingerprint: string;
}

export interface Vpc {
    readonly id: string;
    name: string;
    description: string;
    readonly region: string;
    ipRange: string;
    default: boolean;
    readonly createdAt: string;
    /** Whether the backend has it. A region's default VPC gets its network when a droplet first needs it. */
    hasNetwork: boolean;
    /** Being removed: no droplet may be put into it any more. */
    deleting: boolean;
}

export interface Firewall {
    readonly id: string;
    name: string;
    readonly createdAt: string;
    tags: string[];
    dropletIds: number[];
    inbound: Rule[];
    outbound: Rule[];
    /** Droplets whose filter still has to follow, or could not. */
    readonly pending: Map<number, { readonly removing: boolean; failed: boolean }>;
}

export interface Droplet {
    readonly id: number;
    name: string;
    readonly region: string;
    size: string;
    /** Of the slug's size, unless a resize left the disk alone. */
    disk: number;
    status: "new" | "active" | "off";
    locked: boolean;
    deleting: boolean;
    readonly createdAt: string;
    /** Ms since the epoch: its creation, and its becoming active. */
    readonly madeAt: number;
    activeAt: number;
    readonly features: Set<string>;
    tags: string[];
    readonly vpcId: string;
    /** As the image was at creation: it may be renamed or deleted while the droplet lives. */
    readonly image: ImageInfo;
    /** Null until the backend has reserved some. */
    addresses: MachineAddresses | null;
    ipv6: string | null;
    readonly volumeIds: string[];
    readonly snapshotIds: number[];
}

export interface Action {
    readonly id: number;
    status: "in-progress" | "completed" | "errored";
    readonly type: string;
    readonly startedAt: string;
    completedAt: string | null;
    /** Null for a volume's, which has no number. */
    readonly resourceId: number | null;
    readonly resourceType: string;
    readonly region: string;
}

export interface ImageInfo {
    readonly id: number;
    readonly ref: string;
    readonly slug: string | null;
    readonly type: "base" | "snapshot";
    /** Listed with the one-click applications and not with the distributions. */
    readonly application: boolean;
    readonly name: string;
    readonly description: string;
    readonly distribution: string;
    readonly regions: readonly string[];
    readonly minDiskSize: number;
    readonly sizeGigabytes: number;
    readonly tags: readonly string[];
    readonly createdAt: string;
    /** Droplet that a snapshot was taken of. */
    readonly dropletId: number | null;
}

/** What the API knows of an image beside what the backend says. */
export interface ImageNotes {
    name?: string;
    description?: string;
    distribution?: string;
    tags: string[];
    /** The rest only for snapshots that were taken in this lab. */
    createdAt?: string;
    region?: string;
    minDiskSize?: number;
    dropletId?: number;
}

export interface ReservedIp {
    readonly ip: string;
    readonly region: string;
    dropletId: number | null;
    projectId: string;
}

export interface LoadBalancer {
    readonly id: string;
    readonly createdAt: string;
    readonly ip: string;
    readonly region: string;
    readonly vpcId: string;
    status: "new" | "active";
    /** Settings as given, over defaults, in the API's own names. */
    settings: Readonly<Record<string, unknown>>;
    dropletIds: number[];
    tag: string;
}

export interface DomainRecord {
    readonly id: number;
    readonly type: string;
    name: string;
    data: string;
    priority: number | null;
    port: number | null;
    ttl: number;
    weight: number | null;
    flags: number | null;
    tag: string | null;
}

export interface Domain {
    readonly name: string;
    readonly ttl: number;
    readonly records: DomainRecord[];
}

export interface Volume {
    readonly id: string;
    readonly name: string;
    readonly region: string;
    description: string;
    sizeGigabytes: number;
    readonly filesystemType: string;
    readonly filesystemLabel: string;
    dropletId: number | null;
    tags: string[];
    readonly createdAt: string;
}

export interface Certificate {
    readonly id: string;
    readonly name: string;
    readonly type: "custom" | "lets_encrypt";
    readonly dnsNames: readonly string[];
    readonly createdAt: string;
    readonly notAfter: string;
    readonly sha1: string;
    state: "pending" | "verified";
}

export interface Project {
    readonly id: string;
    name: string;
    description: string;
    purpose: string;
    /** None when it was made without one. */
    environment: string | undefined;
    isDefault: boolean;
    readonly createdAt: string;
    updatedAt: string;
    /** URN to the time of assignment. */
    readonly resources: Map<string, string>;
}

export interface Store {
    readonly keys: Map<number, SshKey>;
    readonly vpcs: Map<string, Vpc>;
    /** Names; members are found on the resources themselves. */
    readonly tags: Set<string>;
    readonly firewalls: Map<string, Firewall>;
    readonly droplets: Map<number, Droplet>;
    readonly actions: Map<number, Action>;
    readonly imageNotes: Map<number, ImageNotes>;
    readonly reservedIps: Map<string, ReservedIp>;
    readonly loadBalancers: Map<string, LoadBalancer>;
    readonly domains: Map<string, Domain>;
    readonly volumes: Map<string, Volume>;
    readonly certificates: Map<string, Certificate>;
    readonly projects: Map<string, Project>;
}

export function emptyStore(): Store {
    return {
        keys: new Map(),
        vpcs: new Map(),
        tags: new Set(),
        firewalls: new Map(),
        droplets: new Map(),
        actions: new Map(),
        imageNotes: new Map(),
        reservedIps: new Map(),
        loadBalancers: new Map(),
        domains: new Map(),
        volumes: new Map(),
        certificates: new Map(),
        projects: new Map(),
    };
}
