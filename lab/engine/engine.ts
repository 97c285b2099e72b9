import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { rememberedAnswer } from "../answers.ts";
import { LabError, messageOf } from "../errors.ts";
import type { Cache } from "../instance.ts";
import type { Report } from "../steps.ts";
import { buildEngine, moduleFolders } from "./build.ts";
import { downloadEngine, vendorAnswers } from "./download.ts";
import { engineOnPath, findCommand, languageHost } from "./path.ts";
import { engineVersion } from "./version.ts";

export interface Engine {
    /** Folder to put first on PATH; holds `pulumi`. */
    readonly folder: string;
    /** Where it came from, for the person. */
    readonly origin: string;
}

/**
 * The Pulumi engine: the one on PATH when it fits, else one made earlier, else the vendor's download
 * where that can be had, else built from Go modules.
 * @throws LabError when none of these works, with the reason of each.
 */
export async function ensureEngine(cache: Cache, report: Report): Promise<Engine> {
    const own = ownFolder(cache);
    const onPath = await engineOnPath();
    if (onPath !== undefined && "folder" in onPath && onPath.folder !== own) {
        return { folder: onPath.folder, origin: `${onPath.version}, from ${onPath.folder}` };
    }
    if (isComplete(own)) return { folder: own, origin: `v${engineVersion}, made earlier` };
    const reasons = onPath !== undefined && "problem" in onPath ? [onPath.problem] : [];

    // Made under another name and moved when whole, so that a killed build leaves nothing half usable.
    const draft = path.join(cache.dir, "engine-draft");
    rmSync(draft, { recursive: true, force: true });
    const how = await obtain(draft, cache, report, reasons);
    rmSync(cache.engine, { recursive: true, force: true });
    mkdirSync(cache.engine, { recursive: true });
    renameSync(draft, own);
    return { folder: own, origin: `v${engineVersion}, ${how}` };
}

/** Named after all that decides the binaries, so that new sums or another version make another engine. */
function ownFolder(cache: Cache): string {
    const hash = createHash("sha256").update(engineVersion);
    for (const folder of moduleFolders) {
        for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(path.join(folder, file)));
    }
    return path.join(cache.engine, hash.digest("hex").slice(0, 12));
}

function isComplete(folder: string): boolean {
    return ["pulumi", languageHost].every((name) => existsSync(path.join(folder, name)));
}

async function obtain(folder: string, cache: Cache, report: Report, reasons: string[]): Promise<string> {
    report("asking the vendor's server");
    if (await rememberedAnswer(cache.answers, "vendor answers", vendorAnswers)) {
        try {
            await downloadEngine(folder, report);
            return "downloaded";
        } catch (error) {
            reasons.push(`the vendor's release could not be downloaded: ${messageOf(error)}`);
        }
    } else {
        reasons.push("the vendor's server does not answer here (asked at most once a day)");
    }
    if (findCommand("go") === undefined) {
        reasons.push("it cannot be built, since there is no Go on PATH (go.dev/doc/install)");
        throw new LabError(
            `There is no Pulumi engine to be had:\n${reasons.map((text) => `- ${text}`).join("\n")}`,
        );
    }
    const started = Date.now();
    await buildEngine(folder, report);
    return `built in ${Math.round((Date.now() - started) / 1000)} s`;
}
