import { deleteAt } from "../resource.ts";
import type { Description } from "../schema.ts";
import { ACTIONS, runAction } from "../wait.ts";

interface ApiSnapshot {
    id: string | number;
    name: string;
    created_at: string;
    regions: string[];
    resource_id: string;
    min_disk_size: number;
    size_gigabytes: number;
}

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Snapshots */
export const dropletSnapshot: Description = {
    token: "digitalocean:index/dropletSnapshot:DropletSnapshot",
    noun: "droplet snapshot",
    autoName: true,
    properties: {
        name: { required: true, replaces: true },
        dropletId: { required: true, replaces: true },
        createdAt: { outputOnly: true },
        minDiskSize: { outputOnly: true },
        regions: { outputOnly: true },
        size: { outputOnly: true },
    },
    async create({ inputs: { dropletId, name }, exists }, api) {
        await runAction(api, `/v2/droplets/${dropletId}/actions`, { name, type: "snapshot" }, ACTIONS);
        // The action does not tell the snapshot's ID; of several with one name the newest is meant.
        const path = `/v2/droplets/${dropletId}/snapshots?per_page=200`;
        const all = await api.get<ApiSnapshot[]>(path, "snapshots");
        const newest = all
            .filter((snapshot) => snapshot.name === name)
            .sort((a, b) => b.created_at.localeCompare(a.created_at))[0];
        if (newest === undefined) {
            throw new Error(`droplet ${dropletId} has no snapshot named "${name}" after the snapshot action`);
        }
        exists(String(newest.id));
        return undefined;
    },
    async read(id, _state, api) {
        const found = await api.find<ApiSnapshot>(`/v2/snapshots/${id}`, "snapshot");
        return found && snapshotState(found);
    },
    async delete({ id }, api) {
        await deleteAt(api, `/v2/snapshots/${id}`);
    },
};

export function snapshotState(found: ApiSnapshot) {
    return {
        name: found.name,
        createdAt: found.created_at,
        dropletId: found.resource_id,
        minDiskSize: found.min_disk_size,
        regions: found.regions,
        size: found.size_gigabytes,
    };
}
