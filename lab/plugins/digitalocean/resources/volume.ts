import { deleteAt } from "../resource.ts";
import type { Description } from "../schema.ts";
import { ACTIONS, runAction } from "../wait.ts";
import { changeTags } from "./tagging.ts";
import { uniqueId } from "./uniqueId.ts";

interface ApiVolume {
    id: string;
    name: string;
    region: { slug: string };
    droplet_ids: number[] | null;
    description: string;
    size_gigabytes: number;
    filesystem_type: string;
    filesystem_label: string;
    tags: string[] | null;
}

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Block-Storage */
export const volume: Description = {
    token: "digitalocean:index/volume:Volume",
    noun: "volume",
    autoName: true,
    properties: {
        name: { required: true, replaces: true },
        region: { required: true, replaces: true, stored: (value) => String(value).toLowerCase() },
        size: { required: true },
        description: { replaces: true },
        snapshotId: { replaces: true },
        initialFilesystemType: { replaces: true },
        initialFilesystemLabel: { replaces: true },
        tags: { set: true },
        filesystemType: { outputOnly: true },
        filesystemLabel: { outputOnly: true },
        dropletIds: { outputOnly: true },
        volumeUrn: { outputOnly: true },
    },
    async create({ inputs, exists }, api) {
        const body = {
            region: inputs.region,
            name: inputs.name,
            description: inputs.description ?? "",
            size_gigabytes: inputs.size,
            snapshot_id: inputs.snapshotId ?? "",
            filesystem_type: inputs.initialFilesystemType ?? "",
            filesystem_label: inputs.initialFilesystemLabel ?? "",
            tags: inputs.tags ?? [],
        };
        exists((await api.post<ApiVolume>("/v2/volumes", body, "volume")).id);
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiVolume>(`/v2/volumes/${id}`, "volume");
        return (
            found && {
                name: found.name,
                region: found.region.slug,
                size: found.size_gigabytes,
                volumeUrn: `do:volume:${id}`,
                dropletIds: found.droplet_ids ?? [],
                tags: found.tags ?? [],
                // Empty texts are "none" to the API.
                ...(found.description && { description: found.description }),
                filesystemType: found.filesystem_type || null,
                filesystemLabel: found.filesystem_label || null,
            }
        );
    },
    async update({ id, inputs, olds, changed }, api) {
        if (changed("size")) {
            const body = { region: inputs.region, size_gigabytes: inputs.size, type: "resize" };
            await runAction(api, `/v2/volumes/${id}/actions`, body, ACTIONS);
        }
        if (changed("tags")) {
            await changeTags(api, "volume", id, olds.tags, inputs.tags);
        }
    },
    async delete({ id }, api) {
        await deleteAt(api, `/v2/volumes/${id}`);
    },
};

/** The attachment of a volume to a droplet; the API has no object for it. */
export const volumeAttachment: Description = {
    token: "digitalocean:index/volumeAttachment:VolumeAttachment",
    noun: "volume attachment",
    properties: {
        dropletId: { required: true, replaces: true },
        volumeId: { required: true, replaces: true },
    },
    async create({ inputs: { dropletId, volumeId }, exists }, api) {
        const found = await api.get<ApiVolume>(`/v2/volumes/${volumeId}`, "volume");
        if (!found.droplet_ids?.includes(Number(dropletId))) {
            const body = { droplet_id: dropletId, type: "attach" };
            await runAction(api, `/v2/volumes/${volumeId}/actions`, body, ACTIONS);
        }
        exists(uniqueId(`${dropletId}-${volumeId}`));
        return { dropletId: dropletId ?? null, volumeId: volumeId ?? null };
    },
    async read(_id, { dropletId, volumeId }, api) {
        const found = await api.find<ApiVolume>(`/v2/volumes/${volumeId}`, "volume");
        return found?.droplet_ids?.includes(Number(dropletId)) ? {} : undefined;
    },
    async delete({ state: { dropletId, volumeId } }, api) {
        const body = { droplet_id: dropletId, type: "detach" };
        await runAction(api, `/v2/volumes/${volumeId}/actions`, body, ACTIONS);
    },
};
