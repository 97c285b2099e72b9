import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { backendUrl } from "./environment.ts";
import type { Instance } from "./instance.ts";

/*
 * What a lab's stack leaves outside the lab's folder: its config, and the files that the swarm command makes.
 */

/**
 * Removes the stack's config, whose salt belongs to a passphrase that is gone with the lab. One that somebody has
 * changed is moved aside.
 * @returns what has become of it, in words; undefined when there is none.
 */
export function takeConfig({ stackConfig, checkout }: Instance): string | undefined {
    if (!existsSync(stackConfig)) return undefined;
    const name = path.basename(stackConfig);
    const origin = path.join(checkout, "Pulumi.dev.yaml");
    if (isEdited(readFileSync(stackConfig, "utf8"), readFileSync(origin, "utf8"))) {
        const kept = path.join(checkout, ".lab", name);
        renameSync(stackConfig, kept);
        return `${name}, which was changed, is now ${kept}`;
    }
    rmSync(stackConfig);
    return `with ${name}`;
}

/** Whether a stack's config says something else than the one it began as, beyond what Pulumi adds of itself. */
export function isEdited(config: string, origin: string): boolean {
    const said = (text: string) => {
        try {
            return (parse(text) as { config?: unknown } | null)?.config ?? {};
        } catch {
            // Somebody was at work on it.
            return text;
        }
    };
    return !isDeepStrictEqual(said(config), said(origin));
}

/**
 * Removes what the swarm command keeps for the stacks of the lab's backend: hosts, pinned keys, and the private key that
 * logs in. See `backendMark` in cli/access.ts for how they are told.
 */
export function removeSshFiles(instance: Instance): void {
    const all = path.join(instance.checkout, ".swarm");
    if (!existsSync(all)) return;
    const own = createHash("sha256").update(backendUrl(instance)).digest("hex");
    for (const name of readdirSync(all)) {
        const mark = path.join(all, name, "backend");
        if (existsSync(mark) && readFileSync(mark, "utf8") === own)
            rmSync(path.join(all, name), { recursive: true });
    }
    if (readdirSync(all).length === 0) rmdirSync(all);
}
