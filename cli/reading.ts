/**
 * Reads one cluster again and again. The swarm is asked each time; the state, which costs a run of Pulumi, and the
 * cloud, whose API takes 5,000 calls an hour and whose token costs two more runs, are asked together and now and then.
 */

import type { SwarmFacts } from "../look/facts.ts";
import { type Access, openAccess } from "./access.ts";
import { dropletsOf, type Survey, viewOf } from "./cluster.ts";
import type { Droplet } from "./droplets.ts";
import { CliError } from "./errors.ts";
import { askManagers, NoManager, swarmFacts } from "./managers.ts";
import type { StackChoice } from "./pulumi.ts";

/** How long state and droplets count as known, in ms. */
const KEPT_MS = 10_000;
/** The same where they and the swarm do not agree: then something is changing. */
const DISAGREEING_MS = 3_000;

export interface Sources {
    readonly access: (choice: StackChoice) => Promise<Access>;
    /** Or what to say in their place. */
    readonly droplets: (access: Access, choice: StackChoice) => Promise<readonly Droplet[] | string>;
    readonly swarm: (access: Access, choice: StackChoice) => Promise<SwarmFacts>;
    /** Ms since the epoch. */
    readonly clock: () => number;
}

export const REAL: Sources = {
    access: openAccess,
    droplets: dropletsOf,
    swarm: (access, choice) =>
        askManagers(access, (node, signal) => swarmFacts(access, node, signal), choice),
    clock: Date.now,
};

interface Known {
    readonly access: Access;
    readonly droplets: Promise<readonly Droplet[] | string>;
    readonly problems: readonly string[];
    readonly at: number;
}

/**
 * A function that reads the cluster, and may be called every second. A state that cannot be read is an end the first time;
 * later what was read before goes on to count, and `problems` says so.
 *
 * @throws CliError When the state cannot be read; for a wrong host key.
 */
export function surveyReader(sources: Sources = REAL): (choice: StackChoice) => Promise<Survey> {
    let known: Known | undefined;
    let isFresh = false;
    let disagree = false;
    return async (choice) => {
        const age = known && isFresh ? sources.clock() - known.at : Number.POSITIVE_INFINITY;
        if (known === undefined || age >= (disagree ? DISAGREEING_MS : KEPT_MS)) {
            known = await surroundings(sources, choice, known);
        }
        const { access, problems } = known;
        // What failed is read anew from the ground: the managers may have other addresses by then.
        isFresh = false;
        let noManager: NoManager | undefined;
        const [droplets, swarm] = await Promise.all([
            known.droplets,
            sources.swarm(access, choice).catch((error: Error) => {
                if (!(error instanceof NoManager)) throw error;
                noManager = error;
                return undefined;
            }),
        ]);
        const survey: Survey = {
            access,
            swarm,
            noManager,
            at: new Date(sources.clock()).toISOString(),
            ...(typeof droplets === "string"
                ? { problems: [...problems, droplets] }
                : { problems, droplets }),
        };
        disagree = viewOf(survey).nodes.some(
            ({ origin, state, dropletStatus }) =>
                origin === "lost" || state === "absent" || dropletStatus === "absent",
        );
        isFresh = noManager === undefined;
        return survey;
    };
}

async function surroundings(
    sources: Sources,
    choice: StackChoice,
    before: Known | undefined,
): Promise<Known> {
    const at = sources.clock();
    try {
        const access = await sources.access(choice);
        const droplets = sources.droplets(access, choice).catch((error: Error) => {
            if (choice.signal?.aborted) throw error;
            return `the cloud's side is missing: ${error.message}`;
        });
        // It is waited for beside the swarm, whose failure comes first.
        droplets.catch(() => {});
        return { access, at, droplets, problems: [] };
    } catch (error) {
        if (before === undefined || choice.signal?.aborted || !(error instanceof CliError)) throw error;
        return { ...before, at, problems: [`as it was read before: ${error.message}`] };
    }
}
