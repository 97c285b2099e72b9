/**
 * Droplets that the cloud has and the state does not: made by a run that was killed before it could write them
 * down, or made twice because the answer to the first request was lost. They are billed, they count against the
 * droplet limit, and the VPC cannot go while they are in it.
 */

const DROPLET_TYPE = "digitalocean:index/droplet:Droplet";

/** What `pulumi stack export` prints, as far as it is read here. */
export interface ExportedState {
    readonly deployment?: {
        readonly resources?: readonly {
            readonly urn: string;
            readonly type: string;
            readonly id?: string;
            /** Replaced already, and waiting for its deletion. */
            readonly delete?: boolean;
        }[];
    };
}

/** A droplet as the API lists it, as far as a person needs it to tell which one it is. */
export interface TaggedDroplet {
    readonly id: number;
    readonly name: string;
    /** RFC 3339. */
    readonly createdAt: string;
}

/** IDs of all droplets that the state knows, those that wait for their deletion included. */
export function dropletsOnRecord(state: ExportedState): Set<string> {
    return new Set(
        (state.deployment?.resources ?? []).flatMap(({ type, id }) =>
            type === DROPLET_TYPE && id ? [id] : [],
        ),
    );
}

/** The droplets among `tagged`, which carry the stack's tag, that are not on record. */
export function lostDroplets<T extends Pick<TaggedDroplet, "id">>(
    tagged: readonly T[],
    onRecord: ReadonlySet<string>,
): T[] {
    return tagged.filter(({ id }) => !onRecord.has(`${id}`));
}

/** What a preview or an up says of them. */
export function lostWarning(lost: readonly TaggedDroplet[], tag: string): string {
    const count = lost.length === 1 ? "A droplet carries" : `${lost.length} droplets carry`;
    const one = lost.length === 1;
    return [
        `${count} this stack's tag ${tag}, but its state does not know ${one ? "it" : "them"}:`,
        ...lost.map(({ name, id, createdAt }) => `  - ${name}, ID ${id}, made ${createdAt}`),
        `An interrupted run left ${one ? "it" : "them"} behind, and ${one ? "it is" : "they are"} billed. ` +
            `See: npx swarm orphans. Remove: npx swarm orphans --delete`,
    ].join("\n");
}
