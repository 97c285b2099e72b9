import { type Context, reason } from "./context.ts";
import { unprocessable } from "./errors.ts";
import type { Vpc } from "./store.ts";
import { checkVpcRange, chooseVpcRange } from "./vpcRanges.ts";

/** How many ranges of its own choice the service tries: another lab on this machine may have the first ones. */
const CHOICES = 8;

/**
 * Makes a VPC, at the backend too.
 * @param wanted without `ipRange`, a free /20 is chosen
 * @throws ApiError 422 for a bad range, a name in use, or a backend that cannot make the network: its
 * reason is passed on, since in the lab that is a range taken on this very machine
 */
export async function createVpc(context: Context, wanted: WantedVpc): Promise<Vpc> {
    const { store } = context;
    if ([...store.vpcs.values()].some((vpc) => vpc.name === wanted.name)) {
        throw unprocessable(
            `The name ${wanted.name} is already in use by another VPC network in your account.`,
        );
    }
    const refused: string[] = [];
    for (;;) {
        const taken = [...store.vpcs.values()].map((vpc) => vpc.ipRange);
        const ipRange =
            wanted.ipRange === undefined
                ? chooseVpcRange([...taken, ...refused])
                : checkVpcRange(wanted.ipRange, taken);
        try {
            return await createVpcWith(context, wanted, ipRange);
        } catch (error) {
            refused.push(ipRange);
            if (wanted.ipRange !== undefined || refused.length === CHOICES) throw error;
        }
    }
}

interface WantedVpc extends Pick<Vpc, "name" | "description" | "region" | "default"> {
    readonly ipRange: string | undefined;
}

async function createVpcWith(context: Context, wanted: WantedVpc, ipRange: string): Promise<Vpc> {
    const { store } = context;
    const vpc: Vpc = {
        id: context.ids.uuid(),
        name: wanted.name,
        description: wanted.description,
        region: wanted.region,
        ipRange,
        default: wanted.default,
        createdAt: context.now(),
        deleting: false,
    };
    // Before the backend is asked: a second request must not be given the same range meanwhile.
    store.vpcs.set(vpc.id, vpc);
    try {
        await context.machines.createVpc({ id: vpc.id, name: vpc.name, ipRange });
    } catch (error) {
        store.vpcs.delete(vpc.id);
        context.log("error", `network of VPC ${vpc.name}, ${ipRange}: ${reason(error)}`);
        throw unprocessable(`The network ${ipRange} cannot be made in this lab: ${reason(error)}`);
    }
    return vpc;
}

/** A region's default VPC, made on first use; all who ask meanwhile wait for the same one. */
export function defaultVpc(context: Context, region: string): Promise<Vpc> {
    return context.work.run(`default VPC of ${region}`, `default VPC of ${region}`, async () => {
        const known = [...context.store.vpcs.values()].find((vpc) => vpc.region === region && vpc.default);
        return (
            known ??
            (await createVpc(context, {
                name: `default-${region}`,
                description: "",
                region,
                ipRange: undefined,
                default: true,
            }))
        );
    });
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
