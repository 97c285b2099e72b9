/**
 * A stack's cluster as one picture: what the state says was made, what the swarm says of its members, services and
 * tasks, and what the cloud says of its droplets, side by side. A node that only one of them knows is in the
 * picture too.
 */

import type { SwarmFacts } from "../look/facts.ts";
import type { ExportedState } from "../remnants/remnants.ts";
import type { Access } from "./access.ts";
import { type ClusterView, clusterView } from "./clusterView.ts";
import type { Compared } from "./drift.ts";
import { type Droplet, taggedDroplets } from "./droplets.ts";
import { CliError } from "./errors.ts";
import type { NoManager } from "./managers.ts";
import { accountMismatch } from "./otherAccount.ts";
import { exportedState, type StackChoice } from "./pulumi.ts";
import { openCloud } from "./stack.ts";
import { wantedIn } from "./wanted.ts";

/** What a view is made from. `noManager` says why there is nothing of the swarm in it. */
export interface Survey {
    readonly access: Access;
    readonly swarm?: SwarmFacts;
    readonly droplets?: readonly Droplet[];
    readonly noManager?: NoManager;
    readonly problems: readonly string[];
    readonly at: string;
}

/** The droplets with the stack's tag, or what to say where the token is another account's. @throws CloudError, CliError */
export async function dropletsOf(
    { state }: Access,
    options: StackChoice,
): Promise<readonly Droplet[] | string> {
    const cloud = await openCloud(options);
    const listed = await taggedDroplets(cloud, state.names.tags.all);
    return (await accountMismatch(cloud, state, listed)) ?? listed;
}

export function viewOf({ access, ...sources }: Survey): ClusterView {
    return clusterView({ ...sources, state: access.state });
}

/**
 * The view beside what the stack wants. Where the state keeps a service's options encrypted, it is read once more with its
 * secrets shown, if that can be done.
 */
export async function comparedOf(found: Survey, options: StackChoice): Promise<Compared> {
    const { state } = found.access;
    const plain = wantedIn(state, found.droplets);
    const wanted =
        plain.encrypted.length === 0 || !found.swarm
            ? plain
            : await readable(state.exported, options).then(
                  (exported) => wantedIn({ ...state, exported }, found.droplets),
                  (error: Error) => {
                      if (!(error instanceof CliError)) throw error;
                      return plain;
                  },
              );
    return {
        view: viewOf(found),
        clusterId: state.clusterId,
        wanted,
        swarm: found.swarm,
        openPorts: state.openPorts,
        openPortsInConfig: state.openPortsInConfig,
    };
}

/** States with their secrets shown, by those without: whoever looks again and again reads each once. */
const shown = new WeakMap<ExportedState, Promise<ExportedState>>();

function readable(exported: ExportedState, options: StackChoice): Promise<ExportedState> {
    const reading =
        shown.get(exported) ?? exportedState(options, true).then((text) => JSON.parse(text) as ExportedState);
    shown.set(exported, reading);
    return reading;
}
