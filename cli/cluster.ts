/**
 * A stack's cluster as one picture: what the state says was made, what the swarm says of its members, services and
 * tasks, and what the cloud says of its droplets, side by side. A node that only one of them knows is in the
 * picture too.
 */

import type { SwarmFacts } from "../look/facts.ts";
import { type Access, openAccess } from "./access.ts";
import { type ClusterView, clusterView } from "./clusterView.ts";
import type { Compared } from "./drift.ts";
import { type Droplet, taggedDroplets } from "./droplets.ts";
import { CliError } from "./errors.ts";
import { askManagers, NoManager, swarmFacts } from "./managers.ts";
import { accountMismatch } from "./otherAccount.ts";
import { exportedState, type StackChoice } from "./pulumi.ts";
import { openCloud } from "./stack.ts";
import { wantedIn } from "./wanted.ts";

/**
 * Reads the cluster of a stack. The managers are tried in turn; without a token, or when the API does not answer,
 * the cloud's side is left out and `problems` says so.
 *
 * @param options.stack Name of the stack; default the selected one.
 * @throws CliError When the state cannot be read, no manager answers, or one shows a wrong host key.
 */
export async function readCluster(options: StackChoice): Promise<ClusterView> {
    const found = await survey(options);
    if (found.noManager) throw found.noManager;
    return viewOf(found);
}

/** What a view is made from. `noManager` says why there is nothing of the swarm in it. */
export interface Survey {
    readonly access: Access;
    readonly swarm?: SwarmFacts;
    readonly droplets?: readonly Droplet[];
    readonly noManager?: NoManager;
    readonly problems: readonly string[];
    readonly at: string;
}

/** Reads the state, then asks cloud and swarm. @throws CliError When the state cannot be read, for a wrong host key. */
export async function survey(options: StackChoice): Promise<Survey> {
    return await surveyWith(await openAccess(options), options);
}

/** Asks cloud and swarm at the same time. @throws LoginError For a wrong host key. */
export async function surveyWith(access: Access, options: StackChoice): Promise<Survey> {
    const problems: string[] = [];
    let noManager: NoManager | undefined;
    const [droplets, swarm] = await Promise.all([
        openCloud(options)
            .then(async (cloud) => {
                const listed = await taggedDroplets(cloud, access.state.names.tags.all);
                const mismatch = await accountMismatch(cloud, access.state, listed);
                if (mismatch === undefined) return listed;
                problems.push(mismatch);
                return undefined;
            })
            .catch((error: Error) => {
                if (options.signal?.aborted) throw error;
                problems.push(`the cloud's side is missing: ${error.message}`);
                return undefined;
            }),
        askManagers(access, (node, signal) => swarmFacts(access, node, signal), options).catch(
            (error: Error) => {
                if (!(error instanceof NoManager)) throw error;
                noManager = error;
                return undefined;
            },
        ),
    ]);
    return { access, swarm, droplets, noManager, problems, at: new Date().toISOString() };
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
            : await exportedState(options, true).then(
                  (text) => wantedIn({ ...state, exported: JSON.parse(text) }, found.droplets),
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
    };
}
