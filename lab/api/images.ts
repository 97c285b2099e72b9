import type { MachineImage } from "../machines.ts";
import { REGIONS } from "./catalog.ts";
import type { Context } from "./context.ts";
import type { ImageInfo, ImageNotes } from "./store.ts";

/** GiB; of the smallest droplet on offer, on which every image of the lab fits. */
const SMALLEST_DISK = 10;

/** The backend's images with what the API knows of them. */
export async function listImages(context: Context): Promise<ImageInfo[]> {
    const images = await context.machines.images();
    return images.map((image) => imageInfo(image, context));
}

function imageInfo(image: MachineImage, context: Context): ImageInfo {
    const notes: ImageNotes | undefined = context.store.imageNotes.get(image.id);
    const region = notes?.region ?? context.homeRegion;
    return {
        id: image.id,
        ref: image.ref,
        slug: image.slug,
        type: image.kind,
        application: image.application === true,
        name: notes?.name ?? image.name,
        description: notes?.description ?? (image.faulty === true ? "Broken on purpose, for tests." : ""),
        distribution: notes?.distribution ?? image.distribution,
        // The vendor's images are everywhere; a snapshot only where it was taken or transferred to.
        regions: image.kind === "base" ? REGIONS : [region],
        minDiskSize: notes?.minDiskSize ?? SMALLEST_DISK,
        sizeGigabytes: image.sizeGigabytes,
        tags: notes?.tags ?? [],
        createdAt: notes?.createdAt ?? context.startedAt,
        dropletId: notes?.dropletId ?? null,
    };
}

/** By numeric ID (as a number or digits) or by slug. */
export function findImage(images: readonly ImageInfo[], wanted: number | string): ImageInfo | undefined {
    return images.find(
        (image) => String(image.id) === String(wanted) || (image.slug !== null && image.slug === wanted),
    );
}

/** The notes of an image, made on first use. */
export function notesOf(context: Context, id: number): ImageNotes {
    const notes = context.store.imageNotes.get(id) ?? { tags: [] };
    context.store.imageNotes.set(id, notes);
    return notes;
}

/** Removes an image at the backend and what was noted of it. */
export async function deleteImage(context: Context, image: ImageInfo): Promise<void> {
    await context.machines.deleteImage(image.ref);
    context.store.imageNotes.delete(image.id);
    for (const droplet of context.store.droplets.values()) {
        const index = droplet.snapshotIds.indexOf(image.id);
        if (index >= 0) {
            droplet.snapshotIds.splice(index, 1);
        }
    }
}

export function imageView(image: ImageInfo) {
    return {
        id: image.id,
        name: image.name,
        distribution: image.distribution,
        slug: image.slug,
        public: image.type === "base",
        regions: image.regions,
        created_at: image.createdAt,
        type: image.type,
        min_disk_size: image.minDiskSize,
        size_gigabytes: image.sizeGigabytes,
        description: image.description,
        tags: image.tags,
        status: "available",
        error_message: "",
    };
}

/** The same image under `/v2/snapshots`, where the ID is a string and the droplet is named. */
export function snapshotView(image: ImageInfo) {
    return {
        id: String(image.id),
        name: image.name,
        created_at: image.createdAt,
        regions: image.regions,
        // A snapshot that was there from the start has outlived its droplet; the service then still
        // shows that droplet's ID.
        resource_id: String(image.dropletId ?? 1),
        resource_type: "droplet",
        min_disk_size: image.minDiskSize,
        size_gigabytes: image.sizeGigabytes,
        tags: image.tags,
    };
}
