/**
 * usage: node .github/scripts/licences.ts
 *
 * Writes docs/licences.md: the licence of every npm package in the lock file. Fails when one has a licence that is
 * not in the list below, or none.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import satisfies from "spdx-satisfies";
import { z } from "zod";

const root = path.resolve(import.meta.dirname, "../..");

export const licencesFile = path.join(root, "docs/licences.md");

/** Holds the policy pack's packages, too: it is a workspace of the project. */
const lockFile = path.join(root, "package-lock.json");

/** SPDX identifiers. None of them asks anything of a program that merely uses the package, beyond naming its authors. */
export const ALLOWED = [
    "0BSD",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-3.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Python-2.0",
    "Unlicense",
];

/** Packages that name no SPDX identifier, with the licence that was read in their own files. By exact version. */
export const READ: Readonly<Record<string, string>> = {
    "@logdna/tail-file@2.2.0": "MIT",
    "buildcheck@0.0.7": "MIT",
    "cpu-features@0.0.10": "MIT",
    "ssh2@1.17.0": "MIT",
};

const lockSchema = z.object({
    packages: z.record(
        z.string(),
        z.object({
            name: z.string().optional(),
            version: z.string().optional(),
            license: z.string().optional(),
            dev: z.boolean().optional(),
            link: z.boolean().optional(),
        }),
    ),
});

export interface Licensed {
    /** `ssh2@1.17.0`. */
    readonly id: string;
    /** An SPDX expression; "" when neither the lock file nor `READ` has one. */
    readonly licence: string;
    /** Whether only tests and development need it. */
    readonly development: boolean;
}

/** Every package once; one that anything needs in use is no development package. */
export function packagesOf(lock: unknown): Licensed[] {
    const found = new Map<string, Licensed>();
    for (const [where, entry] of Object.entries(lockSchema.parse(lock).packages)) {
        // The project itself, and the policy pack as a folder and as a link to it.
        if (!where.includes("node_modules/") || entry.link) continue;
        const name = entry.name ?? where.slice(where.lastIndexOf("node_modules/") + "node_modules/".length);
        const id = `${name}@${entry.version}`;
        const development = entry.dev === true && found.get(id)?.development !== false;
        found.set(id, { id, licence: READ[id] ?? entry.license ?? "", development });
    }
    return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** What is wrong with the licences, a line each. */
export function problemsOf(packages: readonly Licensed[]): string[] {
    return packages.flatMap(({ id, licence }) => {
        if (licence === "") return [`${id} names no licence; read it in its files, and add it to READ`];
        try {
            return satisfies(licence, ALLOWED)
                ? []
                : [`${id} has the licence ${licence}, which is not allowed`];
        } catch {
            return [
                `${id} has the licence "${licence}", which is no SPDX expression; read it, and add it to READ`,
            ];
        }
    });
}

export function licencesText(packages: readonly Licensed[]): string {
    const byLicence = new Map<string, Licensed[]>();
    for (const one of packages) byLicence.set(one.licence, [...(byLicence.get(one.licence) ?? []), one]);
    const rows = [...byLicence].sort(([one], [other]) => (one < other ? -1 : 1));
    const used = packages.filter(({ development }) => !development).length;
    const sections = rows.map(([licence, those]) =>
        [
            `## ${licence}`,
            "",
            ...those.map(({ id, development }) => `- ${id}${development ? " (development)" : ""}`),
            "",
        ].join("\n"),
    );
    return `# Licences

The licences of all npm packages in \`package-lock.json\`: ${packages.length} packages, ${used} of
them in use and the rest for development and tests alone. The project itself is under the Apache License 2.0. Nothing
of these packages is part of the repository. This page is written by \`node .github/scripts/licences.ts\`; a test
keeps it up to date, and fails on a licence that is not allowed there.

${sections.join("\n")}`;
}

export function readLock(): unknown {
    return JSON.parse(readFileSync(lockFile, "utf8"));
}

if (import.meta.main) {
    const packages = packagesOf(readLock());
    const problems = problemsOf(packages);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exit(1);
    writeFileSync(licencesFile, licencesText(packages));
}
