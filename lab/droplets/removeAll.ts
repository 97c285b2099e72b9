import type Docker from "dockerode";
import { gone, labFilter } from "./lab.ts";

/**
 * Removes everything of a lab from the engine: droplets, registry, networks, volumes, snapshots; also
 * what a lab left behind that was killed. Found by label alone, so it needs no state, and does nothing
 * the second time.
 */
export async function removeAll(docker: Docker, name: string): Promise<void> {
    const filters = labFilter(name);
    const containers = await docker.listContainers({ all: true, filters });
    await Promise.all(
        containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
    );
    const networks = await docker.listNetworks({ filters });
    await Promise.all(networks.map(({ Id }) => gone(docker.getNetwork(Id).remove())));
    const { Volumes: volumes } = await docker.listVolumes({ filters: filters });
    await Promise.all(
        (volumes ?? []).map(({ Name }) => gone(docker.getVolume(Name).remove({ force: true }))),
    );
    const images = await docker.listImages({ filters });
    await Promise.all(images.map(({ Id }) => gone(docker.getImage(Id).remove({ force: true }))));
}
