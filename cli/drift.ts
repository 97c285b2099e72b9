/** Where the cluster differs from the stack that made it, each with what to do. No I/O. */
import * as look from "../look/differences.ts";
import type { SwarmFacts } from "../look/facts.ts";
import type { Certificates } from "./certificates.ts";
import type { ClusterView, NodeView } from "./clusterView.ts";
import type { StackState } from "./stackState.ts";
import type { Wanted } from "./wanted.ts";

export interface Difference {
    readonly text: string;
    /** What to do about it; undefined for what is to be left alone. */
    readonly remedy?: string;
    /** Whether it makes the cluster a degraded one; what somebody added on purpose does not. */
    readonly degrades: boolean;
    readonly service?: string;
}

/** What a cluster is compared with the stack by, and its health told from. */
export interface Facts
    extends Pick<StackState, "clusterId" | "openPorts">,
        Partial<Pick<StackState, "openPortsInConfig">> {
    readonly view: ClusterView;
    readonly wanted: Wanted;
    /** Undefined when no manager could be asked. */
    readonly swarm?: SwarmFacts;
    readonly noManager?: { readonly message: string; readonly noQuorum: boolean };
    readonly certificates?: Certificates;
    /** Names of managers that wait for the unlock key, where others answer. */
    readonly locked?: readonly string[];
}

export function drift({ view, clusterId, wanted, swarm }: Facts): Difference[] {
    const compared = (
        swarm
            ? look.swarmDifferences(wanted.swarm, swarm)
            : wanted.swarm.members.flatMap((member) => look.dropletDifference(member) ?? [])
    ).map(difference);
    return [
        ...(swarm && clusterId !== "" && view.clusterId !== clusterId
            ? [bad(`the managers are in the cluster ${view.clusterId}, while the stack made ${clusterId}`)]
            : []),
        ...compared,
        ...wanted.unfinished
            .filter((name) => !compared.some(({ service }) => service === name))
            .map((name) => ({ ...bad(`${name}: no up has gone through with it yet`, UP), service: name })),
        ...view.nodes.flatMap(strangerDrift),
    ];
}

const UP = "pulumi up";

function difference({ text, remedy = UP, mendedBy, onPurpose }: look.Difference): Difference {
    return {
        ...bad(text, remedy),
        ...(onPurpose && { degrades: false }),
        ...(mendedBy?.kind === "service" && { service: mendedBy.service }),
    };
}

function strangerDrift({ name, origin, nodeId, dropletId }: NodeView): Difference[] {
    const lost = `${name} (droplet ${dropletId}) carries the stack's tag and is in neither state nor swarm`;
    if (origin === "lost") return [bad(lost, "see: cli/bin/swarm orphans")];
    const text = `${name} (${nodeId}) is a member that the stack did not make; it is left alone`;
    return origin === "foreign" ? [{ text, degrades: false }] : [];
}

function bad(text: string, remedy?: string): Difference {
    return { text, ...(remedy !== undefined && { remedy }), degrades: true };
}

/** What is left of a remedy while the managers have no quorum: whatever takes a node's place has to be let in by them. */
export const NO_PLACE_TAKEN =
    "bring it back (switch it on, mend its network): without a quorum nothing can take its place";

/** The same difference as it is told while there is no quorum. */
export function withoutQuorum(difference: Difference): Difference {
    return difference.remedy === undefined ? difference : { ...difference, remedy: NO_PLACE_TAKEN };
}

export function driftText({ text, remedy }: Difference): string {
    return remedy === undefined ? text : `${text}; ${remedy}`;
}
