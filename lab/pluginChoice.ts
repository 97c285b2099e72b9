import {
    existsSync,
    lstatSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    unlinkSync,
} from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { rememberedAnswer } from "./answers.ts";
import { vendorAnswers } from "./engine/download.ts";
import { LabError, messageOf } from "./errors.ts";
import { type Cache, type Instance, root } from "./instance.ts";
import { isMade, readMade } from "./made.ts";
import { installPlugins } from "./plugins/install.ts";
import type { Report } from "./steps.ts";

export type Plugins = "official" | "own";

/** The providers that the program uses; a plugin must have its SDK's version. */
const providers = ["digitalocean", "command", "tls"];

/** Some 300 MB in all; the command itself gives up after 10 seconds without a network. */
const INSTALL_MS = 10 * 60_000;

/** Reads LAB_PLUGINS. @returns undefined when it leaves the choice open. */
export function pluginsWanted(value: string | undefined): Plugins | undefined {
    if (!value) return undefined;
    if (value === "official" || value === "own") return value;
    throw new LabError(`LAB_PLUGINS is "${value}"; it must be "official" or "own".`);
}

/**
 * Puts the provider plugins into the lab's PULUMI_HOME: the official ones where they can be had, else the
 * lab's own.
 * @throws LabError when LAB_PLUGINS forces the official ones and they cannot be had.
 */
export async function ensurePlugins(
    instance: Instance,
    engineFolder: string,
    report: Report,
): Promise<Plugins> {
    const plugins = await choose(instance.cache, engineFolder, report);
    const folder = path.join(instance.pulumiHome, "plugins");
    // Both kinds lie under the same names, so one may not be laid over the other.
    if (!isMade(instance) || readMade(instance).plugins !== plugins)
        rmSync(folder, { recursive: true, force: true });
    if (plugins === "own") await installPlugins(instance.pulumiHome);
    else linkOfficial(path.join(instance.cache.officialPlugins, "plugins"), folder);
    return plugins;
}

async function choose(cache: Cache, engineFolder: string, report: Report): Promise<Plugins> {
    const wanted = pluginsWanted(process.env.LAB_PLUGINS);
    if (wanted === "own") return "own";
    if (wanted === "official") {
        await installOfficial(cache, engineFolder, report);
        return "official";
    }
    const available = await rememberedAnswer(cache.answers, "official plugins can be installed", async () => {
        if (!(await rememberedAnswer(cache.answers, "vendor answers", vendorAnswers))) return false;
        return await installOfficial(cache, engineFolder, report).then(
            () => true,
            () => false,
        );
    });
    if (!available) return "own";
    await installOfficial(cache, engineFolder, report);
    return "official";
}

/** Installs those that are missing into a home of the cache's, which every lab links to. */
async function installOfficial(cache: Cache, engineFolder: string, report: Report): Promise<void> {
    for (const name of providers) {
        const version = sdkVersion(name);
        const folder = path.join(cache.officialPlugins, "plugins", `resource-${name}-v${version}`);
        if (existsSync(folder) && !existsSync(`${folder}.partial`)) continue;
        report(`downloading ${name} ${version}`);
        try {
            await execa(path.join(engineFolder, "pulumi"), ["plugin", "install", "resource", name, version], {
                env: { PULUMI_HOME: cache.officialPlugins, PULUMI_SKIP_UPDATE_CHECK: "true" },
                stdin: "ignore",
                timeout: INSTALL_MS,
            });
        } catch (error) {
            throw new LabError(
                `The official ${name} plugin ${version} cannot be had: ${messageOf(error).trim().split("\n").at(-1)}. ` +
                    `Without LAB_PLUGINS=official the lab uses its own.`,
            );
        }
    }
}

function sdkVersion(name: string): string {
    const file = path.join(root, "node_modules", "@pulumi", name, "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/**
 * Has each plugin of one folder appear in another, which may have some of them already. The folder of a plugin is a
 * real one, and what is in it are links: the engine takes no notice of a plugin whose folder is itself a link.
 */
export function linkOfficial(source: string, folder: string): void {
    for (const plugin of readdirSync(source, { withFileTypes: true })) {
        // Beside the plugins lie the locks of their installation.
        if (!plugin.isDirectory()) continue;
        const own = path.join(folder, plugin.name);
        if (lstatSync(own, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(own);
        mkdirSync(own, { recursive: true });
        for (const name of readdirSync(path.join(source, plugin.name))) {
            const link = path.join(own, name);
            if (!existsSync(link)) symlinkSync(path.join(source, plugin.name, name), link);
        }
    }
}
