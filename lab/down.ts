import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { daemonRuns, stopDaemon } from "./daemon.ts";
import { removeImages } from "./droplets/images/ensure.ts";
import { LAB_LABEL } from "./droplets/lab.ts";
import { removeAll } from "./droplets/removeAll.ts";
import { messageOf } from "./errors.ts";
import { type Instance, instanceFrom, otherInstances } from "./instance.ts";
import { withLock } from "./lock.ts";
import { isMade, readMade } from "./made.ts";
import { holder } from "./network.ts";
import { ask, defaultSocket, socketFrom } from "./outerDocker/connect.ts";
import { earlierPlaces, removeUnmarked } from "./outerDocker/earlier.ts";
import { leaveEngine, leaveImages } from "./outerDocker/leave.ts";
import { ensureOuterDocker } from "./outerDocker/outerDocker.ts";
import { ownEngineHoldsContainers, ownEngineRuns, stopOwnEngine } from "./outerDocker/ownEngine.ts";
import { enginePlaces } from "./outerDocker/places.ts";
import { removeSshFiles, takeConfig } from "./remains.ts";
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

/** `make clean`: all instances of the checkout down, and what they share. */
export async function makeClean(instance: Instance): Promise<string[]> {
    const labs = [
        instance,
        ...otherInstances(instance).map((name) => instanceFrom({ LAB_NAME: name }, instance.checkout)),
    ];
    const sockets = new Set(labs.flatMap(socketsOf));
    const problems: string[] = [];
    for (const lab of labs) problems.push(...(await makeDown(lab)));
    await runSteps([
        {
            title: "Caches",
            run: async () => {
                const places = enginePlaces();
                const notes = [await leaveImages(instance.checkout, places, console.error)];
                sockets.delete(places.socket);
                for (const socket of sockets) {
                    const engine = await ask(socket);
                    if ("docker" in engine) notes.push(await imagesGo(engine.docker, socket));
                }
                rmSync(instance.cache.dir, { recursive: true, force: true });
                const folder = path.dirname(instance.cache.dir);
                // Configs that somebody has changed: remains.ts.
                const kept = existsSync(folder) ? readdirSync(folder) : [];
                if (kept.length > 0) notes.push(`${kept.join(", ")} in ${folder} stays`);
                else rmSync(folder, { recursive: true, force: true });
                return ["removed", ...notes.filter((note) => note !== "removed")].join("; ");
            },
        },
    ]);
    return problems;
}

/** Removes the images from an engine that is not the labs' own, unless a lab is there that may need them. */
async function imagesGo(docker: Docker, socket: string): Promise<string> {
    const [network] = await docker.listNetworks({ filters: { label: [LAB_LABEL] } });
    if (network !== undefined) return `images in the engine at ${socket} stay, for ${holder(network)}`;
    await removeImages(docker);
    return "removed";
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
                const { engines, silent } = await enginesOf(instance, problems);
                for (const docker of engines) {
                    await removeAll(docker, instance);
                    if (isUnmarked(instance)) await removeUnmarked(docker, instance.name);
                }
                return engines.length > 0
                    ? "removed"
                    : `none, as no Docker engine answers on ${silent.join(" or ")}`;
            },
        },
        {
            title: "Docker engine",
            run: async () => {
                const left = await leaveEngine(instance, enginePlaces(), console.error);
                problems.push(...left.problems);
                return (await stopEarlier(instance, problems)) ?? left.outcome;
            },
        },
        {
            title: "Files",
            run: async () => {
                removeSshFiles(instance);
                rmSync(instance.dir, { recursive: true, force: true });
                return ["removed", takeConfig(instance)].filter((note) => note).join("; ");
            },
        },
    ];
}

/** Whether the lab was made before labs had their checkout's mark: outerDocker/earlier.ts. */
function isUnmarked(instance: Instance): boolean {
    return isMade(instance) && readMade(instance).publicCidr === undefined;
}

async function stopEarlier(instance: Instance, problems: string[]): Promise<string | undefined> {
    const earlier = earlierPlaces(instance);
    if (!ownEngineRuns(earlier)) return undefined;
    const others = otherInstances(instance);
    if (others.length > 0) return `the checkout's own stays, for ${others.join(", ")}`;
    problems.push(...(await stopOwnEngine(earlier)));
    return "the checkout's own, stopped";
}

/** Sockets of every engine that may hold something of this lab: the one it was made in, the labs' own, the machine's. */
function socketsOf(instance: Instance): string[] {
    const named = socketFrom(process.env.DOCKER_HOST);
    return [
        ...(isMade(instance) ? [readMade(instance).dockerSocket] : []),
        ...(named !== undefined && "socket" in named ? [named.socket] : []),
        enginePlaces().socket,
        ...(ownEngineRuns(earlierPlaces(instance)) ? [earlierPlaces(instance).socket] : []),
        defaultSocket,
    ].filter((socket, at, all) => all.indexOf(socket) === at);
}

/** The labs' own engine is started once more when it ended by itself with containers of this lab on record. */
async function enginesOf(
    instance: Instance,
    problems: string[],
): Promise<{ engines: Docker[]; silent: string[] }> {
    const made = isMade(instance) ? readMade(instance).dockerSocket : undefined;
    const places = enginePlaces();
    if (made === places.socket && !ownEngineRuns(places) && ownEngineHoldsContainers(places)) {
        await ensureOuterDocker(instance, () => {}, places).catch((error) => problems.push(messageOf(error)));
    }
    const engines: Docker[] = [];
    const silent: string[] = [];
    for (const socket of socketsOf(instance)) {
        const answer = await ask(socket);
        if ("docker" in answer) {
            engines.push(answer.docker);
            continue;
        }
        silent.push(socket);
        if (socket !== made || socket === places.socket || socket === earlierPlaces(instance).socket)
            continue;
        problems.push(
            `The Docker engine at ${socket}, which ran the droplets, does not answer (${answer.problem}). ` +
                `Start it and run "make down" again: containers may be left in it.`,
        );
    }
    return { engines, silent };
}
