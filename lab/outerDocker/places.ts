import path from "node:path";
import type { Lock } from "../lock.ts";

/** Folder in `run` that is no leftover of an engine. */
export const TENANTS = "labs";

/** Where a Docker engine that labs start themselves has its files. */
export interface EnginePlaces {
    /** Gone with the engine. Short, since the path of a Unix socket may not exceed 107 bytes. */
    readonly run: string;
    readonly socket: string;
    readonly pid: string;
    /** A file for each lab that uses the engine: tenants.ts. */
    readonly tenants: string;
    /** Kept from one engine to the next: images above all. */
    readonly data: string;
    readonly dataRoot: string;
    readonly log: string;
    readonly footprint: string;
    /** A file for each checkout that has images here. */
    readonly checkouts: string;
    /** Held while the engine is looked for, started, left or stopped; beside `run`, which comes and goes. */
    readonly lock: Lock;
}

/**
 * The one engine that the labs of all checkouts share. It is the machine's and no checkout's: whichever of them goes
 * first, its images and the containers of the others stay.
 */
export function enginePlaces(run = "/run/swarm-lab", data = "/var/lib/swarm-lab"): EnginePlaces {
    return {
        run,
        socket: path.join(run, "docker.sock"),
        pid: path.join(run, "dockerd.pid"),
        tenants: path.join(run, TENANTS),
        data,
        dataRoot: path.join(data, "docker"),
        log: path.join(data, "dockerd.log"),
        footprint: path.join(data, "dockerd-footprint.json"),
        checkouts: path.join(data, "checkouts"),
        lock: { file: `${run}.lock`, where: "on this machine" },
    };
}
