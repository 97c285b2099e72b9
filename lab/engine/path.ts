import { accessSync, constants } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { messageOf } from "../errors.ts";
import { languageHost, versionProblem } from "./version.ts";

/** Where a command is found along a PATH, or undefined. */
export function findCommand(name: string, searchPath = process.env.PATH ?? ""): string | undefined {
    for (const folder of searchPath.split(path.delimiter)) {
        if (folder === "") continue;
        const file = path.join(folder, name);
        if (isExecutable(file)) return file;
    }
    return undefined;
}

/**
 * A PATH that has the folders of administrators' commands: dockerd is there, and looks for containerd, runc and iptables
 * itself; a person's PATH may lack them.
 */
export function searchPath(): string {
    return `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
}

function isExecutable(file: string): boolean {
    try {
        accessSync(file, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

export type Found = { readonly folder: string; readonly version: string } | { readonly problem: string };

/**
 * Looks at the `pulumi` on PATH.
 * @returns its folder, or why it is of no use; undefined when there is none.
 */
export async function engineOnPath(searchPath = process.env.PATH ?? ""): Promise<Found | undefined> {
    const file = findCommand("pulumi", searchPath);
    if (file === undefined) return undefined;
    const folder = path.dirname(file);
    const version = await versionOf(file);
    if (version.problem !== undefined) return { problem: `${file} was passed over: ${version.problem}` };
    const problem = versionProblem(version.text);
    if (problem !== undefined) return { problem: `${file} was passed over: ${problem}` };
    if (
        !isExecutable(path.join(folder, languageHost)) &&
        findCommand(languageHost, searchPath) === undefined
    ) {
        return { problem: `${file} was passed over: there is no ${languageHost} beside it or on PATH` };
    }
    return { folder, version: version.text };
}

/** What `pulumi version` prints; it stays off the network with the update check off. */
async function versionOf(file: string): Promise<{ text: string; problem?: string }> {
    try {
        const { stdout } = await execa(file, ["version"], {
            timeout: 10_000,
            stdin: "ignore",
            env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
        });
        return { text: stdout.trim() };
    } catch (error) {
        return { text: "", problem: `"pulumi version" failed: ${messageOf(error).split("\n")[0]}` };
    }
}
