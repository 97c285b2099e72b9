/** Droplets that carry the stack's tag and that its state does not know: found, shown, and removed on demand. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../cloud.ts";
import { dropletsOnRecord, lostDroplets } from "../model/lost.ts";
import { type Droplet, taggedDroplets } from "./droplets.ts";
import { CliError } from "./errors.ts";
import { accountMismatch } from "./otherAccount.ts";
import { isLockReadable, lockHolder, type StackChoice } from "./pulumi.ts";
import { loadStack } from "./stack.ts";
import { duration, table } from "./table.ts";
import { count, dollars } from "./words.ts";

export interface Found {
    readonly stack: string;
    readonly tag: string;
    readonly orphans: readonly Droplet[];
    /** Who holds the stack's lock. A droplet that is being made is in no state yet, and looks like an orphan. */
    readonly lockedBy?: string;
    /** Nobody has looked: some backends tell of a lock only whoever may take it. */
    readonly lockUnknown?: true;
}

/**
 * Cloud first, then the lock, then the state: whoever made a droplet that the cloud has listed either still holds
 * the lock by then, or has written it down. To list them takes no right to write the state: then the lock is looked at only
 * where it is there to be read.
 *
 * @throws CliError When the token is of another account.
 */
export async function findOrphans(
    cloud: Cloud,
    choice: StackChoice,
    { forDeletion }: { readonly forDeletion: boolean },
): Promise<Found> {
    const before = await loadStack(choice);
    const { name, names } = before;
    const tagged = await taggedDroplets(cloud, names.tags.all);
    const mismatch = await accountMismatch(cloud, before, tagged);
    if (mismatch !== undefined) throw new CliError(mismatch);
    const looks = forDeletion || (await isLockReadable(choice));
    const lockedBy = looks ? await lockHolder(name, choice) : undefined;
    const { exported } = await loadStack(choice);
    return {
        stack: name,
        tag: names.tags.all,
        lockedBy,
        ...(!looks && { lockUnknown: true }),
        orphans: lostDroplets(tagged, dropletsOnRecord(exported)),
    };
}

/**
 * Removes them, one after another. Lock and state are read anew before each.
 *
 * @param say Told of each that is gone.
 * @throws CliError When the stack is locked, or its state has come to know one of them.
 */
export async function deleteOrphans(
    cloud: Cloud,
    found: Found,
    choice: StackChoice,
    say: (text: string) => void,
): Promise<void> {
    for (const droplet of found.orphans) {
        refuseLocked(found.stack, await lockHolder(found.stack, choice));
        const { exported } = await loadStack(choice);
        if (dropletsOnRecord(exported).has(`${droplet.id}`)) {
            throw new CliError(
                `${droplet.name} (droplet ${droplet.id}) has come into the stack's state meanwhile; nothing done to it`,
            );
        }
        await cloud.remove(`/v2/droplets/${droplet.id}`);
        await untilGone(cloud, droplet);
        say(`deleted ${droplet.name} (droplet ${droplet.id})`);
    }
}

/**
 * The API takes a deletion and carries it out a moment later; until then the VPC cannot go.
 *
 * @param pause Milliseconds between two looks.
 * @throws CliError When the droplet is still there after so many looks: two minutes by default.
 */
export async function untilGone(
    cloud: Pick<Cloud, "get">,
    { id, name }: Pick<Droplet, "id" | "name">,
    { pause, looks } = { pause: 1_000, looks: 120 },
): Promise<void> {
    for (let look = 1; ; look += 1) {
        const answer = await cloud.get<{ droplet: { status: string } }>(`/v2/droplets/${id}`);
        if (!answer) return;
        if (look === looks) {
            throw new CliError(
                `waited ${Math.round((pause * looks) / 1000)} s for ${name} (droplet ${id}) to be gone; last seen: ` +
                    `${answer.droplet.status}. Its deletion was accepted; look again with: swarm orphans`,
            );
        }
        await sleep(pause);
    }
}

/** @throws CliError When somebody holds the lock. */
export function refuseLocked(stack: string, holder: string | undefined): void {
    if (holder === undefined) return;
    throw new CliError(
        `the stack "${stack}" is locked by ${holder}: a droplet that is being made is not in its state yet. Wait until ` +
            "that has ended; if it was killed, say: pulumi cancel",
    );
}

/** @param now Milliseconds since 1970. */
export function orphansText({ stack, tag, orphans, lockedBy, lockUnknown }: Found, now: number): string {
    if (orphans.length === 0) {
        return `Every droplet with the tag ${tag} is in the state of the stack "${stack}".\n`;
    }
    const age = (droplet: Droplet) => duration((now - Date.parse(droplet.createdAt)) / 1000);
    const rows = orphans.map((droplet) => [
        `${droplet.id}`,
        droplet.name,
        droplet.publicIp ?? "",
        droplet.privateIp ?? "",
        droplet.status,
        droplet.size,
        age(droplet),
        dollars(droplet.pricePerMonth),
    ]);
    const sum = orphans.reduce((total, { pricePerMonth }) => total + pricePerMonth, 0);
    const them = count(orphans.length, "droplet");
    return [
        table(["ID", "NAME", "PUBLIC", "PRIVATE", "STATUS", "SIZE", "AGE", "USD/MONTH"], rows),
        `${them} with the tag ${tag} that the state of the stack "${stack}" does not know, ${dollars(sum)} USD a month.\n`,
        lockedBy === undefined
            ? ""
            : `The stack is locked by ${lockedBy}: what is being made right now looks the same. Look again when that has ended.\n`,
        lockUnknown
            ? "What an update is making right now looks the same; whether one runs is looked at with --delete alone.\n"
            : "",
    ].join("");
}
