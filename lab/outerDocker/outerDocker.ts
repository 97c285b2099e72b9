import { existsSync, realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { labText } from "../droplets/lab.ts";
import { LabError } from "../errors.ts";
import type { Instance } from "../instance.ts";
import { withLock } from "../lock.ts";
import { readRecord } from "../processes.ts";
import type { Report } from "../steps.ts";
import { ask, defaultSocket, engineProblem, socketFrom } from "./connect.ts";
import { earlierPlaces } from "./earlier.ts";
import { canInstall, installDocker } from "./install.ts";
import { removeAbandoned } from "./leave.ts";
import { findLeftovers, leftoversText, removeLeftovers } from "./leftovers.ts";
import { argumentsOf, enginesHere, neighbourText } from "./neighbours.ts";
import { findDockerd, ownEngineRuns, startOwnEngine } from "./ownEngine.ts";
import { type EnginePlaces, enginePlaces } from "./places.ts";
import { register, tenantsOf } from "./tenants.ts";

/** The Docker engine that runs the droplets. */
export interface OuterDocker {
    readonly docker: Docker;
    readonly socket: string;
    /** Which one it is, for the person. */
    readonly origin: string;
}

/**
 * The engine to use that runs already: the one DOCKER_HOST names, else the labs' own, else the machine's.
 * @returns undefined when none runs.
 * @throws LabError when DOCKER_HOST names one that does not answer or cannot serve.
 */
async function runningEngine(
    instance: Instance,
    places: EnginePlaces,
    dockerHost = process.env.DOCKER_HOST,
): Promise<OuterDocker | undefined> {
    const named = socketFrom(dockerHost);
    if (named !== undefined) {
        if ("problem" in named) throw new LabError(named.problem);
        const found = await usable(named.socket, "named by DOCKER_HOST");
        if ("docker" in found) return found;
        throw new LabError(
            `The Docker engine that DOCKER_HOST names (${named.socket}) is of no use to the lab: ${found.problem}. ` +
                `Unset DOCKER_HOST, or have it name another.`,
        );
    }
    for (const own of [places, earlierPlaces(instance)]) {
        if (!ownEngineRuns(own)) continue;
        const found = await usable(own.socket, "the labs' own");
        if ("docker" in found) return found;
        const users = tenantsOf(own).map(labText);
        throw new LabError(
            `The labs' own Docker engine runs (process ${readRecord(own.pid)?.pid}) but is of no use: ${found.problem}. ` +
                `"make down" stops it${users.length > 0 ? `, for each lab that uses it: ${users.join(", ")}` : ""}.`,
        );
    }
    const machines = await usable(defaultSocket, "the machine's");
    if ("docker" in machines) return machines;
    if (machines.answered)
        throw new LabError(`The machine's Docker engine is of no use to the lab: ${machines.problem}.`);
    return undefined;
}

type Usable = OuterDocker | { readonly problem: string; readonly answered: boolean };

async function usable(socket: string, whose: string): Promise<Usable> {
    const answer = await ask(socket);
    if ("problem" in answer) return { problem: answer.problem, answered: false };
    const problem = engineProblem(answer.info);
    if (problem !== undefined) return { problem, answered: true };
    return { docker: answer.docker, socket, origin: `${answer.info.ServerVersion ?? "Docker"}, ${whose}` };
}

/**
 * The engine to use, started or installed when none runs. Where it is the labs' own, the lab is put on record there.
 * @throws LabError when that takes root, or fails.
 */
export async function ensureOuterDocker(
    instance: Instance,
    report: Report,
    places = enginePlaces(),
): Promise<OuterDocker> {
    if (process.getuid?.() !== 0) {
        const running = await runningEngine(instance, places);
        if (running !== undefined) return running;
        throw new LabError(
            `No Docker engine answers on ${defaultSocket}. Start one that you may use, or run this as root, ` +
                `and the lab starts one of its own.`,
        );
    }
    return await withLock(places.lock, report, async () => {
        const found =
            (await runningEngine(instance, places)) ?? (await startedEngine(instance, places, report));
        if (isShared(found.socket, places)) {
            register(places, instance);
            await removeAbandoned(found.docker, places);
            // By whichever name it was found.
            return { ...found, socket: places.socket };
        }
        return found;
    });
}

/** Whether a socket is that of the labs' own engine, whoever named it. */
export function isShared(socket: string, places: EnginePlaces): boolean {
    return (
        existsSync(socket) &&
        existsSync(places.socket) &&
        realpathSync(socket) === realpathSync(places.socket)
    );
}

async function startedEngine(instance: Instance, places: EnginePlaces, report: Report): Promise<OuterDocker> {
    refuseNeighbours();
    if (findDockerd() === undefined) {
        if (!canInstall())
            throw new LabError("No Docker engine runs and none is installed. Install and start one.");
        await installDocker(report);
        const started = await startedByPackage(instance, places);
        if (started !== undefined) return { ...started, origin: `${started.origin}, just installed` };
    }
    await removeLeftoversOf(report);
    report("starting dockerd");
    await startOwnEngine(places);
    const own = await runningEngine(instance, places);
    if (own === undefined) throw new LabError("The labs' own Docker engine answered once and is gone again.");
    return own;
}

/**
 * Two engines in one network namespace spoil one another's packet filter: each empties the chains that
 * both use when it starts.
 */
function refuseNeighbours(): void {
    const [pid] = enginesHere();
    if (pid !== undefined) throw new LabError(neighbourText(pid, argumentsOf(pid)));
}

async function removeLeftoversOf(report: Report): Promise<void> {
    const found = findLeftovers();
    const what = leftoversText(found);
    if (what === undefined) return;
    report(`removing ${what}, left by an engine that was killed`);
    const problems = await removeLeftovers(found);
    if (problems.length === 0) return;
    throw new LabError(
        `A lab's Docker engine was killed on this machine and left ${what}, which cannot be removed:\n` +
            `${problems.join("\n")}\nRemove them by hand, or reboot.`,
    );
}

/** Where services run, the package has just started its own: a moment's patience finds it. */
async function startedByPackage(instance: Instance, places: EnginePlaces): Promise<OuterDocker | undefined> {
    for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(250)) {
        const running = await runningEngine(instance, places);
        if (running !== undefined) return running;
    }
    return undefined;
}
