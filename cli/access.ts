/** A stack's own folder of generated files, brought up to date with its state before it is used. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { deployKeyOutput, exportedState, projectFolder, type StackChoice } from "./pulumi.ts";
import { configText, hostsText, knownHostsText, type SshFiles, sshFiles } from "./sshFiles.ts";
import { loadStack } from "./stack.ts";
import { deployKeyIn, type StackState, upOrThrow } from "./stackState.ts";

export interface Access {
    readonly state: StackState;
    readonly files: SshFiles;
}

/** Reads the stack and brings its files up to date. @throws CliError */
export async function openAccess(choice: StackChoice): Promise<Access> {
    return await accessTo(upOrThrow(await loadStack(choice)), choice);
}

/** What a folder of files says of the backend with its stack's state, for whoever does away with that backend. */
export function backendMark(url: string): string {
    return createHash("sha256").update(url).digest("hex");
}

/** Brings the files of a stack up to date, for its nodes as `state` has them. @throws CliError */
export async function accessTo(state: StackState, choice: StackChoice): Promise<Access> {
    const files = sshFiles(path.join(projectFolder, ".swarm", state.local));
    await mkdir(files.folder, { recursive: true, mode: 0o700 });
    const mark = `${state.deployKeyPublic ?? ""}\n`;
    await Promise.all([
        keep(files.hosts, hostsText(state, files)),
        keep(files.config, configText(files)),
        keep(files.knownHosts, knownHostsText(state)),
        // Only where it is at hand: to ask costs a run of Pulumi.
        process.env.PULUMI_BACKEND_URL && keep(files.backend, backendMark(process.env.PULUMI_BACKEND_URL)),
        (async () => {
            // Reading the secret costs another run of Pulumi; the public half tells whether it is the same key still.
            if ((await content(files.keyPublic)) === mark && (await content(files.key)) !== undefined) return;
            const key =
                (await deployKeyOutput(choice)) ?? deployKeyIn(JSON.parse(await exportedState(choice, true)));
            await keep(files.key, key);
            await keep(files.keyPublic, mark);
        })(),
    ]);
    return { state, files };
}

/** Writes a file unless it is right already. In one step: another command may be reading it. */
async function keep(file: string, text: string): Promise<void> {
    if ((await content(file)) === text) return;
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, file);
}

/**
 * Undefined for what is not there, and for what others may read, as in a copied checkout that has lost the modes: ssh
 * takes no such key, and it is to be written anew.
 */
async function content(file: string): Promise<string | undefined> {
    try {
        return (await stat(file)).mode & 0o077 ? undefined : await readFile(file, "utf8");
    } catch {
        return undefined;
    }
}
