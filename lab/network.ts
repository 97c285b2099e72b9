import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type Docker from "dockerode";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { type LabId, labOf, labText } from "./droplets/lab.ts";
import { LabError } from "./errors.ts";

/** Where a lab's daemon says which lab it is, to any other lab that finds its port taken. */
export const OWNER_PATH = "/lab/owner";

/** A range of addresses that is in use, and by what, in words. */
export interface Taken {
    readonly cidr: string;
    readonly by: string;
}

/** Whether two IPv4 ranges have an address in common. */
export function overlap(a: string, b: string): boolean {
    const [first, second] = [ipaddr.IPv4.parseCIDR(a), ipaddr.IPv4.parseCIDR(b)];
    const shorter = Math.min(first[1], second[1]);
    return first[0].match([second[0], shorter]);
}

/** The first of the ranges in use that `cidr` overlaps with, as an error text; undefined when it is free. */
export function rangeConflict(cidr: string, taken: readonly Taken[]): string | undefined {
    const other = taken.find((candidate) => overlap(cidr, candidate.cidr));
    if (other === undefined) return undefined;
    return (
        `The droplets' public range, ${cidr}, overlaps with ${other.cidr}, which is taken by ${other.by}. ` +
        `Set LAB_PUBLIC_CIDR to a range that is free on this machine, like 198.18.1.0/24.`
    );
}

/** @param owner the lab that answers on the port; undefined when it is no lab that does. */
export function portConflict(port: number, owner: LabId | undefined): string {
    return (
        `Port ${port} on 127.0.0.1, where the lab's API is to listen, is taken by ` +
        `${owner === undefined ? "another program" : labText(owner)}. Set LAB_PORT to a port that is free.`
    );
}

/**
 * Reads /proc/net/route, whose addresses are hexadecimal in the byte order of the machine (little-endian
 * on all that the lab runs on). The default route takes nothing.
 */
export function routesFrom(text: string): Taken[] {
    return text
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.split("\t"))
        .map(([device = "", destination = "", , , , , , mask = ""]) => ({
            cidr: `${fromHex(destination)}/${ipaddr.IPv4.parse(fromHex(mask)).prefixLengthFromSubnetMask()}`,
            by: `a route of this machine (device ${device})`,
        }))
        .filter((route) => !route.cidr.endsWith("/0"));
}

function fromHex(text: string): string {
    return [6, 4, 2, 0].map((at) => Number.parseInt(text.slice(at, at + 2), 16)).join(".");
}

/** Docker's networks with an IPv4 range. */
export async function dockerRanges(docker: Docker): Promise<Taken[]> {
    const networks = await docker.listNetworks();
    return networks.flatMap((network) =>
        (network.IPAM?.Config ?? []).flatMap((config: { Subnet?: string }) =>
            config.Subnet !== undefined && ipaddr.IPv4.isValidCIDR(config.Subnet)
                ? [{ cidr: config.Subnet, by: holder(network) }]
                : [],
        ),
    );
}

/** What has a network of an engine's, in words. */
export function holder({ Name, Labels }: Docker.NetworkInspectInfo): string {
    const lab = labOf(Labels);
    const network = `the Docker network "${Name}"`;
    return lab === undefined ? network : `${labText(lab)} (${network})`;
}

/**
 * Before a lab begins: its range must be free.
 * @throws LabError that names what has it. Docker's networks come first, since each has a route as well
 * and its name says more.
 */
export async function requireFreeRange(cidr: string, docker: Docker): Promise<void> {
    const taken = [...(await dockerRanges(docker)), ...routesFrom(readFileSync("/proc/net/route", "utf8"))];
    const problem = rangeConflict(cidr, taken);
    if (problem !== undefined) throw new LabError(problem);
}

/** Before a lab begins: its port must be free. */
export async function requireFreePort(port: number): Promise<void> {
    const server = createServer();
    const problem = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
        server.once("error", resolve);
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
    });
    if (problem?.code === "EADDRINUSE") throw new LabError(portConflict(port, await ownerOf(port)));
    if (problem !== undefined) throw problem;
}

const ownerSchema = z.object({ name: z.string(), checkout: z.string() });

/** The lab whose daemon listens on a port; see serve.ts. */
async function ownerOf(port: number): Promise<LabId | undefined> {
    try {
        const answer = await fetch(`http://127.0.0.1:${port}${OWNER_PATH}`, {
            signal: AbortSignal.timeout(2_000),
        });
        return ownerSchema.parse(await answer.json());
    } catch {
        return undefined;
    }
}
