/**
 * usage: node driftReport.ts FOLDER PREVIEWED HEALTHY
 *
 * Prints the report of drift.sh: from preview.txt and status.txt in FOLDER. PREVIEWED and HEALTHY are the status with
 * which `pulumi preview --refresh --expect-no-changes` and `swarm status` ended.
 *
 * Ends with status 0 when nothing was found, 1 when there is drift or the cluster is not healthy, 2 when one of the
 * two could not be looked at.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { cut, fenced } from "./markdown.ts";

export interface Looked {
    readonly stack: string;
    /** Of `pulumi preview`: 0 no changes, 7 some, anything else a failure (pulumi's documented statuses). */
    readonly preview: { readonly status: number; readonly text: string };
    /** Of `swarm status`: 0 healthy, 1 degraded, 2 no quorum or out of reach, anything else a failure. */
    readonly cluster: { readonly status: number; readonly text: string };
}

const CHANGES = 7;

export interface Report {
    readonly status: 0 | 1 | 2;
    readonly text: string;
}

export function driftReport({ stack, preview, cluster }: Looked): Report {
    const drift =
        preview.status === 0
            ? "none: a `pulumi up` of what is deployed would change nothing."
            : preview.status === CHANGES
              ? "a `pulumi up` of what is deployed would change something. Either somebody changed cloud or swarm by hand, or " +
                "a change on main was not deployed, or failed."
              : `unknown: \`pulumi preview --refresh\` ended with status ${preview.status}.`;
    const health =
        cluster.status === 0
            ? "healthy."
            : cluster.status === 1
              ? "degraded."
              : cluster.status === 2
                ? "no quorum, or no manager could be reached."
                : `unknown: \`swarm status\` ended with status ${cluster.status}.`;
    const unknown = ![0, CHANGES].includes(preview.status) || ![0, 1, 2].includes(cluster.status);
    const well = preview.status === 0 && cluster.status === 0;
    const text = [
        `<!-- swarm-drift: ${stack} -->`,
        `**Drift**: ${drift}`,
        ...(preview.status === 0
            ? []
            : ["", fenced(cut(preview.text), preview.status === CHANGES ? "diff" : "text").trimEnd()]),
        "",
        `**The cluster**: ${health}`,
        "",
        fenced(cut(cluster.text)),
    ].join("\n");
    return { status: well ? 0 : unknown ? 2 : 1, text };
}

if (import.meta.main) {
    const [folder = "", previewed, healthy] = process.argv.slice(2);
    const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
    const report = driftReport({
        stack: process.env.PULUMI_STACK ?? "",
        preview: { status: Number(previewed), text: read("preview.txt") },
        cluster: { status: Number(healthy), text: read("status.txt") },
    });
    process.stdout.write(report.text);
    process.exitCode = report.status;
}
