import type { Cloud } from "../cloud.ts";
import { defaultVpcName, defaultVpcRange } from "../model/defaultVpc.ts";

export interface ApiVpc {
    readonly id: string;
    readonly name: string;
    readonly region: string;
    readonly ip_range: string;
    readonly default: boolean;
}

export const listVpcs = (cloud: Cloud): Promise<ApiVpc[]> => cloud.list<ApiVpc>("/v2/vpcs", "vpcs");

/**
 * Makes `default-<region>`, which becomes the default of a region without a VPC.
 *
 * @param apart A range that it must leave free.
 * @throws CloudError
 */
export async function makeDefaultVpc(cloud: Cloud, region: string, apart: string): Promise<ApiVpc> {
    const taken = (await listVpcs(cloud)).map((vpc) => vpc.ip_range);
    const body = { name: defaultVpcName(region), region, ip_range: defaultVpcRange([...taken, apart]) };
    try {
        return (await cloud.create<{ vpc: ApiVpc }>("/v2/vpcs", body)).vpc;
    } catch (error) {
        // Another stack's run may have been first, or the answer to a first attempt was lost.
        const there = (await listVpcs(cloud)).find((vpc) => vpc.name === body.name && vpc.region === region);
        if (!there) throw error;
        return there;
    }
}

/**
 * Makes `default-<region>` the default in a VPC's place, so that this one can be deleted. No other VPC of the account is
 * touched: what somebody else made is not ours to make a default of.
 *
 * @throws CloudError
 */
export async function giveDefaultAway(cloud: Cloud, vpc: ApiVpc): Promise<void> {
    const { id } = await makeDefaultVpc(cloud, vpc.region, vpc.ip_range);
    await cloud.change(`/v2/vpcs/${id}`, { default: true });
}
