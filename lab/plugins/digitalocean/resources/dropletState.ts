import type { Props } from "../../protocol/values.ts";

export interface ApiDroplet {
    id: number;
    name: string;
    memory: number;
    vcpus: number;
    disk: number;
    locked: boolean;
    status: string;
    created_at: string;
    features: string[] | null;
    volume_ids: string[] | null;
    size: { slug: string; price_hourly: number; price_monthly: number };
    image: { id: number; slug: string | null };
    networks: Record<"v4" | "v6", { ip_address: string; type: string }[] | null>;
    region: { slug: string };
    tags: string[] | null;
    vpc_uuid: string;
}

/** What the state takes from the API: all but the image, the keys and the user data, which are never read back. */
export function dropletState(found: ApiDroplet): Props {
    const features = found.features ?? [];
    const address = (version: "v4" | "v6", type: "public" | "private") =>
        found.networks[version]?.find((network) => network.type === type)?.ip_address ?? "";
    const publicAddress = address("v4", "public");
    return {
        name: found.name,
        dropletUrn: `do:droplet:${found.id}`,
        region: found.region.slug,
        size: found.size.slug,
        priceHourly: found.size.price_hourly,
        priceMonthly: found.size.price_monthly,
        disk: found.disk,
        vcpus: found.vcpus,
        memory: found.memory,
        status: found.status,
        locked: found.locked,
        createdAt: found.created_at,
        vpcUuid: found.vpc_uuid,
        ipv4Address: publicAddress,
        ipv4AddressPrivate: address("v4", "private"),
        ipv6Address: address("v6", "public").toLowerCase(),
        backups: features.includes("backups"),
        ipv6: features.includes("ipv6"),
        privateNetworking: features.includes("private_networking"),
        publicNetworking: publicAddress !== "",
        monitoring: features.includes("monitoring"),
        volumeIds: found.volume_ids ?? [],
        tags: found.tags ?? [],
    };
}
