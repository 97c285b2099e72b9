import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { type Lock, withLock } from "../lock.ts";
import { filesBelow } from "./overlay.ts";
import { engineVersion, languageHost } from "./version.ts";

/** Where the lab keeps an engine that it made, given the folder of all caches. */
export interface OwnEngine {
    /** Named after all that decides the binaries, so that new sums or another version make another engine. */
    readonly folder: string;
    /** All that belongs to engines, older ones too. */
    readonly all: string;
    readonly lock: Lock;
    /** What a build that was started ahead says. */
    readonly log: string;
    /** What only a build needs. */
    readonly scratch: string;
}

export function ownEngine(cacheDir: string): OwnEngine {
    const hash = createHash("sha256").update(engineVersion);
    const sources = filesBelow(import.meta.dirname).filter((file) => /\.(go|mod|sum)$/.test(file));
    for (const file of sources) {
        hash.update(file).update(readFileSync(path.join(import.meta.dirname, file)));
    }
    const all = path.join(cacheDir, "engine");
    return {
        folder: path.join(all, hash.digest("hex").slice(0, 12)),
        all,
        lock: { file: path.join(cacheDir, "engine-lock"), where: "in this checkout" },
        log: path.join(cacheDir, "engine.log"),
        scratch: path.join(cacheDir, "engine-build"),
    };
}

export function isComplete(folder: string): boolean {
    return ["pulumi", languageHost].every((name) => existsSync(path.join(folder, name)));
}

/**
 * Has the engine made by `make`, unless it is there; whoever comes meanwhile waits, and finds it there.
 * @returns what `make` says of how; undefined where nothing was left to do.
 */
export async function makeOnce(
    own: OwnEngine,
    onWait: () => void,
    make: (draft: string) => Promise<string>,
): Promise<string | undefined> {
    return await withLock(own.lock, onWait, async () => {
        if (isComplete(own.folder)) return undefined;
        // Made under another name and moved when whole, so that a killed build leaves nothing half usable.
        const draft = `${own.all}-draft`;
        rmSync(draft, { recursive: true, force: true });
        const how = await make(draft);
        rmSync(own.all, { recursive: true, force: true });
        mkdirSync(own.all, { recursive: true });
        renameSync(draft, own.folder);
        return how;
    });
}
