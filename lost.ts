import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "./cloud.ts";
import { known } from "./components/known.ts";
import {
    dropletsOnRecord,
    type ExportedState,
    lostDroplets,
    lostWarning,
    type TaggedDroplet,
} from "./model/lost.ts";
import { stackReference } from "./model/stackNames.ts";

/**
 * Warns, in previews and ups, of droplets that carry the stack's tag and are in no state. Nothing is deleted here: an
 * `up` that deleted what it does not know would one day delete something of somebody's.
 *
 * Costs nothing while every droplet with the tag is one of the program's: only when there is another, which may as
 * well be one that is about to go, is the engine asked for its state.
 *
 * @param tagged Droplets with the tag when the program started; undefined where they could not be looked up.
 * @param own IDs of the program's droplets.
 */
export async function warnOfLost(args: {
    readonly tag: string;
    readonly tagged: readonly TaggedDroplet[] | undefined;
    readonly own: readonly pulumi.Output<string>[];
    readonly cloud: Cloud;
}): Promise<void> {
    const { tag, tagged, own, cloud } = args;
    if (!tagged) {
        return;
    }
    try {
        const ids = new Set((await Promise.all(own.map(known))).filter((id) => id !== undefined));
        const made = [...ids].some((id) => !tagged.some((droplet) => `${droplet.id}` === id));
        // What this very run made twice is on the list only now.
        const now = made && !pulumi.runtime.isDryRun() ? await list(cloud, tag) : tagged;
        const others = now.filter(({ id }) => !ids.has(`${id}`));
        if (others.length === 0) {
            return;
        }
        const lost = lostDroplets(others, dropletsOnRecord(await exportedState()));
        if (lost.length > 0) {
            await pulumi.log.warn(lostWarning(lost, tag));
        }
    } catch (error) {
        await pulumi.log.debug(`could not look for lost droplets: ${(error as Error).message}`);
    }
}

async function list(cloud: Cloud, tag: string): Promise<TaggedDroplet[]> {
    const droplets = await cloud.list<{ id: number; name: string; created_at: string }>(
        `/v2/droplets?tag_name=${tag}`,
        "droplets",
    );
    return droplets.map(({ id, name, created_at }) => ({ id, name, createdAt: created_at }));
}

/** The last state that was written, in the middle of a run as well; reading it takes no lock. */
async function exportedState(): Promise<ExportedState> {
    const stack = stackReference(pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack());
    const { stdout } = await promisify(execFile)(
        "pulumi",
        ["stack", "export", "--non-interactive", "--stack", stack],
        { maxBuffer: 1 << 30 },
    );
    return JSON.parse(stdout) as ExportedState;
}
