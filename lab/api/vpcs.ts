import { REGIONS } from "./catalog.ts";
import { type Context, reason } from "./context.ts";
import { unprocessable } from "./errors.ts";
import type { Vpc } from "./store.ts";
import { checkVpcRange, chooseVpcRange } from "./vpcRanges.ts";

/** How many ranges of its own choice the service tries: another lab on this machine may have the first ones. */
const CHOICES = 8;

interface WantedVpc extends Pick<Vpc, "name" | "description" | "region"> {
    /** Undefined for a free /20. */
    readonly ipRange: string | undefined;
}

/**
 * Makes a VPC. The first one of a region becomes its default; any other is made at the backend at once.
 * @throws ApiError 422 for a bad range, a name in use, or a backend that cannot make the network: its
 * reason is passed on, since in the lab that is a range taken on this very machine
 */
export async function createVpc(context: Context, wanted: WantedVpc): Promise<Vpc> {
    const { store } = context;
    const vpcs = [...store.vpcs.values()];
    if (vpcs.some((vpc) => vpc.name === wanted.name)) {
        throw unprocessable(
            `The name ${wanted.name} is already in use by another VPC network in your account.`,
        );
    }
    const taken = vpcs.map((vpc) => vpc.ipRange);
    const vpc: Vpc = {
        id: context.ids.uuid(),
        name: wanted.name,
        description: wanted.description,
        region: wanted.region,
        ipRange: wanted.ipRange === undefined ? chooseVpcRange(taken) : checkVpcRange(wanted.ipRange, taken),
        default: !vpcs.some(({ region }) => region === wanted.region),
        createdAt: context.now(),
        hasNetwork: false,
        deleting: false,
    };
    // Before the backend is asked: a second request must not be given the same range meanwhile.
    store.vpcs.set(vpc.id, vpc);
    if (!vpc.default) {
        try {
            await ensureNetwork(context, vpc, wanted.ipRange === undefined);
        } catch (error) {
            store.vpcs.delete(vpc.id);
            throw error;
        }
    }
    return vpc;
}

/**
 * Has the backend make a VPC's network, once.
 * @param mayMove Whether another range will do, where the first is taken on this machine.
 */
export function ensureNetwork(context: Context, vpc: Vpc, mayMove = vpc.default): Promise<void> {
    return context.work.run(`network of VPC ${vpc.id}`, `network of VPC ${vpc.name}`, async () => {
        const refused: string[] = [];
        while (!vpc.hasNetwork) {
            try {
                await context.machines.createVpc({ id: vpc.id, name: vpc.name, ipRange: vpc.ipRange });
                vpc.hasNetwork = true;
            } catch (error) {
                const { ipRange } = vpc;
                context.log("error", `network of VPC ${vpc.name}, ${ipRange}: ${reason(error)}`);
                refused.push(ipRange);
                if (!mayMove || refused.length === CHOICES) {
                    throw unprocessable(
                        `The network ${ipRange} cannot be made in this lab: ${reason(error)}`,
                    );
                }
                const taken = [...context.store.vpcs.values()].map((other) => other.ipRange);
                vpc.ipRange = chooseVpcRange([...taken, ...refused]);
            }
        }
    });
}

/** A region's default VPC, made on first use as the service does; all who ask meanwhile wait for the same one. */
export function defaultVpc(context: Context, region: string): Promise<Vpc> {
    return context.work.run(`default VPC of ${region}`, `default VPC of ${region}`, async () => {
        const known = [...context.store.vpcs.values()].find((vpc) => vpc.region === region && vpc.default);
        if (known !== undefined) {
            return known;
        }
        const name = `default-${region}`;
        const made = await createVpc(context, { name, description: "", region, ipRange: undefined });
        makeDefault(context, made);
        return made;
    });
}

export function makeDefault({ store }: Context, vpc: Vpc): void {
    for (const other of store.vpcs.values()) {
        other.default = other.region === vpc.region ? other === vpc : other.default;
    }
}

/** @throws the backend's reason; the VPC stays then */
export async function removeVpc(context: Context, vpc: Vpc): Promise<void> {
    vpc.deleting = true;
    try {
        if (vpc.hasNetwork) {
            await context.machines.deleteVpc(vpc.id);
        }
    } catch (error) {
        vpc.deleting = false;
        context.log("error", `network of VPC ${vpc.name}: ${reason(error)}`);
        throw error;
    }
    context.store.vpcs.delete(vpc.id);
}

/** Makes the account one that has a default VPC in each region, or one that has none but those in use. */
export async function applyDefaultVpcs(context: Context): Promise<void> {
    if (context.settings.defaultVpcs) {
        await Promise.all(REGIONS.map((region) => defaultVpc(context, region)));
        return;
    }
    for (const vpc of context.store.vpcs.values()) {
        if (vpc.default && vpcMembers(context, vpc.id).length === 0) {
            await removeVpc(context, vpc);
        }
    }
}

export interface Member {
    readonly name: string;
    readonly urn: string;
    readonly created_at: string;
}

/** What lives in a VPC. A droplet counts until its machine is gone, as in the service. */
export function vpcMembers(context: Context, id: string): Member[] {
    const { droplets, loadBalancers } = context.store;
    return [
        ...[...droplets.values()]
            .filter((droplet) => droplet.vpcId === id)
            .map((droplet) => ({
                name: droplet.name,
                urn: `do:droplet:${droplet.id}`,
                created_at: droplet.createdAt,
            })),
        ...[...loadBalancers.values()]
            .filter((balancer) => balancer.vpcId === id)
            .map((balancer) => ({
                name: String(balancer.settings.name),
                urn: `do:loadbalancer:${balancer.id}`,
                created_at: balancer.createdAt,
            })),
    ];
}

export function vpcView(vpc: Vpc) {
    return {
        id: vpc.id,
        urn: `do:vpc:${vpc.id}`,
        name: vpc.name,
        description: vpc.description,
        region: vpc.region,
        ip_range: vpc.ipRange,
        default: vpc.default,
        created_at: vpc.createdAt,
    };
}
