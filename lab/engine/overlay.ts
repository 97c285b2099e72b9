import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LabError } from "../errors.ts";

/** Packages that stand in for those of the same import path: docs/lab.md says why, and how they are renewed. */
export const standInsFolder = path.join(import.meta.dirname, "standins");

/** Where the modules lie that have stand-ins: in the overlay alone, no such folder is ever made. */
const mergedFolder = path.join(import.meta.dirname, "merged");

/** A Go module, with its folder in Go's module cache. */
export interface Module {
    readonly path: string;
    readonly folder: string;
}

/** All files below a folder, by their path in it. */
export function filesBelow(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
        .sort();
}

/** The import paths of the packages that have these files. */
export function packagesOf(files: readonly string[]): string[] {
    return [...new Set(files.map((file) => path.dirname(file)))];
}

/**
 * The modules, of those that a go.mod requires, which the stand-ins are to become part of.
 * @throws LabError for a stand-in that belongs to none.
 */
export function modulesOf(standIns: readonly string[], goMod: string): string[] {
    const required = [...goMod.matchAll(/^\t(\S+) v\S+/gm)].map(([, module]) => module ?? "");
    const owners = packagesOf(standIns).map((name) => {
        const [owner] = required
            .filter((module) => `${name}/`.startsWith(`${module}/`))
            .sort((a, b) => b.length - a.length);
        if (owner === undefined)
            throw new LabError(`No module that go.mod requires has the package ${name}.`);
        return owner;
    });
    return [...new Set(owners)].sort();
}

/**
 * A module's files with stand-ins in place of the packages that they stand in for: the path below all merged
 * modules that Go is to see, and the file that it is to read.
 */
export function mergedFiles(
    module: Module,
    files: readonly string[],
    standIns: readonly string[],
): [name: string, file: string][] {
    const own = standIns.filter((file) => file.startsWith(`${module.path}/`));
    const replaced = new Set(packagesOf(own));
    return [
        ...files
            .map((file): [string, string] => [path.join(module.path, file), path.join(module.folder, file)])
            .filter(([name]) => path.basename(name) === "go.mod" || !replaced.has(path.dirname(name))),
        ...own.map((file): [string, string] => [file, path.join(standInsFolder, file)]),
    ];
}

/**
 * Writes what `go build -overlay` takes, and returns its name. Go lets neither one package of a module nor a
 * file in its module cache be replaced. So the whole module is, by a folder that exists in the overlay alone,
 * and go.mod is overlaid too, to say so.
 */
export function writeOverlay(
    folder: string,
    goMod: string,
    modules: readonly Module[],
    standIns: readonly string[],
): string {
    mkdirSync(folder, { recursive: true });
    const changed = path.join(folder, "go.mod");
    const lines = modules.map((module) => `replace ${module.path} => ${mergedFolder}/${module.path}\n`);
    writeFileSync(changed, `${readFileSync(goMod, "utf8")}\n${lines.join("")}`);
    const merged = modules.flatMap((module) => mergedFiles(module, filesBelow(module.folder), standIns));
    const overlay = path.join(folder, "overlay.json");
    const replace = [
        [goMod, changed],
        ...merged.map(([name, file]) => [path.join(mergedFolder, name), file]),
    ];
    writeFileSync(overlay, JSON.stringify({ Replace: Object.fromEntries(replace) }));
    return overlay;
}
