import type { Context, ProviderFunction } from "../../protocol/provider.ts";
import type { Props } from "../../protocol/values.ts";
import type { Api } from "../api.ts";
import type { ApiDroplet } from "../resources/dropletState.ts";
import { tagState } from "../resources/tag.ts";
import { type ApiImage, getDropletSnapshot, getImage, imageAnswer } from "./images.ts";
import { listAnswer } from "./lists.ts";
import {
    type ApiKey,
    type ApiRegion,
    type ApiSize,
    dropletAnswer,
    getAccount,
    getDroplet,
    getFirewall,
    getRegion,
    getSshKey,
    getTag,
    getVpc,
    keyAnswer,
    regionAnswer,
    sizeAnswer,
} from "./lookups.ts";

type Lookup = (args: Props, api: Api) => Promise<Props>;

const DROPLET_KEYS =
    "backups createdAt disk id image ipv4Address ipv4AddressPrivate ipv6 ipv6Address ipv6AddressPrivate locked " +
    "memory monitoring name priceHourly priceMonthly privateNetworking region size status tags urn vcpus volumeIds vpcUuid";

/** Every function that the plugin has, by its plain name. */
const LOOKUPS: Record<string, Lookup> = {
    getAccount,
    getDroplet,
    getDropletSnapshot,
    getDroplets: async (args, api) => ({
        ...(await list<ApiDroplet>(
            "droplets",
            "/v2/droplets",
            "droplets",
            dropletAnswer,
            DROPLET_KEYS,
        )(args, api)),
        gpus: args.gpus ?? false,
    }),
    getFirewall,
    getImage,
    getImages: list<ApiImage>(
        "images",
        "/v2/images",
        "images",
        imageAnswer,
        "id image name slug distribution type private regions created minDiskSize sizeGigabytes description tags status",
    ),
    getRegion,
    getRegions: list<ApiRegion>(
        "regions",
        "/v2/regions",
        "regions",
        regionAnswer,
        "slug name sizes features available",
    ),
    getSizes: list<ApiSize>(
        "sizes",
        "/v2/sizes",
        "sizes",
        sizeAnswer,
        "slug memory vcpus disk transfer priceMonthly priceHourly regions available",
    ),
    getSshKey,
    getSshKeys: list<ApiKey>(
        "sshKeys",
        "/v2/account/keys",
        "ssh_keys",
        keyAnswer,
        "id name fingerprint publicKey",
    ),
    getTag,
    getTags: list<Parameters<typeof tagState>[0]>(
        "tags",
        "/v2/tags",
        "tags",
        tagState,
        "name totalResourceCount dropletsCount imagesCount volumesCount volumeSnapshotsCount databasesCount",
    ),
    getVpc,
};

/** @param keys what filters and sorts may name */
function list<T>(name: string, path: string, key: string, answer: (entry: T) => Props, keys: string): Lookup {
    return async (args, api) => {
        const entries = await api.list<T>(path, key);
        return listAnswer(name, entries.map(answer), args, keys.split(" "));
    };
}

/** The functions by token, such as `digitalocean:index/getImage:getImage`. */
export function functionsFrom(connect: (context: Context) => Api): Record<string, ProviderFunction> {
    return Object.fromEntries(
        Object.entries(LOOKUPS).map(([name, lookup]): [string, ProviderFunction] => [
            `digitalocean:index/${name}:${name}`,
            (args, context) => lookup(args, connect(context)),
        ]),
    );
}
