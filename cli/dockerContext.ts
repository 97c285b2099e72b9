/** A Docker context for a stack: made, led to another node, removed. */

import { execFile } from "node:child_process";
import { mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { withInclude, withoutInclude } from "./dockerEnv.ts";
import { CliError } from "./errors.ts";

const execute = promisify(execFile);

/** Where ssh looks: in the home folder of the account, whatever HOME says. */
export function ownSshConfig(): string {
    return path.join(userInfo().homedir, ".ssh", "config");
}

/** Runs docker on its own contexts. @returns what it prints. @throws CliError With docker's words. */
async function docker(args: readonly string[]): Promise<string> {
    const env = { ...process.env };
    // With a host in the environment, docker warns that contexts are of no use.
    delete env.DOCKER_HOST;
    try {
        return (await execute("docker", ["context", ...args], { env })).stdout;
    } catch (error) {
        const { code, stderr } = error as { code?: number | string; stderr?: string };
        throw new CliError(
            code === "ENOENT"
                ? "there is no docker command on this machine; a context is of use to that only"
                : `docker context ${args[0]}: ${(stderr ?? "").trim() || `status ${code}`}`,
        );
    }
}

/**
 * Whether there is a context of that name. One that is somebody else's is refused: it may lead anywhere, and another
 * stack of this name, in another backend, has its own.
 *
 * @throws CliError
 */
async function hasOwn({ name, mark }: ContextName): Promise<boolean> {
    const inspected = await docker(["inspect", name]).catch((error: CliError) => {
        if (/no docker command/.test(error.message)) throw error;
        return undefined;
    });
    if (inspected === undefined) return false;
    const [context] = JSON.parse(inspected) as { readonly Metadata?: { readonly Description?: string } }[];
    const described = context?.Metadata?.Description ?? "";
    if (described === descriptionOf({ name, mark })) return true;
    throw new CliError(
        `there is a Docker context ${name} that is not this stack's (its description: ${JSON.stringify(described)}); ` +
            `nothing has been done to it. Remove it yourself if nobody needs it: docker context rm ${name}`,
    );
}

function descriptionOf({ name, mark }: ContextName): string {
    return `The swarm of the stack ${name} (${mark})`;
}

export interface ContextName {
    /** Also the stack's name in ssh's config. */
    readonly name: string;
    /** Tells the stack from one of its name in another backend. */
    readonly mark: string;
}

export interface ContextArgs extends ContextName {
    readonly url: string;
    /** The stack's hosts of ssh. */
    readonly hosts: string;
    readonly sshConfig: string;
}

/** Makes the context, or leads it to another node. @returns whether it is a new one. @throws CliError */
export async function setContext({ name, mark, url, hosts, sshConfig }: ContextArgs): Promise<boolean> {
    const had = await hasOwn({ name, mark });
    await docker([
        had ? "update" : "create",
        name,
        "--docker",
        `host=${url}`,
        "--description",
        descriptionOf({ name, mark }),
    ]);
    await editConfig(sshConfig, (text) => withInclude(text, name, hosts));
    return !had;
}

export async function useContext(name: string): Promise<void> {
    await docker(["use", name]);
}

/** @returns whether there was one. @throws CliError */
export async function removeContext({ name, mark }: ContextName, sshConfig: string): Promise<boolean> {
    const had = await hasOwn({ name, mark });
    if (had) await docker(["rm", "--force", name]);
    await editConfig(sshConfig, (text) => withoutInclude(text, name));
    return had;
}

/** In one step, with the mode that it had; behind a link, the file itself. */
async function editConfig(file: string, edit: (text: string) => string): Promise<void> {
    const target = await realpath(file).catch(() => file);
    const had = await readFile(target, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
    });
    const text = edit(had ?? "");
    if (text === (had ?? "")) return;
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    const mode = had === undefined ? 0o600 : (await stat(target)).mode & 0o777;
    const draft = `${target}.swarm-${process.pid}`;
    await writeFile(draft, text, { mode });
    await rename(draft, target);
}
