/** Plans from recorded previews, with the prices and limits of a made-up account. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Beside, type Plan, planOf } from "../../cli/plan/plan.ts";
import { type Preview, readPreview } from "../../cli/plan/preview.ts";
import { readViolations } from "../../cli/plan/violations.ts";
import "./plain.ts";

export const previewFolder = path.join(import.meta.dirname, "recordings", "previews");

/** Names of all recordings. */
export const previewNames = globSync("*.json", { cwd: previewFolder })
    .map((file) => file.replace(/\.json$/, ""))
    .sort();

export function previewText(name: string): string {
    return readFileSync(path.join(previewFolder, `${name}.json`), "utf8");
}

/** A step of a recording, as far as tests change one. */
export interface RawStep {
    op: string;
    urn: string;
    oldState?: Record<string, unknown>;
    newState?: Record<string, unknown>;
}

export interface RawPreview {
    config: Record<string, string>;
    steps: RawStep[];
    diagnostics?: { urn?: string; message: string; severity: string }[];
}

/** A recording, after a change by a test. */
export function previewWith(name: string, change: (raw: RawPreview) => void): Preview {
    const raw = JSON.parse(previewText(name)) as RawPreview;
    change(raw);
    return readPreview(JSON.stringify(raw), name);
}

export const beside: Beside = {
    prices: new Map([
        ["s-1vcpu-1gb", 6],
        ["s-2vcpu-2gb", 18],
    ]),
    account: { droplets: 5, limit: 25 },
    violations: [],
};

export function recordedPlan(name: string, instead: Partial<Beside> = {}): Plan {
    const violations =
        name === "policy"
            ? readViolations(readFileSync(path.join(previewFolder, "policy.events"), "utf8"), "the events")
            : [];
    return planOf(readPreview(previewText(name), name), { ...beside, violations, ...instead });
}
