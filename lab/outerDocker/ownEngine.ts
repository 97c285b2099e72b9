import { spawn } from "node:child_process";
import {
    closeSync,
    existsSync,
    mkdirSync,
    openSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { findCommand, searchPath } from "../engine/path.ts";
import { LabError } from "../errors.ts";
import { commandOf, isAlive, lastLines, readRecord, stop, writeRecord } from "../processes.ts";
import { ask } from "./connect.ts";
import { noteFootprint, removeFootprint } from "./footprint.ts";
import { unmountBelow } from "./mounts.ts";
import type { EnginePlaces } from "./places.ts";

const START_MS = 60_000;
/** An engine gives its containers 10 seconds to end, and the lab's are removed before. */
const STOP_MS = 45_000;

export function ownEngineRuns(places: EnginePlaces): boolean {
    return isAlive(readRecord(places.pid));
}

/** Whether containers of a lab are on record in an engine that does not run now, after a crash or a reboot. */
export function ownEngineHoldsContainers(places: EnginePlaces): boolean {
    const folder = path.join(places.dataRoot, "containers");
    return existsSync(folder) && readdirSync(folder).length > 0;
}

/**
 * Starts dockerd, without systemd and apart from any other engine: own socket, data, runtime folder,
 * settings file and containerd namespaces. Needs root.
 * @throws LabError with the last lines of its log when it ends or does not answer within a minute.
 */
export async function startOwnEngine(places: EnginePlaces): Promise<Docker> {
    mkdirSync(places.data, { recursive: true, mode: 0o711 });
    mkdirSync(places.dataRoot, { recursive: true });
    mkdirSync(places.run, { recursive: true, mode: 0o700 });
    await noteFootprint(places.footprint);
    removeStalePidFiles(places);
    // Without a settings file of its own it would read the machine's, which may name another socket.
    const settings = path.join(places.run, "daemon.json");
    writeFileSync(settings, "{}\n");
    const log = openSync(places.log, "w");
    const child = spawn(findCommand("dockerd", searchPath()) ?? "dockerd", argumentsFor(places, settings), {
        // A session of its own: the terminal's Ctrl-C is not for it.
        detached: true,
        stdio: ["ignore", log, log],
        env: { ...process.env, PATH: searchPath(), DOCKER_HOST: undefined },
    });
    closeSync(log);
    let ended: string | undefined;
    child.once("error", (error) => {
        ended = error.message;
    });
    child.once("exit", (code, signal) => {
        ended = signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`;
    });
    child.unref();
    if (child.pid !== undefined) writeRecord(places.pid, child.pid);
    const deadline = Date.now() + START_MS;
    for (let last = "not asked yet"; ; await sleep(100)) {
        const answer = ended === undefined ? await ask(places.socket) : { problem: last };
        if ("docker" in answer) return answer.docker;
        last = answer.problem;
        if (ended === undefined && Date.now() < deadline) continue;
        const why = ended ?? `it did not answer on ${places.socket} within ${START_MS / 1000} s (${last})`;
        if (ended === undefined) await stop(places.pid, STOP_MS);
        rmSync(places.pid, { force: true });
        await removeFootprint(places.footprint);
        throw new LabError(
            `The lab's own Docker engine could not be started: ${why}. The end of ${places.log}:\n${lastLines(places.log)}\n` +
                `Remove the cause, or start a Docker engine yourself (DOCKER_HOST names its socket if it is not the default one).`,
        );
    }
}

/**
 * dockerd refuses to start beside a pid file whose process it takes for alive, as it does with one that
 * was killed and that nobody has waited for, or with another program that got the number.
 */
function removeStalePidFiles(places: EnginePlaces): void {
    rmSync(path.join(places.run, "docker.pid"), { force: true });
    const containerd = path.join(places.run, "exec", "containerd", "containerd.pid");
    if (!existsSync(containerd)) return;
    const pid = Number(readFileSync(containerd, "utf8"));
    if (commandOf(pid) !== "containerd") rmSync(containerd, { force: true });
}

function argumentsFor(places: EnginePlaces, settings: string): string[] {
    const namespace = path.basename(places.run);
    return [
        ...["--host", `unix://${places.socket}`],
        ...["--data-root", places.dataRoot],
        ...["--exec-root", path.join(places.run, "exec")],
        ...["--pidfile", path.join(places.run, "docker.pid")],
        ...["--config-file", settings],
        // It starts a containerd of its own, unless the machine runs one: then it keeps to its own corner there.
        ...["--containerd-namespace", namespace, "--containerd-plugins-namespace", `${namespace}-plugins`],
        // Newer engines choose systemd's driver on cgroup v2, which fails where systemd is not the first process.
        ...["--exec-opt", "native.cgroupdriver=cgroupfs"],
        // The lab has no use for docker0; one that an earlier engine left behind goes.
        ...["--bridge", "none"],
    ];
}

export function findDockerd(): string | undefined {
    return findCommand("dockerd", searchPath());
}

/**
 * Stops the lab's own engine, if it runs, and takes back what it changed on the machine.
 * @returns what could not be taken back.
 */
export async function stopOwnEngine(places: EnginePlaces): Promise<string[]> {
    const outcome = await stop(places.pid, STOP_MS);
    const problems =
        outcome === "killed" ? [`dockerd did not end within ${STOP_MS / 1000} s and was killed`] : [];
    problems.push(...(await unmountBelow([places.dataRoot, places.run])));
    problems.push(...(await removeFootprint(places.footprint)));
    rmSync(places.run, { recursive: true, force: true });
    return problems;
}
