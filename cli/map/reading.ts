/**
 * Reads one cluster again and again. The swarm is asked each time; the state, which costs a run of Pulumi, and the
 * cloud, whose API takes 5,000 calls an hour, are asked together and now and then.
 */

import type { SwarmFacts } from "../../look/facts.ts";
import { type Access, openAccess } from "../access.ts";
import type { ClusterView } from "../clusterView.ts";
import { clusterView } from "../clusterView.ts";
import { type Droplet, taggedDroplets } from "../droplets.ts";
import { askManagers, swarmFacts } from "../managers.ts";
import type { StackChoice } from "../pulumi.ts";
import { openCloud } from "../stack.ts";

/** How long state and droplets count as known, in ms. */
const KEPT_MS = 10_000;
/** The same where they and the swarm do not agree: then something is changing. */
const DISAGREEING_MS = 3_000;

export interface Sources {
    readonly access: (choice: StackChoice) => Promise<Access>;
    readonly droplets: (access: Access, choice: StackChoice) => Promise<readonly Droplet[]>;
    readonly swarm: (access: Access, choice: StackChoice) => Promise<SwarmFacts>;
    /** Ms since the epoch. */
    readonly clock: () => number;
}

const REAL: Sources = {
    access: openAccess,
    droplets: async ({ state }, choice) =>
        await taggedDroplets(await openCloud(choice), state.names.tags.all),
    swarm: (access, choice) =>
        askManagers(access, (node, signal) => swarmFacts(access, node, signal), choice),
    clock: Date.now,
};

interface Known {
    readonly access: Access;
    readonly droplets?: readonly Droplet[];
    readonly problems: readonly string[];
    readonly at: number;
}

/**
 * A function that reads the cluster as `readCluster` does, and may be called every second.
 *
 * @throws CliError As `readCluster` does.
 */
export function clusterReader(sources: Sources = REAL): (choice: StackChoice) => Promise<ClusterView> {
    let known: Known | undefined;
    let disagree = false;
    return async (choice) => {
        const age = known === undefined ? Number.POSITIVE_INFINITY : sources.clock() - known.at;
        const using =
            known === undefined || age >= (disagree ? DISAGREEING_MS : KEPT_MS)
                ? await surroundings(sources, choice)
                : known;
        // What failed is read anew from the ground: the managers may have other addresses by then.
        known = undefined;
        const { access, droplets, problems } = using;
        const swarm = await sources.swarm(access, choice);
        const at = new Date(sources.clock()).toISOString();
        const view = clusterView({ state: access.state, swarm, droplets, problems, at });
        disagree = view.nodes.some(
            ({ origin, state, dropletStatus }) =>
                origin === "lost" || state === "absent" || dropletStatus === "absent",
        );
        known = using;
        return view;
    };
}

async function surroundings(sources: Sources, choice: StackChoice): Promise<Known> {
    const access = await sources.access(choice);
    const at = sources.clock();
    try {
        return { access, at, droplets: await sources.droplets(access, choice), problems: [] };
    } catch (error) {
        if (choice.signal?.aborted) throw error;
        return { access, at, problems: [`the cloud's side is missing: ${(error as Error).message}`] };
    }
}
