import type { Props } from "../../protocol/values.ts";
import type { Api } from "../api.ts";
import { type ApiDroplet, dropletState } from "../resources/dropletState.ts";
import { firewall } from "../resources/firewall.ts";
import { tag } from "../resources/tag.ts";
import { uniqueId } from "../resources/uniqueId.ts";
import { vpc } from "../resources/vpc.ts";

interface ApiAccount {
    droplet_limit: number;
    floating_ip_limit: number;
    email: string;
    uuid: string;
    email_verified: boolean;
    status: string;
    status_message: string;
}

export interface ApiRegion {
    slug: string;
    name: string;
    sizes: string[];
    features: string[];
    available: boolean;
}

export interface ApiSize {
    slug: string;
    memory: number;
    vcpus: number;
    disk: number;
    transfer: number;
    price_monthly: number;
    price_hourly: number;
    regions: string[];
    available: boolean;
}

export interface ApiKey {
    id: number;
    name: string;
    fingerprint: string;
    public_key: string;
}

export async function getAccount(_args: Props, api: Api): Promise<Props> {
    const found = await api.get<ApiAccount>("/v2/account", "account");
    return {
        id: found.uuid,
        uuid: found.uuid,
        email: found.email,
        emailVerified: found.email_verified,
        dropletLimit: found.droplet_limit,
        floatingIpLimit: found.floating_ip_limit,
        status: found.status,
        statusMessage: found.status_message,
    };
}

export async function getRegion({ slug }: Props, api: Api): Promise<Props> {
    const found = (await api.list<ApiRegion>("/v2/regions", "regions")).find(
        (region) => region.slug === slug,
    );
    if (found === undefined) {
        throw new Error(`Region does not exist: ${slug}`);
    }
    return { ...regionAnswer(found), id: uniqueId("terraform") };
}

export function regionAnswer({ slug, name, sizes, features, available }: ApiRegion): Props {
    return { slug, name, sizes, features, available };
}

export function sizeAnswer(found: ApiSize): Props {
    return {
        slug: found.slug,
        memory: found.memory,
        vcpus: found.vcpus,
        disk: found.disk,
        transfer: found.transfer,
        priceMonthly: found.price_monthly,
        priceHourly: found.price_hourly,
        regions: found.regions,
        available: found.available,
    };
}

/** The one key of that name. */
export async function getSshKey({ name }: Props, api: Api): Promise<Props> {
    const found = (await api.list<ApiKey>("/v2/account/keys", "ssh_keys")).filter((key) => key.name === name);
    const [key] = found;
    if (key === undefined || found.length > 1) {
        throw new Error(`${found.length === 0 ? "no" : "too many"} ssh keys found with name ${name}`);
    }
    return keyAnswer(key);
}

export function keyAnswer(key: ApiKey): Props {
    return { id: key.id, name: key.name, fingerprint: key.fingerprint, publicKey: key.public_key };
}

export async function getTag({ name }: Props, api: Api): Promise<Props> {
    const found = await tag.read(String(name), {}, api);
    if (found === undefined) {
        throw new Error(`tag not found: ${name}`);
    }
    return { ...found, id: String(name) };
}

interface ApiVpc {
    id: string;
    name: string;
    region: string;
    default: boolean;
}

/** By ID, by name, or the region's default one. */
export async function getVpc({ id, name, region }: Props, api: Api): Promise<Props> {
    const known = id ? { id: String(id) } : await findVpc(api, name, region);
    const found = known && (await vpc.read(known.id, {}, api));
    if (known === undefined || found === undefined) {
        throw new Error(`no VPC found with ${JSON.stringify({ id, name, region })}`);
    }
    const { vpcUrn, ...rest } = found;
    return { ...rest, urn: vpcUrn ?? null, id: known.id };
}

async function findVpc(api: Api, name: Props[string] | undefined, region: Props[string] | undefined) {
    const all = await api.list<ApiVpc>("/v2/vpcs", "vpcs");
    return all.find((entry) => (name ? entry.name === name : entry.region === region && entry.default));
}

export async function getFirewall({ firewallId }: Props, api: Api): Promise<Props> {
    const found = await firewall.read(String(firewallId), {}, api);
    if (found === undefined) {
        throw new Error(`firewall not found: ${firewallId}`);
    }
    return { ...found, firewallId: firewallId ?? null, id: String(firewallId) };
}

/** A droplet as look-ups answer it: by names that differ a little from the resource's. */
export function dropletAnswer(found: ApiDroplet): Props {
    const { dropletUrn, publicNetworking, ...rest } = dropletState(found);
    const privateV6 = found.networks.v6?.find(({ type }) => type === "private")?.ip_address ?? "";
    return {
        ...rest,
        id: found.id,
        image: found.image.slug || String(found.image.id),
        ipv6AddressPrivate: privateV6.toLowerCase(),
        urn: dropletUrn ?? null,
    };
}

/** By ID, by name, or by a tag that only one droplet has. */
export async function getDroplet(args: Props, api: Api): Promise<Props> {
    const { id, name, tag: tagName } = args;
    if (id) {
        const found = await api.find<ApiDroplet>(`/v2/droplets/${id}`, "droplet");
        if (found === undefined) {
            throw new Error(`no droplet found with ID ${id}`);
        }
        return dropletAnswer(found);
    }
    const all = await api.list<ApiDroplet>("/v2/droplets", "droplets");
    const found = all.filter((entry) => (name ? entry.name === name : entry.tags?.includes(String(tagName))));
    const [only] = found;
    if (only === undefined || found.length > 1) {
        throw new Error(
            `${found.length === 0 ? "no" : "too many"} droplets found with ${name ? "name" : "tag"} ${name ?? tagName}`,
        );
    }
    return { ...args, ...dropletAnswer(only) };
}
