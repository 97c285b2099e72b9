import { rmSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { daemonRuns, stopDaemon } from "./daemon.ts";
import { removeImages } from "./droplets/images/ensure.ts";
import { removeAll } from "./droplets/removeAll.ts";
import { messageOf } from "./errors.ts";
import { type Instance, instanceFrom, otherInstances } from "./instance.ts";
import { withLock } from "./lock.ts";
import { isMade, readMade } from "./made.ts";
import { ask, defaultSocket } from "./outerDocker/connect.ts";
import {
    ownEngineHoldsContainers,
    ownEngineRuns,
    ownFiles,
    startOwnEngine,
    stopOwnEngine,
} from "./outerDocker/ownEngine.ts";
import { destroy, hasResources, removeStaleLocks } from "./stack.ts";
import { runSteps, type Step } from "./steps.ts";

/**
 * `make down`: destroys the stack, then removes all that the lab made on this machine. Fine when there is
 * nothing. What fails is said, and the rest goes on.
 * @returns what could not be done; empty when all was.
 */
export async function makeDown(instance: Instance): Promise<string[]> {
    const problems: string[] = [];
    if (labHasStack(instance)) {
        removeStaleLocks(instance);
        const status = await destroy(instance).catch((error) => {
            problems.push(messageOf(error));
            return 0;
        });
        if (status !== 0)
            problems.push(
                `"pulumi destroy" ended with status ${status}; its droplets are removed all the same.`,
            );
    }
    await withLock(instance.cache.lock, console.error, async () => {
        await runSteps(downSteps(instance, problems));
    });
    return problems;
}

/** `make clean`: all instances of the checkout down, and their common cache gone. */
export async function makeClean(instance: Instance): Promise<string[]> {
    const problems = await makeDown(instance);
    for (const name of otherInstances(instance)) {
        problems.push(...(await makeDown(instanceFrom({ LAB_NAME: name }))));
    }
    await runSteps([
        {
            title: "Caches",
            run: async () => {
                // Images lie in the cache, unless the machine's own engine holds them.
                const engine = await ask(defaultSocket);
                if ("docker" in engine) await removeImages(engine.docker);
                rmSync(path.dirname(instance.cache.dir), { recursive: true, force: true });
                return "removed";
            },
        },
    ]);
    return problems;
}

function labHasStack(instance: Instance): boolean {
    return isMade(instance) && daemonRuns(instance) && hasResources(instance);
}

const stopped = { absent: "did not run", stopped: "stopped", killed: "did not end by itself and was killed" };

function downSteps(instance: Instance, problems: string[]): Step[] {
    return [
        { title: "Emulated DigitalOcean", run: async () => stopped[await stopDaemon(instance)] },
        {
            title: "Containers, networks, volumes",
            run: async () => {
                const engines = await enginesOf(instance, problems);
                for (const docker of engines) await removeAll(docker, instance.name);
                return engines.length > 0 ? "removed" : "no Docker engine runs, so there are none";
            },
        },
        {
            title: "Docker engine",
            run: async () => {
                const others = otherInstances(instance);
                const runs = ownEngineRuns(instance.cache);
                if (runs && others.length > 0) return `the lab's own stays, for ${others.join(", ")}`;
                // Also when it ended by itself: its mounts and packet filter rules are still there then.
                problems.push(...(await stopOwnEngine(instance.cache)));
                return runs ? "the lab's own, stopped" : "the lab runs none of its own";
            },
        },
        {
            title: "Files",
            run: async () => {
                rmSync(instance.dir, { recursive: true, force: true });
                // Its salt belongs to the passphrase that has just gone.
                rmSync(instance.stackConfig, { force: true });
                return "removed";
            },
        },
    ];
}

/**
 * Every engine that may hold something of this lab: the one it was made in, the lab's own, the machine's.
 * The lab's own is started once more when it ended by itself with containers on record.
 */
async function enginesOf(instance: Instance, problems: string[]): Promise<Docker[]> {
    const { cache } = instance;
    const own = ownFiles(cache).socket;
    const engines: Docker[] = [];
    if (!ownEngineRuns(cache) && ownEngineHoldsContainers(cache)) {
        await startOwnEngine(cache).catch((error) => problems.push(messageOf(error)));
    }
    const made = isMade(instance) ? readMade(instance).dockerSocket : undefined;
    for (const socket of new Set([...(made === undefined ? [] : [made]), own, defaultSocket])) {
        const answer = await ask(socket);
        if ("docker" in answer) engines.push(answer.docker);
        else if (socket === made && socket !== own) {
            problems.push(
                `The Docker engine at ${socket}, which ran the droplets, does not answer (${answer.problem}). ` +
                    `Start it and run "make down" again: containers may be left in it.`,
            );
        }
    }
    return engines;
}
