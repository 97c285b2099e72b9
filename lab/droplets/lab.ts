import { createHash } from "node:crypto";
import type Docker from "dockerode";

/** Which lab. Each checkout may have one of the same name, and all of them may share an engine. */
export interface LabId {
    readonly name: string;
    /** Top folder of the checkout that the lab belongs to. */
    readonly checkout: string;
}

/** What a backend of container droplets is told about its lab. */
export interface LabSettings extends LabId {
    /** Range of the droplets' public addresses, `a.b.c.d/n`. */
    readonly publicCidr: string;
    /** Directory for what is big and only needed while images are made. */
    readonly cacheDir: string;
    /** Start of the names of the lab's bridges, at most 7 characters; default "swl". */
    readonly bridgePrefix?: string;
    /** Whether the images that are broken on purpose are to be had; another lab may have made them. Default false. */
    readonly faulty?: boolean;
    /** True lets droplets reach what the host reaches; default false: nothing leaves the lab. */
    readonly egress?: boolean;
}

export interface Context {
    readonly docker: Docker;
    readonly lab: LabSettings;
    readonly log: (line: string) => void;
}

/** Labels that everything of a lab carries: the lab's name, and the checkout's top folder. */
export const LAB_LABEL = "swarm-lab";
export const CHECKOUT_LABEL = "swarm-lab.checkout";

/** Labels of a droplet's container, from which a restarted lab knows it again. */
export const DROPLET_LABEL = "swarm-lab.droplet";
export const VPC_LABEL = "swarm-lab.vpc";
export const PUBLIC_IP_LABEL = "swarm-lab.public-ip";
export const PRIVATE_IP_LABEL = "swarm-lab.private-ip";

/** Label of a snapshot's image; its value is the `MachineImage` as JSON. */
export const SNAPSHOT_LABEL = "swarm-lab.snapshot";

export function labLabels({ name, checkout }: LabId): Record<string, string> {
    return { [LAB_LABEL]: name, [CHECKOUT_LABEL]: checkout };
}

/** Finds what carries {@link labLabels}: the engine wants all of the labels named. */
export function labFilter(lab: LabId): { label: string[] } {
    return { label: Object.entries(labLabels(lab)).map(([key, value]) => `${key}=${value}`) };
}

/** The lab whose labels these are; undefined for what is no lab's. */
export function labOf(labels: Readonly<Record<string, string>> | null | undefined): LabId | undefined {
    const [name, checkout] = [labels?.[LAB_LABEL], labels?.[CHECKOUT_LABEL]];
    return name === undefined || checkout === undefined ? undefined : { name, checkout };
}

/** A lab in words, for the person. */
export function labText({ name, checkout }: LabId): string {
    return `the lab "${name}" of ${checkout}`;
}

/** Begins the names of all that a lab has in the engine, where a name may be given once. */
export function namePrefix({ name, checkout }: LabId): string {
    return `${name}-${checkoutMark(checkout)}`;
}

/** A checkout's folder, short enough for a name. */
export function checkoutMark(checkout: string): string {
    return createHash("sha256").update(checkout).digest("hex").slice(0, 8);
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
