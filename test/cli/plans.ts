/** Plans of each kind of change, with the prices and limits of a made-up account. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { readViolations } from "../../cli/plan/eventLog.ts";
import { type Beside, type Plan, planOf } from "../../cli/plan/plan.ts";
import { type Preview, readPreview } from "../../cli/plan/preview.ts";
import { beside } from "./beside.ts";
import { previewOf, type RawPreview } from "./engine.ts";
import { CHANGES } from "./previews.ts";

/**
 * What only an engine and a policy pack say: previews that fail, and a log of events. Recorded with Pulumi 3.259.0, with
 * what nothing reads left out.
 */
export const recordedFolder = path.join(import.meta.dirname, "recordings", "previews");

/** What `swarm plan` prints of each. */
export const textFolder = path.join(import.meta.dirname, "plans");

const recorded = globSync("*.json", { cwd: recordedFolder }).map((file) => path.basename(file, ".json"));

export const previewNames = [...recorded, ...Object.keys(CHANGES)].sort();

const texts = new Map<string, string>();

/** @param name Of a change in previews.ts, or of a recording. */
export async function previewText(name: string): Promise<string> {
    const change = CHANGES[name];
    const text =
        texts.get(name) ??
        (change
            ? JSON.stringify(await previewOf(change), undefined, 2)
            : readFileSync(path.join(recordedFolder, `${name}.json`), "utf8"));
    texts.set(name, text);
    return text;
}

/** A preview, after a change by a test. */
export async function previewWith(name: string, change: (raw: RawPreview) => void): Promise<Preview> {
    const raw = JSON.parse(await previewText(name)) as RawPreview;
    change(raw);
    return readPreview(JSON.stringify(raw), name);
}

export const policyEvents = readFileSync(path.join(recordedFolder, "policy.events"), "utf8");

export async function planFor(name: string, instead: Partial<Beside> = {}): Promise<Plan> {
    const violations = name === "policy" ? readViolations(policyEvents, "the events") : [];
    return planOf(readPreview(await previewText(name), name), { ...beside, violations, ...instead });
}
