import { rmSync } from "node:fs";
import type Docker from "dockerode";
import { type LabId, labOf, labText } from "../droplets/lab.ts";
import { labsIn, removeAll } from "../droplets/removeAll.ts";
import { withLock } from "../lock.ts";
import { ask } from "./connect.ts";
import { ownEngineRuns, stopOwnEngine } from "./ownEngine.ts";
import type { EnginePlaces } from "./places.ts";
import { abandoned, forgetCheckout, tenantsOf, unregister } from "./tenants.ts";

export interface Left {
    /** What has become of the engine, in words. */
    readonly outcome: string;
    /** What could not be done. */
    readonly problems: readonly string[];
}

/** Only root may start an engine, so no other has one to leave. */
const mayHaveOne = () => process.getuid?.() === 0;

/**
 * Takes a lab off the shared engine, and stops that when it was the last. The lab's containers are gone by then.
 * An engine in which somebody has put other containers stays, too.
 */
export async function leaveEngine(
    lab: LabId,
    places: EnginePlaces,
    onWait: (text: string) => void,
): Promise<Left> {
    const none = "the labs' own does not run";
    if (!mayHaveOne()) return { outcome: none, problems: [] };
    return await withLock(places.lock, onWait, async () => {
        unregister(places, lab);
        const runs = ownEngineRuns(places);
        const others = await occupants(places);
        if (others.length > 0 && runs)
            return { outcome: `the labs' own stays, for ${others.join(", ")}`, problems: [] };
        if (others.length > 0) return { outcome: `the labs' own has ended by itself`, problems: [] };
        // Also when it ended by itself: its mounts and packet filter rules are still there then.
        const problems = await stopOwnEngine(places);
        return { outcome: runs ? "the labs' own, stopped" : none, problems };
    });
}

/** Removes what nobody's labs have left in the engine. */
export async function removeAbandoned(docker: Docker, places: EnginePlaces): Promise<void> {
    for (const lab of abandoned(tenantsOf(places), await labsIn(docker))) {
        await removeAll(docker, lab);
        unregister(places, lab);
    }
}

/** For whom the engine has to stay, in words. */
async function occupants(places: EnginePlaces): Promise<string[]> {
    const answer = await ask(places.socket);
    if (!("docker" in answer)) return tenantsOf(places).map(labText);
    await removeAbandoned(answer.docker, places);
    const containers = await answer.docker.listContainers();
    const strange = containers.filter(({ Labels }) => labOf(Labels) === undefined);
    return [
        ...tenantsOf(places).map(labText),
        ...strange.map(({ Names, Id }) => `the container ${Names[0]?.slice(1) ?? Id.slice(0, 12)}`),
    ];
}

/** `make clean`: gives up the checkout's share in the images. @returns what has become of them, in words. */
export async function leaveImages(
    checkout: string,
    places: EnginePlaces,
    onWait: (text: string) => void,
): Promise<string> {
    if (!mayHaveOne()) return "removed";
    return await withLock(places.lock, onWait, async () => {
        const others = forgetCheckout(places, checkout);
        if (others.length > 0) return `images in ${places.data} stay, for ${others.join(", ")}`;
        if (ownEngineRuns(places)) return `images in ${places.data} stay, since the engine runs`;
        rmSync(places.data, { recursive: true, force: true });
        return "removed";
    });
}
