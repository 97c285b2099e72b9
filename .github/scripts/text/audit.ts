/**
 * usage: node audit.ts vulnerabilities|signatures FOLDER <JSON
 *
 * JSON is what `npm audit --json` or `npm audit signatures --json` printed. Says what it means for FOLDER, and ends
 * with status 0 when nothing was found, 1 when something was, 2 when npm could not ask.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";

const LEVELS = ["info", "low", "moderate", "high", "critical"] as const;
/** From here on a vulnerability fails the audit. */
const FAILS: readonly string[] = ["high", "critical"];

const vulnerabilities = z.object({
    auditReportVersion: z.number(),
    vulnerabilities: z.record(
        z.string(),
        z.object({
            name: z.string(),
            severity: z.enum(LEVELS),
            range: z.string(),
            via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
        }),
    ),
});

const problem = z.object({ name: z.string(), version: z.string() });
const signatures = z.object({ invalid: z.array(problem), missing: z.array(problem) });

export interface Verdict {
    readonly status: 0 | 1 | 2;
    readonly lines: readonly string[];
}

export function judgeVulnerabilities(folder: string, json: string): Verdict {
    const parsed = vulnerabilities.safeParse(parse(json));
    if (!parsed.success) return unasked(folder, "known vulnerabilities", json);
    const found = Object.values(parsed.data.vulnerabilities).sort(
        (one, other) => LEVELS.indexOf(other.severity) - LEVELS.indexOf(one.severity),
    );
    if (found.length === 0) return { status: 0, lines: [`${folder}: no known vulnerability.`] };
    const lines = found.map(({ name, severity, range, via }) => {
        const why = via.map((cause) =>
            typeof cause === "string" ? `through ${cause}` : `${cause.title} (${cause.url})`,
        );
        return `${folder}: ${severity}: ${name} ${range}: ${why.join("; ")}`;
    });
    return { status: found.some(({ severity }) => FAILS.includes(severity)) ? 1 : 0, lines };
}

export function judgeSignatures(folder: string, json: string): Verdict {
    const parsed = signatures.safeParse(parse(json));
    if (!parsed.success) return unasked(folder, "signatures", json);
    const lines = [
        ...parsed.data.invalid.map(
            ({ name, version }) => `${folder}: the signature of ${name}@${version} is WRONG`,
        ),
        ...parsed.data.missing.map(({ name, version }) => `${folder}: ${name}@${version} has no signature`),
    ];
    if (lines.length > 0) return { status: 1, lines };
    return { status: 0, lines: [`${folder}: every package has the registry's signature.`] };
}

function parse(json: string): unknown {
    try {
        return JSON.parse(json);
    } catch {
        return undefined;
    }
}

const failure = z.union([
    z.object({ message: z.string() }),
    z
        .object({ error: z.object({ summary: z.string() }).transform(({ summary }) => summary) })
        .transform(({ error }) => ({ message: error })),
]);

function unasked(folder: string, what: string, json: string): Verdict {
    const said = failure.safeParse(parse(json));
    const why = said.success
        ? said.data.message
        : json.trim() === ""
          ? "no answer in time"
          : json.trim().slice(0, 200);
    return {
        status: 2,
        lines: [`${folder}: the registry could NOT be asked for ${what}, so nothing is known: ${why}`],
    };
}

if (import.meta.main) {
    const [kind, folder = "."] = process.argv.slice(2);
    const judge = { vulnerabilities: judgeVulnerabilities, signatures: judgeSignatures }[kind ?? ""];
    if (judge === undefined) {
        console.error(`"${kind}" is neither vulnerabilities nor signatures`);
        process.exit(64);
    }
    const { status, lines } = judge(folder, await text(process.stdin));
    for (const line of lines) console.log(line);
    process.exitCode = status;
}
