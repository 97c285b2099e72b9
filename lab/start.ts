import { readFileSync } from "node:fs";
import type Docker from "dockerode";
import { accountFrom } from "./accountChoice.ts";
import { daemonRuns, requireAnswer, startDaemon } from "./daemon.ts";
import { ensureImages } from "./droplets/images/ensure.ts";
import { removeAll } from "./droplets/removeAll.ts";
import { type Engine, ensureEngine } from "./engine/engine.ts";
import { apiUrl, type Instance } from "./instance.ts";
import { withLock } from "./lock.ts";
import { isMade, prepareFolder, readMade, writeMade } from "./made.ts";
import { requireFreePort, requireFreeRange } from "./network.ts";
import { removeUnmarked } from "./outerDocker/earlier.ts";
import { ensureOuterDocker, isShared, type OuterDocker } from "./outerDocker/outerDocker.ts";
import { enginePlaces } from "./outerDocker/places.ts";
import { register } from "./outerDocker/tenants.ts";
import { ensurePlugins, type Plugins, pluginsWanted } from "./pluginChoice.ts";
import { readRecord } from "./processes.ts";
import { refuseOtherSettings, wantsFaultyImages } from "./settings.ts";
import { ensureStack, removeStaleLocks, setStateAside } from "./stack.ts";
import { type Lane, runLanes, type Step } from "./steps.ts";

/** What the lanes hand to one another. */
interface Parts {
    engine?: Engine;
    plugins?: Plugins;
    outer?: OuterDocker;
}

/**
 * Makes everything up to the point where `pulumi up` can run, and only what is not there yet: engine and
 * plugins beside Docker engine, images and daemon; then the stack.
 */
export async function startLab(instance: Instance): Promise<void> {
    pluginsWanted(process.env.LAB_PLUGINS);
    accountFrom(process.env);
    wantsFaultyImages(process.env.LAB_FAULTY_IMAGES);
    await withLock(instance.cache.lock, console.error, async () => {
        const running = daemonRuns(instance);
        if (!running) await requireFreePort(instance.port);
        const before = running && isMade(instance) ? readMade(instance) : undefined;
        if (before !== undefined) refuseOtherSettings(instance.name, before, process.env);
        prepareFolder(instance);
        const parts: Parts = {};
        await runLanes([
            { title: "Pulumi", steps: pulumiSteps(instance, parts) },
            running
                ? runningLane(instance, before?.api ?? apiUrl(instance))
                : { title: "Cloud", steps: cloudSteps(instance, parts) },
        ]);
        writeMade(instance, {
            ...(before ?? {
                dockerSocket: must(parts.outer).socket,
                api: apiUrl(instance),
                publicCidr: instance.publicCidr,
                faultyImages: wantsFaultyImages(process.env.LAB_FAULTY_IMAGES),
                ...accountFrom(process.env),
            }),
            engineFolder: must(parts.engine).folder,
            node: process.execPath,
            plugins: must(parts.plugins),
        });
        await runLanes([{ title: "Stack", steps: [stackStep(instance, running)] }]);
    });
}

function pulumiSteps(instance: Instance, parts: Parts): Step[] {
    return [
        {
            title: "Pulumi engine",
            run: async (report) => {
                parts.engine = await ensureEngine(instance.cache, report);
                return parts.engine.origin;
            },
        },
        {
            title: "Pulumi plugins",
            run: async (report) => {
                parts.plugins = await ensurePlugins(instance, must(parts.engine).folder, report);
                return parts.plugins === "own" ? "the lab's own" : "official";
            },
        },
    ];
}

function runningLane(instance: Instance, api: string): Lane {
    const step: Step = {
        title: "Cloud",
        run: async () => {
            await requireAnswer(instance, api, readFileSync(instance.token, "utf8").trim());
            return `runs already, at ${api}`;
        },
    };
    return { title: step.title, steps: [step] };
}

function cloudSteps(instance: Instance, parts: Parts): Step[] {
    return [
        {
            title: "Docker engine",
            run: async (report) => {
                parts.outer = await ensureOuterDocker(instance, report);
                await clear(instance, must(parts.outer).docker);
                return parts.outer.origin;
            },
        },
        {
            title: "Droplet images",
            run: async (report) => {
                await ensureImages(
                    {
                        docker: must(parts.outer).docker,
                        cacheDir: instance.cache.dir,
                        faulty: wantsFaultyImages(process.env.LAB_FAULTY_IMAGES),
                    },
                    report,
                );
                return undefined;
            },
        },
        {
            title: "Emulated DigitalOcean",
            run: async () => {
                const { socket } = must(parts.outer);
                await startDaemon(instance, socket);
                const places = enginePlaces();
                if (isShared(socket, places))
                    register(places, { ...instance, daemon: readRecord(instance.pid) });
                return `${apiUrl(instance)}, droplets in ${instance.publicCidr}`;
            },
        },
    ];
}

/** A cloud lives no longer than its daemon: what one that ended without `make down` left is removed. */
async function clear(instance: Instance, docker: Docker): Promise<void> {
    await removeAll(docker, instance);
    if (isMade(instance) && readMade(instance).publicCidr === undefined)
        await removeUnmarked(docker, instance.name);
    await requireFreeRange(instance.publicCidr, docker);
}

function stackStep(instance: Instance, running: boolean): Step {
    return {
        title: "Pulumi stack",
        run: async () => {
            const notes: string[] = [];
            const aside = running ? undefined : setStateAside(instance);
            if (aside !== undefined) {
                prepareFolder(instance);
                notes.push(
                    `the cloud of the old state is gone with its daemon, so the state was moved to ${aside}`,
                );
            }
            const locks = removeStaleLocks(instance);
            if (locks > 0) notes.push("removed the lock of a pulumi that is gone");
            const outcome = await ensureStack(instance);
            return [`${instance.name}, ${outcome === "made" ? "made" : "kept as it is"}`, ...notes].join(
                "; ",
            );
        },
    };
}

/** A part that an earlier step of the same lane has set. */
function must<T>(part: T | undefined): T {
    if (part === undefined) throw new Error("a step ran before the one it needs");
    return part;
}

/** Whether the lab can be spoken to now. */
export function labRuns(instance: Instance): boolean {
    return isMade(instance) && daemonRuns(instance);
}
