/**
 * The arithmetic of a swarm's managers: they agree by majority of their members, reachable or not. Without a
 * majority nothing can be changed any more, not even the list of managers; tasks go on running. Which manager may be
 * demoted is for `components/quorum.sh` to say, on the spot.
 */

/** Managers by number. */
interface Managers {
    /** On the list of managers, whether they answer or not. */
    readonly members: number;
    /** Those of them that answer. */
    readonly reachable: number;
}

export interface Quorum extends Managers {
    /** How many have to agree. */
    readonly majority: number;
    readonly has: boolean;
    /** How many more managers may be lost, one after another, with the quorum kept; 0 when it is lost already. */
    readonly bears: number;
}

function majorityOf(members: number): number {
    return Math.floor(members / 2) + 1;
}

/** @throws RangeError For numbers that no cluster has. */
export function quorumOf({ members, reachable }: Managers): Quorum {
    if (!Number.isInteger(members) || !Number.isInteger(reachable) || reachable < 0 || reachable > members) {
        throw new RangeError(`${reachable} reachable managers of ${members}`);
    }
    const majority = majorityOf(members);
    return {
        members,
        reachable,
        majority,
        has: members > 0 && reachable >= majority,
        bears: Math.max(0, reachable - majority),
    };
}
