import { createHash } from "node:crypto";
import type { NetworkCreateOptions } from "dockerode";
import { messageOf } from "../errors.ts";
import { dockerRanges, overlap } from "../network.ts";
import { rangeOf } from "./addresses.ts";
import { type Context, engineStatus, gone, type LabId, labLabels, namePrefix, VPC_LABEL } from "./lab.ts";

export function publicNetworkName(lab: LabId): string {
    return `${namePrefix(lab)}-public`;
}

export function vpcNetworkName(lab: LabId, vpcId: string): string {
    return `${namePrefix(lab)}-vpc-${vpcId}`;
}

/**
 * A bridge of the lab. Internal ones reach nothing outside; a droplet's first process turns their
 * default route into an answer at once, where the engine would let packets vanish.
 *
 * @param bridge name of the bridge's interface, so that firewalls of the host can be told about it.
 */
export function networkConfig(
    name: string,
    cidr: string,
    bridge: string,
    internal: boolean,
    labels: Readonly<Record<string, string>>,
): NetworkCreateOptions {
    return {
        Name: name,
        Driver: "bridge",
        Internal: internal,
        CheckDuplicate: true,
        IPAM: { Driver: "default", Config: [{ Subnet: cidr, Gateway: rangeOf(cidr).gateway }] },
        Options: { "com.docker.network.bridge.name": bridge },
        Labels: { ...labels },
    };
}

/** Interface names are 15 characters at most (IFNAMSIZ), so the network's name goes in as a hash. */
export function bridgeName(prefix: string, network: string): string {
    const hash = createHash("sha256").update(network).digest("hex").slice(0, 8);
    return `${prefix}${hash}`;
}

/** Makes the public network unless it is there. Throws, naming the range, if it is taken by another. */
export async function ensurePublicNetwork(context: Context): Promise<void> {
    const { lab } = context;
    const name = publicNetworkName(lab);
    const there = await inspect(context, name);
    if (there !== undefined) {
        if (there === lab.publicCidr) return;
        throw new Error(
            `The lab's public network "${name}" has the range ${there}, wanted is ${lab.publicCidr}. Remove the lab first.`,
        );
    }
    await create(context, name, lab.publicCidr, lab.egress !== true, labLabels(lab));
}

export async function createVpcNetwork(context: Context, vpcId: string, ipRange: string): Promise<void> {
    const { lab } = context;
    const labels = { ...labLabels(lab), [VPC_LABEL]: vpcId };
    // Always internal: droplets reach the world, if at all, by their public address.
    await create(context, vpcNetworkName(lab, vpcId), ipRange, true, labels);
}

export async function deleteVpcNetwork(context: Context, vpcId: string): Promise<void> {
    await gone(context.docker.getNetwork(vpcNetworkName(context.lab, vpcId)).remove());
}

/** The range of a VPC's network. Throws if there is no such VPC. */
export async function vpcRange(context: Context, vpcId: string): Promise<string> {
    const range = await inspect(context, vpcNetworkName(context.lab, vpcId));
    if (range === undefined) throw new Error(`The lab has no network for VPC "${vpcId}".`);
    return range;
}

async function inspect(context: Context, name: string): Promise<string | undefined> {
    try {
        const network = await context.docker.getNetwork(name).inspect();
        return network.IPAM?.Config?.[0]?.Subnet ?? "none";
    } catch (error) {
        if (engineStatus(error) === 404) return undefined;
        throw error;
    }
}

async function create(
    context: Context,
    name: string,
    cidr: string,
    internal: boolean,
    labels: Readonly<Record<string, string>>,
): Promise<void> {
    const bridge = bridgeName(context.lab.bridgePrefix ?? "swl", name);
    try {
        await context.docker.createNetwork(networkConfig(name, cidr, bridge, internal, labels));
    } catch (error) {
        const other = (await dockerRanges(context.docker)).find((taken) => overlap(taken.cidr, cidr));
        const reason =
            other === undefined ? messageOf(error) : `it overlaps with ${other.cidr} of ${other.by}`;
        throw new Error(`The network "${name}" with the range ${cidr} could not be made: ${reason}`);
    }
}
