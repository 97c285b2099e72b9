/** Droplets as the API lists them. */
import type { Cloud } from "../cloud.ts";
import type { TaggedDroplet } from "../remnants/remnants.ts";

export interface Droplet extends TaggedDroplet {
    /** new, active, off, archive. */
    readonly status: string;
    readonly tags: readonly string[];
    readonly size: string;
    readonly pricePerMonth: number;
    readonly publicIp?: string;
    readonly privateIp?: string;
    readonly vpcId?: string;
}

/** An entry of `GET /v2/droplets`, as far as it is read here. */
export interface ApiDroplet {
    readonly id: number;
    readonly name: string;
    readonly status: string;
    readonly created_at: string;
    readonly tags: readonly string[];
    readonly size_slug: string;
    readonly size: { readonly price_monthly: number };
    readonly vpc_uuid?: string;
    readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

export function asDroplet(droplet: ApiDroplet): Droplet {
    const address = (type: string) =>
        droplet.networks.v4.find((network) => network.type === type)?.ip_address;
    return {
        id: droplet.id,
        name: droplet.name,
        createdAt: droplet.created_at,
        status: droplet.status,
        tags: droplet.tags,
        size: droplet.size_slug,
        pricePerMonth: droplet.size.price_monthly,
        publicIp: address("public"),
        privateIp: address("private"),
        vpcId: droplet.vpc_uuid,
    };
}

export async function allDroplets(cloud: Pick<Cloud, "list">): Promise<Droplet[]> {
    return (await cloud.list<ApiDroplet>("/v2/droplets", "droplets")).map(asDroplet);
}

/**
 * All droplets that carry the tag. The API's filter is not trusted alone: whatever stands between may drop a query. Tags
 * of different case are the same tag.
 *
 * @throws CloudError
 */
export async function taggedDroplets(cloud: Pick<Cloud, "list">, tag: string): Promise<Droplet[]> {
    const path = `/v2/droplets?tag_name=${encodeURIComponent(tag)}`;
    const listed = (await cloud.list<ApiDroplet>(path, "droplets")).map(asDroplet);
    return listed.filter(({ tags }) => tags.some((own) => own.toLowerCase() === tag.toLowerCase()));
}
