import type { Context } from "./context.ts";
import { unprocessable } from "./errors.ts";
import { findImage, listImages, notesOf } from "./images.ts";

export type TaggedType = "droplet" | "image" | "volume" | "volume_snapshot" | "database";

/** @throws ApiError 422 for a name that no tag may have */
export function checkTag(name: string): void {
    if (!/^[a-zA-Z0-9_:-]{1,255}$/.test(name)) {
        throw unprocessable(
            `tag ${JSON.stringify(name)} contains invalid characters: letters, digits, colons, dashes and underscores are allowed, at most 255 of them`,
        );
    }
}

/**
 * The canonical form of a tag, made if it does not exist. Names are case stable: the capitalisation of
 * the first use stays.
 */
export function ensureTag(context: Context, name: string): string {
    checkTag(name);
    const known = [...context.store.tags].find((tag) => tag.toLowerCase() === name.toLowerCase());
    if (known === undefined) {
        context.store.tags.add(name);
    }
    return known ?? name;
}

/** The tag list of a resource, to be changed in place; undefined where there is no such resource. */
export async function tagsOf(context: Context, type: TaggedType, id: string): Promise<string[] | undefined> {
    switch (type) {
        case "droplet":
            return context.store.droplets.get(Number(id))?.tags;
        case "image": {
            const image = findImage(await listImages(context), id);
            return image && notesOf(context, image.id).tags;
        }
        case "volume":
            return context.store.volumes.get(id)?.tags;
        // The lab has neither.
        case "volume_snapshot":
        case "database":
            return undefined;
    }
}

/** Takes a tag off everything, firewalls and their rules included. */
export function dropTag(context: Context, name: string): void {
    const { store } = context;
    store.tags.delete(name);
    const without = (tags: readonly string[] = []) => tags.filter((tag) => tag !== name);
    for (const holder of [
        ...store.droplets.values(),
        ...store.volumes.values(),
        ...store.imageNotes.values(),
    ]) {
        holder.tags = without(holder.tags);
    }
    for (const firewall of store.firewalls.values()) {
        firewall.tags = without(firewall.tags);
        for (const rules of ["inbound", "outbound"] as const) {
            firewall[rules] = firewall[rules].map((rule) => ({
                ...rule,
                target: { ...rule.target, tags: without(rule.target.tags) },
            }));
        }
    }
    context.filters.refresh();
}

/** How often a tag is used, and the last resource that has it, by kind. */
export function tagView(context: Context, name: string, origin: string) {
    const { store } = context;
    const tagged = <T extends { tags: readonly string[] }>(path: string, holders: Iterable<[unknown, T]>) => {
        const ids = [...holders].filter(([, holder]) => holder.tags.includes(name)).map(([id]) => String(id));
        const last = ids.at(-1);
        return {
            count: ids.length,
            ...(last === undefined ? {} : { last_tagged_uri: `${origin}/v2/${path}/${last}` }),
        };
    };
    const alive = [...store.droplets].filter(([, droplet]) => !droplet.deleting);
    const kinds = {
        droplets: tagged("droplets", alive),
        images: tagged("images", store.imageNotes),
        volumes: tagged("volumes", store.volumes),
        volume_snapshots: { count: 0 },
        databases: { count: 0 },
    };
    return {
        name,
        resources: { count: Object.values(kinds).reduce((sum, kind) => sum + kind.count, 0), ...kinds },
    };
}
