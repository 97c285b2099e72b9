/** What a manager says of its swarm, in the words of Docker's API. */
import { STACK_LABEL } from "../model/engineSpec.ts";
import type { NodeRole } from "../model/settings.ts";

/** As far as it is read here. https://docs.docker.com/reference/api/engine/ */
export interface SwarmFacts {
    readonly info: {
        readonly DockerRootDir: string;
        readonly SystemTime?: string;
        readonly Swarm: {
            readonly NodeID: string;
            readonly LocalNodeState: string;
            readonly ControlAvailable: boolean;
            readonly Error: string;
            /** Of a member: the managers that it knows of, as `address:port`. */
            readonly RemoteManagers?: readonly { readonly Addr: string }[] | null;
            readonly Cluster?: {
                readonly ID: string;
                readonly TLSInfo?: { readonly TrustRoot?: string };
                readonly Spec?: { readonly EncryptionConfig?: { readonly AutoLockManagers?: boolean } };
            };
        };
    };
    readonly nodes: readonly ApiNode[];
    readonly services: readonly ApiService[];
    readonly tasks: readonly ApiTask[];
    /** Overlay networks. */
    readonly networks: readonly ApiNetwork[];
    /** Those that a stack of this program has made. */
    readonly secrets: readonly ApiObject[];
    readonly configs: readonly ApiObject[];
}

/** A secret or config. */
export interface ApiObject {
    readonly ID: string;
    readonly Version: { readonly Index: number };
    readonly Spec: { readonly Name: string; readonly Labels?: Readonly<Record<string, string>> | null };
}

export interface ApiNetwork {
    readonly Id: string;
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
}

export interface ApiNode {
    readonly ID: string;
    readonly Spec: {
        readonly Labels?: Readonly<Record<string, string>>;
        readonly Role: NodeRole;
        readonly Availability: "active" | "pause" | "drain";
    };
    readonly Description: {
        readonly Hostname: string;
        readonly Engine: {
            readonly EngineVersion: string;
            readonly Labels?: Readonly<Record<string, string>>;
        };
    };
    readonly Status: { readonly State: string; readonly Addr: string };
    readonly ManagerStatus?: {
        readonly Leader?: boolean;
        readonly Reachability: string;
        readonly Addr?: string;
    };
}

export interface ApiService {
    readonly ID: string;
    readonly Spec: {
        readonly Name: string;
        readonly Labels?: Readonly<Record<string, string>>;
        readonly TaskTemplate: {
            readonly ContainerSpec?: {
                readonly Image: string;
                readonly TTY?: boolean;
                readonly Secrets?: readonly { readonly SecretID: string }[] | null;
                readonly Configs?: readonly { readonly ConfigID: string }[] | null;
            };
        };
        readonly Mode: {
            readonly Replicated?: { readonly Replicas: number };
            readonly Global?: object;
            readonly ReplicatedJob?: object;
            readonly GlobalJob?: object;
        };
    };
    readonly Endpoint?: {
        readonly Ports?: readonly {
            readonly Protocol: string;
            readonly TargetPort: number;
            readonly PublishedPort?: number;
            readonly PublishMode: string;
        }[];
    };
    readonly UpdateStatus?: { readonly State?: string; readonly Message?: string };
}

export interface ApiTask {
    readonly ID: string;
    readonly ServiceID?: string;
    readonly Slot?: number;
    readonly NodeID?: string;
    readonly DesiredState: string;
    readonly Status: { readonly Timestamp: string; readonly State: string; readonly Err?: string };
}

const OWN = encodeURIComponent(`{"label":["${STACK_LABEL}"]}`);

/** The questions to a manager, beside `/info`. */
export const QUESTIONS = {
    nodes: "/nodes",
    services: "/services",
    tasks: "/tasks",
    secrets: `/secrets?filters=${OWN}`,
    configs: `/configs?filters=${OWN}`,
    networks: `/networks?filters=${encodeURIComponent('{"driver":["overlay"]}')}`,
} as const satisfies Partial<Record<keyof SwarmFacts, string>>;
