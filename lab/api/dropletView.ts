import { findSize, regionView, sizeView } from "./catalog.ts";
import type { Context } from "./context.ts";
import { imageView } from "./images.ts";
import type { Droplet } from "./store.ts";

/**
 * A droplet as the API shows it. `region`, `size` and `networks` with `v4` and `v6` are always there,
 * also while it is `new`: clients written in Go read through them without looking.
 */
export function dropletView(droplet: Droplet, context: Context) {
    const size = findSize(droplet.size);
    if (size === undefined) {
        throw new Error(`droplet ${droplet.id} has size ${droplet.size}, which is not in the catalog`);
    }
    return {
        id: droplet.id,
        name: droplet.name,
        memory: size.memory,
        vcpus: size.vcpus,
        disk: droplet.disk,
        disk_info: [{ type: "local", size: { amount: droplet.disk, unit: "gib" } }],
        locked: droplet.locked,
        status: droplet.status,
        kernel: null,
        created_at: droplet.createdAt,
        features: [...droplet.features],
        backup_ids: [],
        next_backup_window: null,
        snapshot_ids: droplet.snapshotIds,
        image: imageView(droplet.image),
        volume_ids: droplet.volumeIds,
        size: sizeView(size),
        size_slug: droplet.size,
        networks: networks(droplet, context),
        region: regionView(droplet.region),
        tags: droplet.tags,
        vpc_uuid: droplet.vpcId,
    };
}

function networks(droplet: Droplet, context: Context) {
    const { addresses, status } = droplet;
    const { networksWhileNew, addressDelay } = context.settings;
    const shown = status === "new" ? networksWhileNew : context.clock() >= droplet.activeAt + addressDelay;
    if (addresses === null || !shown) {
        return { v4: [], v6: [] };
    }
    return {
        v4: [
            {
                ip_address: addresses.publicIp,
                netmask: addresses.publicNetmask,
                gateway: addresses.publicGateway,
                type: "public",
            },
            // Private interfaces have no gateway; the field stays a string for typed clients.
            {
                ip_address: addresses.privateIp,
                netmask: addresses.privateNetmask,
                gateway: "",
                type: "private",
            },
        ],
        v6:
            droplet.ipv6 === null
                ? []
                : [{ ip_address: droplet.ipv6, netmask: 64, gateway: "2001:db8::1", type: "public" }],
    };
}

/** An IPv6 address for show, from the documentation's range: the lab's machines have IPv4 only. */
export const ipv6For = (id: number) => `2001:db8::${(id >>> 16).toString(16)}:${(id & 0xffff).toString(16)}`;
