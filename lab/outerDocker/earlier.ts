import path from "node:path";
import type Docker from "dockerode";
import { CHECKOUT_LABEL, checkoutMark, gone, LAB_LABEL } from "../droplets/lab.ts";
import type { Instance } from "../instance.ts";
import { type EnginePlaces, enginePlaces } from "./places.ts";

/*
 * Labs that were made before labs shared an engine and carried their checkout's mark: taken down like others, so that an
 * update of the checkout leaves nothing behind.
 */

/** The engine that such a lab started for its checkout alone. */
export function earlierPlaces({ cache, checkout }: Instance): EnginePlaces {
    return {
        ...enginePlaces(`/run/swarm-lab-${checkoutMark(checkout)}`, cache.dir),
        pid: path.join(cache.dir, "dockerd.pid"),
    };
}

/** Removes what carries a lab's name and no checkout's mark. */
export async function removeUnmarked(docker: Docker, name: string): Promise<void> {
    const filters = { label: [`${LAB_LABEL}=${name}`] };
    const unmarked = ({ Labels }: { Labels?: Record<string, string> | null }) =>
        Labels?.[CHECKOUT_LABEL] === undefined;
    for (const { Id } of (await docker.listContainers({ all: true, filters })).filter(unmarked))
        await gone(docker.getContainer(Id).remove({ force: true, v: true }));
    for (const { Id } of (await docker.listNetworks({ filters })).filter(unmarked))
        await gone(docker.getNetwork(Id).remove());
    for (const { Id } of (await docker.listImages({ filters })).filter(unmarked))
        await gone(docker.getImage(Id).remove({ force: true }));
}
