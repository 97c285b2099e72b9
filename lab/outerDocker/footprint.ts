import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { findCommand } from "../engine/path.ts";
import { messageOf } from "../errors.ts";
import { enginesHere } from "./neighbours.ts";
import { emptyNewTables, parseTables, type Table, undo } from "./traces.ts";

/**
 * What a Docker engine changes on the machine and does not change back when it stops, as it was before
 * the lab's own engine started.
 */
interface Footprint {
    /** The kernel forgets all of it at a reboot; a listing from another boot is worth nothing. */
    readonly boot: string;
    /** Output of iptables-save and ip6tables-save; null where the command is absent or fails. */
    readonly filters: Readonly<Record<string, string | null>>;
    readonly sysctls: Readonly<Record<string, string>>;
}

const families = [
    { save: "iptables-save", restore: "iptables-restore", nft: "ip" },
    { save: "ip6tables-save", restore: "ip6tables-restore", nft: "ip6" },
];

const sysctls = [
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/net/ipv6/conf/all/forwarding",
    "/proc/sys/net/ipv6/conf/default/forwarding",
    "/proc/sys/net/bridge/bridge-nf-call-iptables",
    "/proc/sys/net/bridge/bridge-nf-call-ip6tables",
];

/** Notes in `file` how the machine is now, unless it holds a note from this boot that was not used yet. */
export async function noteFootprint(file: string): Promise<void> {
    if (readNote(file) !== undefined) return;
    const filters: Record<string, string | null> = {};
    for (const { save } of families) filters[save] = await listing(save);
    const note: Footprint = {
        boot: boot(),
        filters,
        sysctls: Object.fromEntries(
            sysctls.flatMap((name) => [[name, read(name)]]).filter(([, value]) => value),
        ),
    };
    writeFileSync(file, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
}

/**
 * Takes the machine back to the note in `file`, in what Docker changed, and removes the file. Does
 * nothing while another Docker engine runs in this network namespace: chains and settings are then its too.
 * @returns what could not be done, for the person.
 */
export async function removeFootprint(file: string): Promise<string[]> {
    const note = readNote(file);
    const problems: string[] = [];
    if (note !== undefined && enginesHere().length === 0) {
        for (const family of families)
            problems.push(...(await removeRules(family, note.filters[family.save])));
        for (const [name, value] of Object.entries(note.sysctls)) {
            if (read(name) !== undefined && read(name) !== value) writeFileSync(name, value);
        }
    }
    rmSync(file, { force: true });
    return problems;
}

type Family = (typeof families)[number];

async function removeRules(family: Family, before: string | null | undefined): Promise<string[]> {
    const after = await listing(family.save);
    // Without the command there was nothing that Docker could have changed.
    if (typeof before !== "string" || after === null) return [];
    const old = parseTables(before);
    const commands = undo(old, parseTables(after));
    try {
        if (commands !== "") await execa(family.restore, ["--noflush"], { input: commands, timeout: 20_000 });
        if (findCommand("nft") !== undefined) await removeTables(family, old);
        return [];
    } catch (error) {
        return [`Packet filter rules of the lab's Docker engine may be left: ${messageOf(error)}`];
    }
}

/** Where iptables is a face of nftables, its tables can be removed; where it is not, nft has no such tables. */
async function removeTables(family: Family, before: readonly Table[]): Promise<void> {
    const now = parseTables((await listing(family.save)) ?? "");
    for (const name of emptyNewTables(before, now)) {
        await execa("nft", ["delete", "table", family.nft, name], { reject: false, timeout: 20_000 });
    }
}

function readNote(file: string): Footprint | undefined {
    if (!existsSync(file)) return undefined;
    const note = JSON.parse(readFileSync(file, "utf8")) as Footprint;
    return note.boot === boot() ? note : undefined;
}

async function listing(command: string): Promise<string | null> {
    try {
        return (await execa(command, [], { timeout: 20_000 })).stdout;
    } catch {
        return null;
    }
}

function boot(): string {
    return read("/proc/sys/kernel/random/boot_id") ?? "";
}

function read(file: string): string | undefined {
    try {
        return readFileSync(file, "utf8").trim();
    } catch {
        return undefined;
    }
}
