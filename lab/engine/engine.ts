import { rememberedAnswer } from "../answers.ts";
import { LabError, messageOf } from "../errors.ts";
import type { Cache } from "../instance.ts";
import { lastLines } from "../processes.ts";
import type { Report } from "../steps.ts";
import { buildEngine } from "./build.ts";
import { downloadEngine, vendorAnswers } from "./download.ts";
import { makeOnce, type OwnEngine, ownEngine } from "./own.ts";
import { engineOnPath, findCommand } from "./path.ts";
import { engineVersion } from "./version.ts";

export interface Engine {
    /** Folder to put first on PATH; holds `pulumi`. */
    readonly folder: string;
    /** Where it came from, for the person. */
    readonly origin: string;
}

/** How often the log of a build that was started ahead is looked at, for the person who waits. */
const LOOK_MS = 500;

/**
 * The Pulumi engine: the one on PATH when it fits, else one made earlier, else the vendor's download
 * where that can be had, else built from Go modules.
 * @throws LabError when none of these works, with the reason of each.
 */
export async function ensureEngine(cache: Cache, report: Report): Promise<Engine> {
    const own = ownEngine(cache.dir);
    const onPath = await engineOnPath();
    if (onPath !== undefined && "folder" in onPath && onPath.folder !== own.folder) {
        return { folder: onPath.folder, origin: `${onPath.version}, from ${onPath.folder}` };
    }
    const reasons = onPath !== undefined && "problem" in onPath ? [onPath.problem] : [];
    let looking: NodeJS.Timeout | undefined;
    const how = await makeOnce(
        own,
        () => {
            looking = setInterval(() => report(lastLines(own.log, 1)), LOOK_MS);
        },
        (draft) => {
            clearInterval(looking);
            return obtain(draft, own, cache, report, reasons);
        },
    ).finally(() => clearInterval(looking));
    const otherwise = looking === undefined ? "made earlier" : "built meanwhile";
    return { folder: own.folder, origin: `v${engineVersion}, ${how ?? otherwise}` };
}

async function obtain(
    folder: string,
    own: OwnEngine,
    cache: Cache,
    report: Report,
    reasons: string[],
): Promise<string> {
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
    await buildEngine(folder, own.scratch, report);
    return `built in ${Math.round((Date.now() - started) / 1000)} s`;
}
