import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { checkoutMark, type LabId, namePrefix } from "../droplets/lab.ts";
import { isAlive, type ProcessRecord } from "../processes.ts";
import type { EnginePlaces } from "./places.ts";

/** A lab that uses the shared engine, from before it has anything in it until it is taken down. */
export interface Tenant extends LabId {
    readonly daemon?: ProcessRecord | undefined;
}

const tenantSchema = z.object({
    name: z.string(),
    checkout: z.string(),
    daemon: z.object({ pid: z.number(), start: z.string(), boot: z.string() }).optional(),
});

/** Notes that a lab uses the engine, and its checkout the images; again once it has a daemon. */
export function register(places: EnginePlaces, { name, checkout, daemon }: Tenant): void {
    mkdirSync(places.tenants, { recursive: true, mode: 0o700 });
    mkdirSync(places.checkouts, { recursive: true, mode: 0o700 });
    writeFileSync(tenantFile(places, { name, checkout }), JSON.stringify({ name, checkout, daemon }));
    writeFileSync(path.join(places.checkouts, checkoutMark(checkout)), checkout);
}

export function unregister(places: EnginePlaces, lab: LabId): void {
    rmSync(tenantFile(places, lab), { force: true });
}

/** All labs on record. A file that is not whole, as after a crash, counts for nothing. */
export function tenantsOf(places: EnginePlaces): Tenant[] {
    return names(places.tenants).flatMap((name) => {
        try {
            return [tenantSchema.parse(JSON.parse(readFileSync(path.join(places.tenants, name), "utf8")))];
        } catch {
            return [];
        }
    });
}

/**
 * Labs that are nobody's any more. One on record is when its folder is gone, with its checkout or alone, and no daemon is
 * there that would remove the rest (serve.ts); one that merely has something in the engine, as after a reboot, when its
 * checkout has no labs at all.
 */
export function abandoned(
    tenants: readonly Tenant[],
    inEngine: readonly LabId[],
    exists: (folder: string) => boolean = existsSync,
    alive: (record: ProcessRecord | undefined) => boolean = isAlive,
): LabId[] {
    const known = new Set(tenants.map(namePrefix));
    return [
        ...tenants.filter(
            ({ name, checkout, daemon }) => !exists(path.join(checkout, ".lab", name)) && !alive(daemon),
        ),
        ...inEngine.filter((lab) => !known.has(namePrefix(lab)) && !exists(path.join(lab.checkout, ".lab"))),
    ];
}

/** Takes a checkout off those that want the images kept. @returns the others, of those that are still there. */
export function forgetCheckout(places: EnginePlaces, checkout: string): string[] {
    rmSync(path.join(places.checkouts, checkoutMark(checkout)), { force: true });
    return names(places.checkouts)
        .map((name) => readFileSync(path.join(places.checkouts, name), "utf8"))
        .filter((other) => existsSync(path.join(other, ".lab")));
}

function tenantFile(places: EnginePlaces, lab: LabId): string {
    return path.join(places.tenants, `${namePrefix(lab)}.json`);
}

function names(folder: string): string[] {
    return existsSync(folder) ? readdirSync(folder).sort() : [];
}
