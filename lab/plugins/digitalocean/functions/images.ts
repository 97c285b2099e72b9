import type { Props } from "../../protocol/values.ts";
import type { Api } from "../api.ts";
import { snapshotState } from "../resources/dropletSnapshot.ts";

export interface ApiImage {
    id: number;
    name: string;
    slug: string | null;
    distribution: string;
    type: string;
    public: boolean;
    regions: string[];
    created_at: string;
    min_disk_size: number;
    size_gigabytes: number;
    description: string | null;
    tags: string[] | null;
    status: string;
    error_message: string | null;
}

type ApiSnapshot = Parameters<typeof snapshotState>[0];

export function imageAnswer(found: ApiImage): Props {
    return {
        id: found.id,
        // What a droplet's `image` takes: the slug where there is one that lasts, which snapshots have not.
        image: String(found.id),
        name: found.name,
        slug: found.slug ?? "",
        distribution: found.distribution,
        type: found.type,
        private: !found.public,
        source: found.public ? "public" : "user",
        regions: found.regions,
        created: found.created_at,
        minDiskSize: found.min_disk_size,
        sizeGigabytes: found.size_gigabytes,
        description: found.description ?? "",
        tags: found.tags ?? [],
        status: found.status,
        errorMessage: found.error_message ?? "",
    };
}

/** `getImage`: by number, by slug, or by name among the account's own images. */
export async function getImage({ id, slug, name, source }: Props, api: Api): Promise<Props> {
    if ([id, slug, name].filter((given) => given !== undefined && given !== null).length !== 1) {
        throw new Error("getImage: give exactly one of id, slug and name");
    }
    if (name === undefined || name === null) {
        const found = await api.find<ApiImage>(
            `/v2/images/${encodeURIComponent(String(id ?? slug))}`,
            "image",
        );
        if (found === undefined) {
            throw new Error(`no image found with ${id === undefined ? "slug" : "ID"} ${id ?? slug}`);
        }
        return imageAnswer(found);
    }
    const filter = source === "all" ? "" : source === "applications" ? "?type=application" : "?private=true";
    const found = (await api.list<ApiImage>(`/v2/images${filter}`, "images")).filter(
        (image) => image.name === name,
    );
    const [image] = found;
    if (image === undefined || found.length > 1) {
        throw new Error(`${found.length === 0 ? "no" : "too many"} images found with name ${name}`);
    }
    return imageAnswer(image);
}

/** `getDropletSnapshot`: by name or a pattern of it, in a region if given. Several hits need `mostRecent`. */
export async function getDropletSnapshot(args: Props, api: Api): Promise<Props> {
    const { name, nameRegex, region, mostRecent } = args;
    const pattern = nameRegex ? new RegExp(String(nameRegex)) : undefined;
    const all = await api.list<ApiSnapshot>("/v2/snapshots?resource_type=droplet", "snapshots");
    const found = all
        .filter((snapshot) => !name || snapshot.name === name)
        .filter((snapshot) => pattern === undefined || pattern.test(snapshot.name))
        .filter((snapshot) => !region || snapshot.regions.includes(String(region)))
        .sort((a, b) => b.created_at.localeCompare(a.created_at));
    const [newest] = found;
    if (newest === undefined) {
        throw new Error("no droplet snapshots found with the provided criteria");
    }
    if (found.length > 1 && !mostRecent) {
        throw new Error(
            `too many droplet snapshots found with the provided criteria (found ${found.length}, expected 1)`,
        );
    }
    return { ...args, mostRecent: mostRecent ?? false, ...snapshotState(newest), id: String(newest.id) };
}
