import type { ContainerCreateOptions, HostConfig, NetworkConnectOptions } from "dockerode";
import type { MachineAddresses, MachineSpec } from "../machines.ts";
import {
    DROPLET_LABEL,
    type LabId,
    labLabels,
    namePrefix,
    PRIVATE_IP_LABEL,
    PUBLIC_IP_LABEL,
    VPC_LABEL,
} from "./lab.ts";

export interface ContainerSettings {
    readonly lab: LabId;
    readonly publicNetwork: string;
    readonly capabilities: readonly string[];
    /** Whether the engine confines containers by AppArmor; naming a profile elsewhere is an error. */
    readonly appArmor: boolean;
    /** Host and port of the registry that answers for Docker Hub. */
    readonly registryMirror: string;
    /** Whether the kernel lacks IPVS, so that the routing mesh needs its stand-in. */
    readonly mesh: boolean;
    readonly egress: boolean;
}

/** Name of a droplet's container: its ID, since two droplets may have one name. */
export function containerName(lab: LabId, dropletId: number): string {
    return `${namePrefix(lab)}-droplet-${dropletId}`;
}

/**
 * The container that is a droplet. It has what a Docker daemon of its own needs and `--privileged` would
 * give (see `grantableCapabilities` for why it is not used): unmasked /proc and /sys, every device, no
 * seccomp filter. It starts with the public network alone, which makes that eth0; the private one is
 * connected before the start (`privateEndpoint`) and becomes eth1.
 *
 * The size's memory is not applied: the point of a lab is the program, and a limit would make the
 * kernel kill dockerd at sizes that a real machine, with pages to swap and drop, survives.
 */
export function containerConfig(
    spec: MachineSpec,
    addresses: MachineAddresses,
    settings: ContainerSettings,
): ContainerCreateOptions {
    const labels = { ...labLabels(settings.lab), [DROPLET_LABEL]: String(spec.id) };
    return {
        name: containerName(settings.lab, spec.id),
        Hostname: spec.name,
        Image: spec.image,
        Env: [
            `LAB_REGISTRY_MIRROR=${settings.registryMirror}`,
            `LAB_MESH=${settings.mesh ? 1 : 0}`,
            `LAB_EGRESS=${settings.egress ? 1 : 0}`,
        ],
        Labels: {
            ...labels,
            [VPC_LABEL]: spec.vpcId,
            [PUBLIC_IP_LABEL]: addresses.publicIp,
            [PRIVATE_IP_LABEL]: addresses.privateIp,
        },
        HostConfig: hostConfig(labels, settings),
        NetworkingConfig: {
            EndpointsConfig: { [settings.publicNetwork]: endpoint(addresses.publicIp, "eth0") },
        },
    };
}

function hostConfig(labels: Record<string, string>, settings: ContainerSettings): HostConfig {
    // The engine's types lack the cgroup namespace's mode (API 1.41 and newer).
    const config: HostConfig & { CgroupnsMode: "private" } = {
        NetworkMode: settings.publicNetwork,
        CapAdd: [...settings.capabilities],
        SecurityOpt: ["seccomp=unconfined", ...(settings.appArmor ? ["apparmor=unconfined"] : [])],
        MaskedPaths: [],
        ReadonlyPaths: [],
        DeviceCgroupRules: ["a *:* rwm"],
        CgroupnsMode: "private",
        // A data root on the container's own overlay would make dockerd fall back to slow copies.
        // Without a source the volume is anonymous: it goes when the container goes.
        Mounts: [
            {
                Type: "volume",
                Source: "",
                Target: "/var/lib/docker",
                VolumeOptions: { NoCopy: true, Labels: labels, DriverConfig: { Name: "local", Options: {} } },
            },
        ],
        Tmpfs: { "/run": "rw,exec,nosuid,mode=755" },
        // The log holds the droplet's boot; what runs in it logs to files of its own.
        LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
    };
    return config;
}

export function privateEndpoint(container: string, addresses: MachineAddresses): NetworkConnectOptions {
    return { Container: container, EndpointConfig: endpoint(addresses.privateIp, "eth1") };
}

/** Engines from 28 on take the interface's name; older ones number them in the order of connection. */
function endpoint(address: string, device: string) {
    return {
        IPAMConfig: { IPv4Address: address },
        DriverOpts: { "com.docker.network.endpoint.ifname": device },
    };
}
