import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { messageOf } from "../errors.ts";

/** Where a Docker engine listens when nobody says otherwise. */
export const defaultSocket = "/var/run/docker.sock";

const ASK_MS = 5_000;

/**
 * The Unix socket that DOCKER_HOST names, or `problem`. Only an engine on this very machine will do:
 * the droplets' addresses are reached through its bridges.
 * @returns undefined when DOCKER_HOST is not set.
 */
export function socketFrom(
    dockerHost: string | undefined,
): { socket: string } | { problem: string } | undefined {
    if (!dockerHost) return undefined;
    const match = /^unix:\/\/(\/.+)$/.exec(dockerHost);
    if (match?.[1] !== undefined) return { socket: match[1] };
    return {
        problem:
            `DOCKER_HOST is "${dockerHost}"; the lab needs a Docker engine on this machine, named by its socket ` +
            `(unix:///path), since the droplets' addresses are reached through its bridges. Unset DOCKER_HOST or change it.`,
    };
}

/** What the engine says of itself, as far as the lab asks. */
export interface EngineInfo {
    readonly ServerVersion?: string;
    readonly OperatingSystem?: string;
    readonly SecurityOptions?: readonly string[] | null;
}

/** Why containers of this engine could not be reached from this machine; undefined when they can. */
export function engineProblem(info: EngineInfo): string | undefined {
    if (info.SecurityOptions?.some((option) => option.startsWith("name=rootless"))) {
        return "it runs without root, so its containers' addresses cannot be reached from this machine and no droplet could run a Docker of its own";
    }
    if (info.OperatingSystem === "Docker Desktop") {
        return "it runs in Docker Desktop's virtual machine, so its containers' addresses cannot be reached from this machine";
    }
    return undefined;
}

/** Asks the engine behind a socket; the answer, or why there is none. Ends within five seconds. */
export async function ask(
    socket: string,
): Promise<{ docker: Docker; info: EngineInfo } | { problem: string }> {
    const docker = new Docker({ socketPath: socket });
    const limit = new AbortController();
    try {
        const info: EngineInfo | undefined = await Promise.race([
            docker.info(),
            sleep(ASK_MS, undefined, { signal: limit.signal }),
        ]);
        if (info === undefined) return { problem: `no answer within ${ASK_MS / 1000} s` };
        return { docker, info };
    } catch (error) {
        return { problem: messageOf(error) };
    } finally {
        limit.abort();
    }
}
