/**
 * What a killed run may leave behind: things that the cloud has and no state knows. Made by a run that was killed before it
 * could write them down, or whose answer was lost on its way. All that is done about them is in this folder:
 *
 * | file | what it is |
 * | --- | --- |
 * | remnants.ts | what of the cloud's is lost, whose else a thing may be, and what is said; no I/O |
 * | claim.ts | hooks of the program that remove an unused VPC, key or firewall of the stack's, in the new one's way |
 * | lost.ts | the program's word in previews and ups on droplets of the stack's that are none of its resources |
 * | vpcMembers.ts | the last word of `pulumi destroy` on what is in the VPC still |
 * | defaultVpc.ts | a region's default VPC, which claim.ts and vpcMembers.ts see to that the stack's does not become or stay |
 * | orphans.ts | `swarm orphans`: finds lost droplets, and deletes them when a person says so |
 *
 * Whose a thing is, is told by the stack's mark alone (model/stackNames.ts), which its state has and nothing else. What
 * carries another mark or none is somebody else's: it is named where it is in the way, and left alone.
 */

import { markIn } from "../model/stackNames.ts";

export const DROPLET_TYPE = "digitalocean:index/droplet:Droplet";

/** What `pulumi stack export` prints, as far as it is read here. */
export interface ExportedState {
    readonly deployment?: {
        readonly resources?: readonly {
            readonly urn: string;
            readonly type: string;
            readonly id?: string;
            /** Replaced already, and waiting for its deletion. */
            readonly delete?: boolean;
            readonly inputs?: Readonly<Record<string, unknown>>;
            readonly outputs?: Readonly<Record<string, unknown>>;
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

/**
 * What is known of whose a thing is that does not carry the stack's own mark.
 *
 * @param unmarked The readable part of the stack's own name.
 */
export function whose(name: string, unmarked: string): string {
    const marked = markIn(name);
    if (marked?.name === unmarked) {
        return "it carries another mark under this stack's name, so a stack of this name in another backend has made it, or this one before its state was lost";
    }
    if (marked) return `it carries the mark of another stack, ${marked.name}`;
    return name === unmarked
        ? "it has this stack's name and no mark, so a stack of this name has made it before stacks had marks"
        : "it carries no stack's mark";
}

/** What a preview or an up says of droplets that carry the stack's mark and are none of its resources. */
export function lostWarning(lost: readonly TaggedDroplet[], tag: string): string {
    const one = lost.length === 1;
    return [
        `${one ? "A droplet carries" : `${lost.length} droplets carry`} this stack's tag ${tag}, but ${one ? "is none" : "are none"} of its resources:`,
        ...lost.map(({ name, id, createdAt }) => `  - ${name}, ID ${id}, made ${createdAt}`),
        `${one ? "It is" : "They are"} billed. Such are left by an interrupted run; and what a failed one has not deleted yet looks ` +
            "the same here. See which its state does not know: cli/bin/swarm orphans. Remove those: cli/bin/swarm orphans --delete",
    ].join("\n");
}
