import type Docker from "dockerode";

/** What a backend of container droplets is told about its lab. */
export interface LabSettings {
    /** Tells the lab's containers, networks, volumes and snapshots from everything else in the engine. */
    readonly name: string;
    /** Range of the droplets' public addresses, `a.b.c.d/n`. */
    readonly publicCidr: string;
    /** Directory for what is big and only needed while images are made. */
    readonly cacheDir: string;
    /** Start of the names of the lab's bridges, at most 7 characters; default "swl". */
    readonly bridgePrefix?: string;
    /** True lets droplets reach what the host reaches; default false: nothing leaves the lab. */
    readonly egress?: boolean;
}

export interface Context {
    readonly docker: Docker;
    readonly lab: LabSettings;
    readonly log: (line: string) => void;
}

/** Label that everything of a lab carries; its value is the lab's name. */
export const LAB_LABEL = "swarm-lab";

/** Labels of a droplet's container, from which a restarted lab knows it again. */
export const DROPLET_LABEL = "swarm-lab.droplet";
export const VPC_LABEL = "swarm-lab.vpc";
export const PUBLIC_IP_LABEL = "swarm-lab.public-ip";
export const PRIVATE_IP_LABEL = "swarm-lab.private-ip";

/** Label of a snapshot's image; its value is the `MachineImage` as JSON. */
export const SNAPSHOT_LABEL = "swarm-lab.snapshot";

export function labFilter(name: string): { label: string[] } {
    return { label: [`${LAB_LABEL}=${name}`] };
}

/** HTTP status of an error of the engine's API, or undefined for any other error. */
export function engineStatus(error: unknown): number | undefined {
    const status = (error as { statusCode?: unknown } | null)?.statusCode;
    return typeof status === "number" ? status : undefined;
}

/** Awaits a removal; that the thing is gone already is what was wanted. */
export async function gone(removal: Promise<unknown>): Promise<void> {
    try {
        await removal;
    } catch (error) {
        if (engineStatus(error) !== 404) throw error;
    }
}
