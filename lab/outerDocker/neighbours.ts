import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Process IDs of the Docker engines that run in this network namespace; those inside droplets have
 * namespaces of their own and are not counted.
 */
export function enginesHere(): number[] {
    const here = readlinkSync("/proc/self/ns/net");
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && isEngineIn(name, here))
        .map(Number);
}

function isEngineIn(pid: string, namespace: string): boolean {
    try {
        return (
            readFileSync(`/proc/${pid}/comm`, "utf8") === "dockerd\n" &&
            readlinkSync(`/proc/${pid}/ns/net`) === namespace
        );
    } catch {
        // It ended while we looked, or is somebody else's and we are not root.
        return false;
    }
}
