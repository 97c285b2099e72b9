import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { LabError } from "../errors.ts";
import type { Cache } from "../instance.ts";
import type { Report } from "../steps.ts";
import { ask, defaultSocket, engineProblem, socketFrom } from "./connect.ts";
import { canInstall, installDocker } from "./install.ts";
import { findLeftovers, leftoversText, removeLeftovers } from "./leftovers.ts";
import { enginesHere } from "./neighbours.ts";
import { findDockerd, ownEngineRuns, ownFiles, startOwnEngine } from "./ownEngine.ts";

/** The Docker engine that runs the droplets. */
export interface OuterDocker {
    readonly docker: Docker;
    readonly socket: string;
    /** Which one it is, for the person. */
    readonly origin: string;
}

/**
 * The engine to use that runs already: the one DOCKER_HOST names, else the lab's own, else the machine's.
 * @returns undefined when none runs.
 * @throws LabError when DOCKER_HOST names one that does not answer or cannot serve.
 */
export async function runningEngine(
    cache: Cache,
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
    if (ownEngineRuns(cache)) {
        const own = await usable(ownFiles(cache).socket, "the lab's own");
        if ("docker" in own) return own;
        throw new LabError(
            `The lab's own Docker engine runs but is of no use: ${own.problem}. "make down" stops it.`,
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
 * The engine to use, started or installed when none runs.
 * @throws LabError when that takes root, or fails.
 */
export async function ensureOuterDocker(cache: Cache, report: Report): Promise<OuterDocker> {
    const running = await runningEngine(cache);
    if (running !== undefined) return running;
    if (process.getuid?.() !== 0) {
        throw new LabError(
            `No Docker engine answers on ${defaultSocket}. Start one that you may use, or run this as root, ` +
                `and the lab starts one of its own.`,
        );
    }
    refuseNeighbours();
    if (findDockerd() === undefined) {
        if (!canInstall())
            throw new LabError("No Docker engine runs and none is installed. Install and start one.");
        await installDocker(report);
        const started = await startedByPackage(cache);
        if (started !== undefined) return { ...started, origin: `${started.origin}, just installed` };
    }
    await removeLeftoversOf(report);
    report("starting dockerd");
    await startOwnEngine(cache);
    const own = await runningEngine(cache);
    if (own === undefined) throw new LabError("The lab's own Docker engine answered once and is gone again.");
    return own;
}

/**
 * Two engines in one network namespace spoil one another's packet filter: each empties the chains that
 * both use when it starts.
 */
function refuseNeighbours(): void {
    const [pid] = enginesHere();
    if (pid === undefined) return;
    throw new LabError(
        `A Docker engine runs on this machine (process ${pid}), but it does not answer on ${defaultSocket}, and a second ` +
            `one beside it would disturb it. Have DOCKER_HOST name its socket (unix:///path), or stop it.`,
    );
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
async function startedByPackage(cache: Cache): Promise<OuterDocker | undefined> {
    for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(250)) {
        const running = await runningEngine(cache);
        if (running !== undefined) return running;
    }
    return undefined;
}
