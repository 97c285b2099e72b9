import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Process IDs of the Docker engines that run in this network namespace; those inside droplets have
 * namespaces of their own and are not counted.
 */
export function enginesHere(): number[] {
    return processesHere(["dockerd"]);
}

/** Like {@link enginesHere}, and the processes that hold running containers, which outlive a killed engine. */
export function enginesAndContainersHere(): number[] {
    // The kernel cuts names at 15 characters: containerd-shim-runc-v2.
    return processesHere(["dockerd", "containerd-shim"]);
}

function processesHere(names: readonly string[]): number[] {
    const here = readlinkSync("/proc/self/ns/net");
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && isOneIn(name, names, here))
        .map(Number);
}

function isOneIn(pid: string, names: readonly string[], namespace: string): boolean {
    try {
        return (
            names.includes(readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd()) &&
            readlinkSync(`/proc/${pid}/ns/net`) === namespace
        );
    } catch {
        // It ended while we looked, or is somebody else's and we are not root.
        return false;
    }
}
