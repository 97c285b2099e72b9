import type Docker from "dockerode";
import { gone, type LabId, labFilter, labOf, namePrefix } from "./lab.ts";

/**
 * Removes everything of a lab from the engine: droplets, registry, networks, volumes, snapshots; also
 * what a lab left behind that was killed. Found by label alone, so it needs no state, and does nothing
 * the second time.
 */
export async function removeAll(docker: Docker, lab: LabId): Promise<void> {
    const filters = labFilter(lab);
    const containers = await docker.listContainers({ all: true, filters });
    await Promise.all(
        containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
    );
    const networks = await docker.listNetworks({ filters });
    await Promise.all(networks.map(({ Id }) => gone(docker.getNetwork(Id).remove())));
    const { Volumes: volumes } = await docker.listVolumes({ filters });
    await Promise.all(
        (volumes ?? []).map(({ Name }) => gone(docker.getVolume(Name).remove({ force: true }))),
    );
    const images = await docker.listImages({ filters });
    await Promise.all(images.map(({ Id }) => gone(docker.getImage(Id).remove({ force: true }))));
}

/** The labs, of any checkout, that have something in the engine. */
export async function labsIn(docker: Docker): Promise<LabId[]> {
    const [containers, networks, { Volumes: volumes }, images] = await Promise.all([
        docker.listContainers({ all: true }),
        docker.listNetworks(),
        docker.listVolumes(),
        docker.listImages(),
    ]);
    const labs = [...containers, ...networks, ...(volumes ?? []), ...images].flatMap(
        ({ Labels }) => labOf(Labels) ?? [],
    );
    return [...new Map(labs.map((lab) => [namePrefix(lab), lab])).values()];
}
