import { chmod, lstat, mkdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageVersion } from "./protocol/version.ts";

/** The plugins that the lab has of its own, each for the npm package of the same name. */
export const PLUGINS = ["command", "digitalocean", "tls"] as const;

export type PluginName = (typeof PLUGINS)[number];

/** Marks a launcher as the lab's own; an official plugin is a binary that has no such line. */
const MARK = "# The lab's own plugin";

/** Where the engine looks for the plugin of the installed package's version. */
export function pluginPath(pulumiHome: string, name: PluginName): string {
    const version = packageVersion(`@pulumi/${name}`);
    return join(pulumiHome, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
}

/** Whether the plugin in place is the lab's own, an official one, or missing. */
export async function installedPlugin(
    pulumiHome: string,
    name: PluginName,
): Promise<"own" | "official" | undefined> {
    try {
        const start = (await readFile(pluginPath(pulumiHome, name))).subarray(0, 200);
        return start.includes(MARK) ? "own" : "official";
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
            return undefined;
        }
        throw error;
    }
}

/**
 * Puts the lab's plugins where the engine looks for those of the installed packages. An official plugin of that
 * version stays, unless forced.
 *
 * @param pulumiHome directory of the engine (`PULUMI_HOME`), absolute
 * @returns the names of those put in place
 */
export async function installPlugins(
    pulumiHome: string,
    { force = false }: { force?: boolean } = {},
): Promise<PluginName[]> {
    const placed: PluginName[] = [];
    for (const name of PLUGINS) {
        if (!force && (await installedPlugin(pulumiHome, name)) === "official") {
            continue;
        }
        await place(pluginPath(pulumiHome, name), launcher(name));
        placed.push(name);
    }
    return placed;
}

/**
 * A shell script rather than a link: the program is TypeScript, which needs the Node that the lab runs on. The one
 * on PATH may be older than that; it serves when the lab's own is gone.
 */
function launcher(name: PluginName): string {
    const main = fileURLToPath(new URL(`./${name}/main.ts`, import.meta.url));
    return `#!/bin/sh
${MARK} ${name}: speaks the protocol of the official one.
node=${shellQuote(process.execPath)}
[ -x "$node" ] || node=node
exec "$node" --disable-warning=ExperimentalWarning ${shellQuote(main)} "$@"
`;
}

function shellQuote(text: string): string {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whole or not at all: an engine may start while the lab is being set up. */
async function place(path: string, content: string): Promise<void> {
    const directory = dirname(path);
    // A link leads to plugins that others share: it is that link which makes room, not what it leads to.
    if ((await lstat(directory).catch(() => undefined))?.isSymbolicLink()) {
        await unlink(directory);
    }
    await mkdir(directory, { recursive: true });
    // What an interrupted download of the engine's leaves beside the directory would make it unusable.
    await rm(`${directory}.partial`, { force: true });
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, content);
    await chmod(temporary, 0o755);
    await rename(temporary, path);
}
