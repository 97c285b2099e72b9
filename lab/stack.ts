import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { environmentOf, processEnv } from "./environment.ts";
import { LabError } from "./errors.ts";
import { type Instance, root } from "./instance.ts";
import { isAlive, recordOf } from "./processes.ts";
import { leaveSignalsTo } from "./signals.ts";

/** Project name in Pulumi.yaml; the file backend keeps stacks in folders by project. */
const project = "swarm";

/** Far beyond what the program's own waits add up to; they end first and say more. */
const UP_MS = 40 * 60_000;
const DESTROY_MS = 5 * 60_000;
const SHORT_MS = 60_000;

function backend(instance: Instance, ...parts: string[]): string {
    return path.join(instance.state, ".pulumi", ...parts);
}

function checkpoint(instance: Instance): string {
    return backend(instance, "stacks", project, `${instance.name}.json`);
}

async function pulumi(instance: Instance, args: readonly string[], timeout = SHORT_MS): Promise<string> {
    try {
        const { stdout } = await execa("pulumi", [...args, "--stack", instance.name, "--non-interactive"], {
            cwd: root,
            env: processEnv(environmentOf(instance)),
            extendEnv: false,
            stdin: "ignore",
            timeout,
        });
        return stdout;
    } catch (error) {
        const { stderr = "", shortMessage = String(error) } = error as {
            stderr?: string;
            shortMessage?: string;
        };
        throw new LabError(`${shortMessage}\n${stderr.trim().split("\n").slice(-15).join("\n")}`);
    }
}

/**
 * Makes the stack unless it is there; its config starts as a copy of Pulumi.dev.yaml. A stack and a
 * config that exist are kept as they are.
 */
export async function ensureStack(instance: Instance): Promise<"made" | "kept"> {
    if (!existsSync(instance.stackConfig))
        copyFileSync(path.join(root, "Pulumi.dev.yaml"), instance.stackConfig);
    if (existsSync(checkpoint(instance))) return "kept";
    await pulumi(instance, ["stack", "select", "--create", "--secrets-provider", "passphrase"]);
    return "made";
}

/** Resources of the cloud that a checkpoint of the file backend has on record; the stack itself is none. */
export function resourcesIn(checkpointText: string): number {
    const parsed = JSON.parse(checkpointText) as {
        checkpoint?: {
            latest?: { resources?: { type: string; custom?: boolean }[]; pending_operations?: unknown[] };
        };
    };
    const latest = parsed.checkpoint?.latest;
    const own = (latest?.resources ?? []).filter(
        (resource) => resource.custom === true && !resource.type.startsWith("pulumi:"),
    );
    return own.length + (latest?.pending_operations ?? []).length;
}

/**
 * When the cloud is gone, after a crash or a reboot, its stack's state describes nothing: every resource
 * in it would first have to be found missing. It is moved aside, and the config is kept.
 * @returns where the state was moved to, or undefined when it held nothing.
 */
export function setStateAside(instance: Instance, now = new Date()): string | undefined {
    // Whoever made another stack in this backend made it in the same cloud.
    const folder = path.dirname(checkpoint(instance));
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
    if (files.every((name) => resourcesIn(readFileSync(path.join(folder, name), "utf8")) === 0))
        return undefined;
    const aside = path.join(instance.dir, `state-of-${now.toISOString().replaceAll(/[:.]/g, "-")}`);
    renameSync(instance.state, aside);
    return aside;
}

/**
 * A killed `pulumi` leaves its lock, which names its process. One that is gone cannot be waited for.
 * @returns how many locks were removed.
 */
export function removeStaleLocks(instance: Instance): number {
    const folder = backend(instance, "locks", "organization", project, instance.name);
    if (!existsSync(folder)) return 0;
    const stale = readdirSync(folder).filter((name) => {
        const holder = JSON.parse(readFileSync(path.join(folder, name), "utf8")) as { pid?: number };
        return holder.pid !== undefined && !isAlive(recordOf(holder.pid));
    });
    for (const name of stale) rmSync(path.join(folder, name));
    return stale.length;
}

/**
 * Runs `pulumi up` in sight of the person; a Ctrl-C reaches it from the terminal, and it ends in good order.
 * @returns its exit status.
 */
export async function up(instance: Instance): Promise<number> {
    return await streamed(instance, ["up", "--yes", "--skip-preview"], UP_MS);
}

/** Runs `pulumi destroy` in sight of the person, who may have deleted droplets by hand. @returns its exit status. */
export async function destroy(instance: Instance): Promise<number> {
    return await streamed(instance, ["destroy", "--yes", "--skip-preview", "--refresh"], DESTROY_MS);
}

async function streamed(instance: Instance, args: readonly string[], timeout: number): Promise<number> {
    const child = execa("pulumi", [...args, "--stack", instance.name], {
        cwd: root,
        env: processEnv(environmentOf(instance)),
        extendEnv: false,
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
        reject: false,
        timeout,
        // Its own way to stop: it lets the operations under way end and saves the state.
        killSignal: "SIGINT",
        forceKillAfterDelay: 60_000,
    });
    const result = await leaveSignalsTo(child, () => child);
    if (result.timedOut)
        throw new LabError(`"pulumi ${args[0]}" did not end within ${timeout / 60_000} minutes.`);
    return result.exitCode ?? 1;
}

export function hasStack(instance: Instance): boolean {
    return existsSync(checkpoint(instance));
}

export function hasResources(instance: Instance): boolean {
    return hasStack(instance) && resourcesIn(readFileSync(checkpoint(instance), "utf8")) > 0;
}

export async function outputs(instance: Instance): Promise<unknown> {
    return JSON.parse(await pulumi(instance, ["stack", "output", "--json"]));
}
