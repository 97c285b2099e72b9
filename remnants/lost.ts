import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../cloud.ts";
import { resourcesInState } from "../components/inState.ts";
import { known } from "../components/known.ts";
import type { StackNames } from "../model/stackNames.ts";
import { DROPLET_TYPE, lostDroplets, lostWarning, type TaggedDroplet } from "./remnants.ts";

/**
 * Warns, in previews and ups, of droplets that carry the stack's mark and are none of its resources. Nothing is deleted
 * here: an `up` that deleted what it does not know would one day delete something of somebody's.
 *
 * Costs nothing while every droplet with the mark is one of the program's: only when there is another, which may as
 * well be one that is about to go, is the engine asked for what its state has.
 *
 * @param args.names Undefined in a preview before the first up.
 * @param args.tagged Droplets with the mark when the program started; undefined where they could not be looked up.
 * @param args.own IDs of the program's droplets.
 */
export async function warnOfLost(args: {
    readonly names: StackNames | undefined;
    readonly tagged: readonly TaggedDroplet[] | undefined;
    readonly own: readonly pulumi.Output<string>[];
    readonly cloud: Cloud;
}): Promise<void> {
    const { names, tagged, own, cloud } = args;
    if (!names || !tagged) {
        return;
    }
    try {
        const ids = new Set((await Promise.all(own.map(known))).filter((id) => id !== undefined));
        const made = [...ids].some((id) => !tagged.some((droplet) => `${droplet.id}` === id));
        // What this very run made twice is on the list only now.
        const now = made && !pulumi.runtime.isDryRun() ? await list(cloud, names.tags.all) : tagged;
        const others = lostDroplets(now, ids);
        const lost = others.length === 0 ? [] : lostDroplets(others, await dropletsInState());
        if (lost.length > 0) {
            await pulumi.log.warn(lostWarning(lost, names.tags.all));
        }
    } catch (error) {
        await pulumi.log.debug(`could not look for lost droplets: ${(error as Error).message}`);
    }
}

async function list(cloud: Cloud, tag: string): Promise<TaggedDroplet[]> {
    const droplets = await cloud.list<{ id: number; name: string; created_at: string }>(
        `/v2/droplets?tag_name=${encodeURIComponent(tag)}`,
        "droplets",
    );
    return droplets.map(({ id, name, created_at }) => ({ id, name, createdAt: created_at }));
}

async function dropletsInState(): Promise<Set<string>> {
    return new Set(
        (await resourcesInState())
            .filter(({ type }) => type === DROPLET_TYPE)
            .flatMap(({ outputs }) => /\d+$/.exec(`${outputs.dropletUrn}`)?.[0] ?? []),
    );
}
