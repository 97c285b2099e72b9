import type { MachineImage } from "../machines.ts";
import { imageExists } from "./images/build.ts";
import { CATALOGUE } from "./images/catalogue.ts";
import { machineImage } from "./images/ensure.ts";
import { type Context, gone, labFilter, labLabels, namePrefix, SNAPSHOT_LABEL } from "./lab.ts";

/** The catalogue's images that have been made, and the lab's own snapshots. */
export async function listImages(context: Context): Promise<MachineImage[]> {
    const base: MachineImage[] = [];
    const offered = CATALOGUE.filter(({ faulty }) => context.lab.faulty === true || !faulty);
    for (const image of offered.map(machineImage))
        if (await imageExists(context.docker, image.ref)) base.push(image);
    const found = await context.docker.listImages({ filters: labFilter(context.lab) });
    const snapshots = found.flatMap(({ Labels }) => {
        const text = Labels?.[SNAPSHOT_LABEL];
        return text === undefined ? [] : [JSON.parse(text) as MachineImage];
    });
    return [...base, ...snapshots];
}

/**
 * Commits a droplet's disk as an image. Docker's own data is on a volume and so no part of it: a machine
 * made from the snapshot has the engine and its settings, but neither images, containers nor a swarm
 * membership. That differs from the cloud, where a snapshot of a swarm member must be cleaned first.
 */
export async function takeSnapshot(
    context: Context,
    containerName: string,
    wanted: { readonly imageId: number; readonly name: string },
): Promise<MachineImage> {
    const repo = `swarm-lab/snapshot-${namePrefix(context.lab)}`;
    const image: MachineImage = {
        ref: `${repo}:${wanted.imageId}`,
        slug: null,
        id: wanted.imageId,
        kind: "snapshot",
        name: wanted.name,
        distribution: "Debian",
        sizeGigabytes: 1,
    };
    const labels = { ...labLabels(context.lab), [SNAPSHOT_LABEL]: JSON.stringify(image) };
    await context.docker.getContainer(containerName).commit({
        repo,
        tag: String(wanted.imageId),
        // A machine that writes while its disk is copied would be copied half-written.
        pause: true,
        // In the Dockerfile's own words; JSON quoting is understood there.
        changes: Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`),
    });
    return image;
}

/** Removes a snapshot of this lab; the catalogue's images stay. */
export async function removeImage(context: Context, ref: string): Promise<void> {
    if (CATALOGUE.some((entry) => machineImage(entry).ref === ref))
        throw new Error(`Image "${ref}" belongs to the cloud and cannot be deleted.`);
    await gone(context.docker.getImage(ref).remove({ force: true }));
}
