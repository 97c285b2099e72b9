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
import type { Cache } from "../instance.ts";
import { commandOf, isAlive, lastLines, readRecord, stop, writeRecord } from "../processes.ts";
import { ask } from "./connect.ts";
import { noteFootprint, removeFootprint } from "./footprint.ts";
import { unmountBelow } from "./mounts.ts";

const START_MS = 60_000;
/** An engine gives its containers 10 seconds to end, and the lab's are removed before. */
const STOP_MS = 45_000;

/** Files of the Docker engine that the lab starts for itself. Shared by all instances of the checkout. */
export function ownFiles(cache: Cache) {
    return {
        socket: path.join(cache.dockerRun, "docker.sock"),
        pid: path.join(cache.dir, "dockerd.pid"),
        log: path.join(cache.dir, "dockerd.log"),
        footprint: path.join(cache.dir, "dockerd-footprint.json"),
    };
}

export function ownEngineRuns(cache: Cache): boolean {
    return isAlive(readRecord(ownFiles(cache).pid));
}

/** Whether containers of a lab are on record in an engine that does not run now, after a crash or a reboot. */
export function ownEngineHoldsContainers(cache: Cache): boolean {
    const folder = path.join(cache.docker, "containers");
    return existsSync(folder) && readdirSync(folder).length > 0;
}

/**
 * Starts dockerd, without systemd and apart from any other engine: own socket, data, runtime folder,
 * settings file and containerd namespaces. Needs root.
 * @throws LabError with the last lines of its log when it ends or does not answer within a minute.
 */
export async function startOwnEngine(cache: Cache): Promise<Docker> {
    const files = ownFiles(cache);
    mkdirSync(cache.docker, { recursive: true });
    mkdirSync(cache.dockerRun, { recursive: true, mode: 0o700 });
    await noteFootprint(files.footprint);
    removeStalePidFiles(cache);
    // Without a settings file of its own it would read the machine's, which may name another socket.
    const settings = path.join(cache.dockerRun, "daemon.json");
    writeFileSync(settings, "{}\n");
    const log = openSync(files.log, "w");
    const child = spawn(findCommand("dockerd", searchPath()) ?? "dockerd", argumentsFor(cache, settings), {
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
    if (child.pid !== undefined) writeRecord(files.pid, child.pid);
    const deadline = Date.now() + START_MS;
    for (let last = "not asked yet"; ; await sleep(100)) {
        const answer = ended === undefined ? await ask(files.socket) : { problem: last };
        if ("docker" in answer) return answer.docker;
        last = answer.problem;
        if (ended === undefined && Date.now() < deadline) continue;
        const why = ended ?? `it did not answer on ${files.socket} within ${START_MS / 1000} s (${last})`;
        if (ended === undefined) await stop(files.pid, STOP_MS);
        rmSync(files.pid, { force: true });
        await removeFootprint(files.footprint);
        throw new LabError(
            `The lab's own Docker engine could not be started: ${why}. The end of ${files.log}:\n${lastLines(files.log)}\n` +
                `Remove the cause, or start a Docker engine yourself (DOCKER_HOST names its socket if it is not the default one).`,
        );
    }
}

/**
 * dockerd refuses to start beside a pid file whose process it takes for alive, as it does with one that
 * was killed and that nobody has waited for, or with another program that got the number.
 */
function removeStalePidFiles(cache: Cache): void {
    rmSync(path.join(cache.dockerRun, "docker.pid"), { force: true });
    const containerd = path.join(cache.dockerRun, "exec", "containerd", "containerd.pid");
    if (!existsSync(containerd)) return;
    const pid = Number(readFileSync(containerd, "utf8"));
    if (commandOf(pid) !== "containerd") rmSync(containerd, { force: true });
}

function argumentsFor(cache: Cache, settings: string): string[] {
    const namespace = path.basename(cache.dockerRun);
    return [
        ...["--host", `unix://${path.join(cache.dockerRun, "docker.sock")}`],
        ...["--data-root", cache.docker],
        ...["--exec-root", path.join(cache.dockerRun, "exec")],
        ...["--pidfile", path.join(cache.dockerRun, "docker.pid")],
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
export async function stopOwnEngine(cache: Cache): Promise<string[]> {
    const files = ownFiles(cache);
    const outcome = await stop(files.pid, STOP_MS);
    const problems =
        outcome === "killed" ? [`dockerd did not end within ${STOP_MS / 1000} s and was killed`] : [];
    problems.push(...(await unmountBelow([cache.docker, cache.dockerRun])));
    problems.push(...(await removeFootprint(files.footprint)));
    rmSync(cache.dockerRun, { recursive: true, force: true });
    return problems;
}
