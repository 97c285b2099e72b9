import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { defaultSocket } from "./connect.ts";

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

/** The words that a process was started with; none when it has just ended or is not ours to look at. */
export function argumentsOf(pid: number): string[] {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    } catch {
        return [];
    }
}

/** That an engine is in the way, which one it is, and how it can be used instead. */
export function neighbourText(pid: number, args: readonly string[]): string {
    const sockets = optionValues(args, "--host", "-H").filter((host) => host.startsWith("unix://"));
    const checkout = /^(.+)\/\.lab\/cache\/docker$/.exec(optionValues(args, "--data-root")[0] ?? "")?.[1];
    const whose = checkout === undefined ? "" : `, started by a lab of ${checkout}`;
    const [socket] = sockets;
    return (
        `A Docker engine runs on this machine (process ${pid}${whose}), ` +
        `${socket === undefined ? `but it does not answer on ${defaultSocket}` : `which listens on ${socket}`}, ` +
        `and a second one beside it would disturb it. ` +
        `${socket === undefined ? "Have DOCKER_HOST name its socket (unix:///path)" : `Set DOCKER_HOST=${socket}`}, or stop it.`
    );
}

/** Values of an option in a command line, as `--name value` and `--name=value`. */
function optionValues(args: readonly string[], ...names: readonly string[]): string[] {
    return args.flatMap((arg, at) => {
        const name = names.find((candidate) => arg === candidate || arg.startsWith(`${candidate}=`));
        if (name === undefined) return [];
        return [arg === name ? (args[at + 1] ?? "") : arg.slice(name.length + 1)];
    });
}
