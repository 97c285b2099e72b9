/**
 * Reads one cluster again and again: what the state says was made, what the swarm says of its members, services and tasks,
 * and what the cloud says of its droplets, side by side. The swarm is asked each time; the state, which costs a run of
 * Pulumi, and the cloud, whose API takes 5,000 calls an hour and whose token costs another, are asked together and
 * now and then.
 */

import type { SwarmFacts } from "../look/facts.ts";
import type { ExportedState } from "../remnants/remnants.ts";
import { type Access, openAccess } from "./access.ts";
import { type ClusterView, clusterView } from "./clusterView.ts";
import type { Facts } from "./drift.ts";
import { type Droplet, taggedDroplets } from "./droplets.ts";
import { CliError } from "./errors.ts";
import { askManagers, NoManager, swarmFacts } from "./managers.ts";
import { accountMismatch } from "./otherAccount.ts";
import { exportedState, type StackChoice } from "./pulumi.ts";
import { openCloud } from "./stack.ts";
import { wantedIn } from "./wanted.ts";

/** How long state and droplets count as known, in ms. */
const KEPT_MS = 10_000;
/** The same where they and the swarm do not agree: then something is changing. */
const DISAGREEING_MS = 3_000;

/** A view, and what it was made from. `noManager` says why there is nothing of the swarm in it. */
export interface Survey {
    readonly access: Access;
    readonly view: ClusterView;
    readonly swarm?: SwarmFacts;
    readonly droplets?: readonly Droplet[];
    readonly noManager?: NoManager;
}

export interface Sources {
    readonly access: (choice: StackChoice) => Promise<Access>;
    /** Those with the stack's tag, or what to say in their place. */
    readonly droplets: (access: Access, choice: StackChoice) => Promise<readonly Droplet[] | string>;
    readonly swarm: (access: Access, choice: StackChoice) => Promise<SwarmFacts>;
    readonly clock: () => number;
}

export const REAL: Sources = {
    access: openAccess,
    droplets: async ({ state }, choice) => {
        const cloud = await openCloud(choice);
        const listed = await taggedDroplets(cloud, state.names.tags.all);
        return (await accountMismatch(cloud, state, listed)) ?? listed;
    },
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
 * later what was read before goes on to count, and the view's `problems` say so.
 *
 * @throws CliError When the state cannot be read; for a wrong host key.
 */
export function surveyReader(sources: Sources = REAL): (choice: StackChoice) => Promise<Survey> {
    let known: Known | undefined;
    let until = 0;
    return async (choice) => {
        if (known === undefined || sources.clock() >= until)
            known = await surroundings(sources, choice, known);
        const { access, at } = known;
        // What failed is read anew from the ground: the managers may have other addresses by then.
        until = 0;
        const [droplets, asked] = await Promise.all([
            known.droplets,
            sources.swarm(access, choice).catch((error: Error) => {
                if (error instanceof NoManager) return error;
                throw error;
            }),
        ]);
        const found = {
            ...(asked instanceof NoManager ? { noManager: asked } : { swarm: asked }),
            ...(typeof droplets !== "string" && { droplets }),
        };
        const view = clusterView({
            ...found,
            state: access.state,
            problems: typeof droplets === "string" ? [...known.problems, droplets] : known.problems,
            at: new Date(sources.clock()).toISOString(),
        });
        const disagree = view.nodes.some(
            ({ origin, state, dropletStatus }) =>
                origin === "lost" || state === "absent" || dropletStatus === "absent",
        );
        if (!(asked instanceof NoManager)) until = at + (disagree ? DISAGREEING_MS : KEPT_MS);
        return { ...found, access, view };
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

/**
 * The view beside what the stack wants. Where the state keeps a service's options encrypted, it is read once more with its
 * secrets shown, if that can be done.
 */
export async function factsOf({ access, droplets, ...found }: Survey, choice: StackChoice): Promise<Facts> {
    const { state } = access;
    const plain = wantedIn(state, droplets);
    const isReadable = plain.encrypted.length === 0 || !found.swarm;
    const wanted = isReadable
        ? plain
        : await readable(state.exported, choice).then(
              (exported) => wantedIn({ ...state, exported }, droplets),
              (error: Error) => {
                  if (!(error instanceof CliError)) throw error;
                  return plain;
              },
          );
    const { clusterId, openPorts, openPortsInConfig } = state;
    return { ...found, wanted, clusterId, openPorts, openPortsInConfig };
}

/** States with their secrets shown, by those without: whoever looks again and again reads each once. */
const shown = new WeakMap<ExportedState, Promise<ExportedState>>();

function readable(exported: ExportedState, choice: StackChoice): Promise<ExportedState> {
    const reading = shown.get(exported) ?? exportedState(choice, true).then(JSON.parse);
    shown.set(exported, reading);
    return reading;
}
