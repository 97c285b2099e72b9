import type { Description } from "../schema.ts";

interface ApiTag {
    name: string;
    resources: { count: number } & Record<
        "droplets" | "images" | "volumes" | "volume_snapshots" | "databases",
        { count: number } | undefined
    >;
}

const counter = { outputOnly: true } as const;

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Tags */
export const tag: Description = {
    token: "digitalocean:index/tag:Tag",
    noun: "tag",
    autoName: true,
    properties: {
        name: { required: true, replaces: true },
        totalResourceCount: counter,
        dropletsCount: counter,
        imagesCount: counter,
        volumesCount: counter,
        volumeSnapshotsCount: counter,
        databasesCount: counter,
    },
    async create({ inputs, exists }, api) {
        const { name } = await api.post<ApiTag>("/v2/tags", { name: inputs.name }, "tag");
        exists(name);
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiTag>(`/v2/tags/${encodeURIComponent(id)}`, "tag");
        return found && tagState(found);
    },
    async delete({ id }, api) {
        await api.request("DELETE", `/v2/tags/${encodeURIComponent(id)}`);
    },
};

export function tagState({ name, resources }: ApiTag) {
    return {
        name,
        totalResourceCount: resources.count,
        dropletsCount: resources.droplets?.count ?? 0,
        imagesCount: resources.images?.count ?? 0,
        volumesCount: resources.volumes?.count ?? 0,
        volumeSnapshotsCount: resources.volume_snapshots?.count ?? 0,
        databasesCount: resources.databases?.count ?? 0,
    };
}
