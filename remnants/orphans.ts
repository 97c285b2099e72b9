/** Droplets that carry the stack's mark and that its state does not know: found, shown, and removed on demand. */
import { setTimeout as sleep } from "node:timers/promises";
import ipaddr from "ipaddr.js";
import { type Access, accessTo } from "../cli/access.ts";
import { allDroplets, type Droplet } from "../cli/droplets.ts";
import { CliError } from "../cli/errors.ts";
import { askManagers, NoManager, swarmFacts } from "../cli/managers.ts";
import { accountMismatch } from "../cli/otherAccount.ts";
import { isLockReadable, lockHolder, type StackChoice } from "../cli/pulumi.ts";
import { LoginError, onNode } from "../cli/ssh.ts";
import { loadStack } from "../cli/stack.ts";
import { hostKeyIn, type StackNode, type StackState } from "../cli/stackState.ts";
import { duration, table } from "../cli/table.ts";
import { count, dollars } from "../cli/words.ts";
import type { Cloud } from "../cloud.ts";
import { isHostKey } from "../model/ssh.ts";
import { markIn } from "../model/stackNames.ts";
import { dropletsOnRecord, lostDroplets } from "./remnants.ts";

export interface Found {
    readonly stack: string;
    /** What is common to the names of all that the stack has made; null before it has made anything. */
    readonly mark: string | null;
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
    const { name, mark } = before;
    const droplets = await allDroplets(cloud);
    const mismatch = await accountMismatch(cloud, before, droplets);
    if (mismatch !== undefined) throw new CliError(mismatch);
    const looks = forDeletion || (await isLockReadable(choice));
    const lockedBy = looks ? await lockHolder(name, choice) : undefined;
    const { exported } = await loadStack(choice);
    return {
        stack: name,
        mark: mark ?? null,
        lockedBy,
        ...(!looks && { lockUnknown: true }),
        orphans: lostDroplets(
            droplets.filter((droplet) => isOwn(droplet, before)),
            dropletsOnRecord(exported),
        ),
    };
}

/**
 * By the mark in a tag, under whatever name the stack had. The droplets of a stack that has not taken on its mark yet have
 * the tag of before, which others may have: of these it is the ones in its VPC, which nobody's state has but its own.
 */
function isOwn({ tags, vpcId }: Droplet, { mark, names, vpcId: own }: StackState): boolean {
    if (tags.some((tag) => mark !== undefined && markIn(tag.toLowerCase())?.mark === mark)) return true;
    return own !== undefined && vpcId === own && tags.includes(names.tags.all);
}

/** A droplet that may be a member of a swarm that answers, and how that is known. */
export interface MayBeMember {
    readonly droplet: Droplet;
    readonly why: string;
}

/**
 * Those among the orphans that may be members of a swarm that answers: a state that is an old copy knows none of a living
 * one. The stack's managers on record know it; where none of them answers, each droplet is asked itself. One that does not
 * answer either is in no swarm that does.
 *
 * @throws CliError
 */
export async function membersAmong(found: Found, choice: StackChoice): Promise<MayBeMember[]> {
    const state = await loadStack(choice);
    const asked = found.orphans.map((droplet): [Droplet, StackNode] => [
        droplet,
        {
            name: `droplet-${Number(droplet.id)}`,
            role: "worker",
            dropletId: `${droplet.id}`,
            publicIp: address(droplet.publicIp),
            privateIp: address(droplet.privateIp),
            size: droplet.size,
            hostKey: pinned(hostKeyIn(state.exported, droplet.name)),
        },
    ]);
    const reachable = asked.map(([, node]) => node).filter(({ publicIp }) => publicIp !== "");
    const access = await accessTo({ ...state, nodes: [...state.nodes, ...reachable] }, choice);
    const ready = await readyAddresses(access, choice);
    const whys = await Promise.all(
        asked.map(([{ status, privateIp = "" }, node]) => {
            if (ready) return ready.has(privateIp) ? "a manager lists it as a ready member" : undefined;
            return status === "active" && node.publicIp !== "" ? askItself(access, node, choice) : undefined;
        }),
    );
    return asked.flatMap(([droplet], index) => {
        const why = whys[index];
        return why === undefined ? [] : [{ droplet, why }];
    });
}

/** Goes into ssh's files, as the address does; "" for what is none. */
const pinned = (key: string) => (isHostKey(key) ? key : "");

/** "" for what is none. */
function address(text = ""): string {
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? text : "";
}

/** Private addresses of the members that are ready, as a manager on record has them; undefined where none answers. */
async function readyAddresses(access: Access, choice: StackChoice): Promise<Set<string> | undefined> {
    try {
        const { nodes } = await askManagers(
            access,
            (node, signal) => swarmFacts(access, node, signal),
            choice,
        );
        return new Set(
            nodes.filter(({ Status }) => Status.State === "ready").map(({ Status }) => Status.Addr),
        );
    } catch (error) {
        if (error instanceof NoManager || error instanceof LoginError) return undefined;
        throw error;
    }
}

/** With the host key on record, or with any where there is none: nothing secret is sent, and the answer alone is read. */
async function askItself(access: Access, node: StackNode, choice: StackChoice): Promise<string | undefined> {
    const anyKey = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const question = "docker info --format '{{.Swarm.LocalNodeState}}'";
    try {
        const { stdout } = await onNode(access, node, question, {
            signal: choice.signal,
            more: node.hostKey === "" ? anyKey : [],
        });
        return stdout.trim() === "active" ? "it says that it is in a swarm" : undefined;
    } catch (error) {
        if (!(error instanceof LoginError)) throw error;
        return error.wrongHostKey
            ? "it cannot be asked, since it has another host key than the state"
            : undefined;
    }
}

/** What is said before the stack's name has to be typed. */
export function membersText(members: readonly MayBeMember[]): string {
    return [
        "To delete these may be to delete a swarm that lives: is the state an old copy?",
        ...members.map(({ droplet: { name, id }, why }) => `  - ${name} (droplet ${id}): ${why}`),
        "",
    ].join("\n");
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
                    `${answer.droplet.status}. Its deletion was accepted; look again with: cli/bin/swarm orphans`,
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
export function orphansText({ stack, mark, orphans, lockedBy, lockUnknown }: Found, now: number): string {
    if (mark === null) {
        return `The state of the stack "${stack}" has no mark, so the stack has made nothing yet, or all of it is destroyed.\n`;
    }
    if (orphans.length === 0) {
        return `Every droplet with the mark ${mark} is in the state of the stack "${stack}".\n`;
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
        `${them} with the mark ${mark} that the state of the stack "${stack}" does not know, ${dollars(sum)} USD a month.\n`,
        lockedBy === undefined
            ? ""
            : `The stack is locked by ${lockedBy}: what is being made right now looks the same. Look again when that has ended.\n`,
        lockUnknown
            ? "What an update is making right now looks the same; whether one runs is looked at with --delete alone.\n"
            : "",
    ].join("");
}
