import { type AccountRoom, askAccount } from "../account.ts";
import { managersOf } from "../managers.ts";
import {
    ofType,
    type Rule,
    type SeenInStack,
    type Settings,
    types,
    UNKNOWN,
    type Violation,
} from "../rule.ts";

/** What a preview is going to do with droplets. */
export interface Exchange {
    /** Managers, all of which are made anew. */
    readonly managers: readonly string[];
    /** Droplets that are made, managers and workers: all of them before any old one goes. */
    readonly made: number;
    /** Droplets of the stack at that moment, those that are about to go included. */
    readonly most: number;
}

/**
 * A preview does not tell a policy what is going to be done with a resource. It shows it in what is unknown, though: a
 * droplet has its address for as long as it lives, and its host key stays when it is replaced.
 *
 * @returns undefined where a manager stays, or where there is no cluster yet.
 */
export function exchangeOfAll(resources: readonly SeenInStack[]): Exchange | undefined {
    const isNew = ({ properties }: SeenInStack) => properties.ipv4Address === UNKNOWN;
    const managers = managersOf(resources);
    const networks = ofType(resources, types.vpc);
    const isFirst = networks.every(({ properties }) => properties.createdAt === UNKNOWN);
    if (isFirst || managers.length === 0 || !managers.every(isNew)) return undefined;
    const droplets = ofType(resources, types.droplet);
    const made = droplets.filter(isNew);
    return {
        managers: managers.map(({ name }) => name),
        made: made.length,
        most: droplets.length + made.filter((droplet) => isReplaced(droplet, resources)).length,
    };
}

/** Of the same name, and with the host key of the one before. */
function isReplaced({ name }: SeenInStack, resources: readonly SeenInStack[]): boolean {
    const key = ofType(resources, types.privateKey).find((candidate) => candidate.name === `${name}-host`);
    return key !== undefined && key.properties.publicKeyOpenssh !== UNKNOWN;
}

/** What is to be said where there is no room for it, or none that is known of. */
export function noRoom(
    { managers, made, most }: Exchange,
    room: { readonly dropletLimit: number } | AccountRoom,
): string | undefined {
    const what =
        managers.length === 1
            ? `the only manager (${managers[0]}) is made anew`
            : `all ${managers.length} managers (${managers.join(", ")}) are made anew in one go`;
    const begin = `${what}: ${droplets(made)} before any old one goes`;
    const allowed =
        "Allowed: a part of them at a time (pulumi up --target '**:Droplet::<name>' --target-dependents), or more room";
    const half = "so the up would stop half-way, with new managers that are billed and not yet in the swarm";
    if ("dropletLimit" in room) {
        return most <= room.dropletLimit
            ? undefined
            : `${begin}, which makes ${most} of this stack at once, and dropletLimit in the policy config is ` +
                  `${room.dropletLimit}, ${half}. ${allowed}`;
    }
    if ("unknown" in room) {
        return (
            `${begin}, and whether the account has room for them could not be found out (${room.unknown}). ${allowed}; ` +
            "or say the limit yourself, as dropletLimit in the policy config"
        );
    }
    return room.has + made <= room.limit
        ? undefined
        : `${begin}, and the account has ${droplets(room.has)} and may have ${room.limit}, ${half}. ${allowed}`;
}

const droplets = (count: number) => (count === 1 ? "1 droplet" : `${count} droplets`);

/** @param ask Asked only where it matters, and where the policy config does not say it. */
export async function check(
    resources: readonly SeenInStack[],
    { dropletLimit }: Settings,
    ask: (resources: readonly SeenInStack[]) => Promise<AccountRoom>,
): Promise<Violation[]> {
    const exchange = exchangeOfAll(resources);
    if (!exchange) return [];
    const room = typeof dropletLimit === "number" ? { dropletLimit } : await ask(resources);
    const text = noRoom(exchange, room);
    return text === undefined ? [] : [{ text }];
}

export const roomToExchangeManagers: Rule = {
    name: "room-to-exchange-managers",
    description:
        "All managers are exchanged at once only where there is room for the new ones beside the old.",
    level: "mandatory",
    settings: {
        dropletLimit: {
            type: "integer",
            minimum: 1,
            description: "Droplets that this stack may have at one time; left out, DigitalOcean is asked.",
        },
    },
    stack: (resources, settings) => check(resources, settings, askAccount),
};
