import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { searchPath } from "../engine/path.ts";
import { unmountBelow } from "./mounts.ts";
import { enginesAndContainersHere } from "./neighbours.ts";
import { TENANTS } from "./places.ts";
import { parseTables } from "./traces.ts";

/** What labs' own Docker engines leave on the machine when all of their processes are killed. */
export interface Leftovers {
    /** Bridges of labs' networks, and the machine's ends of the cables that are plugged into them. */
    readonly bridges: readonly string[];
    readonly cables: readonly string[];
    /** Runtime folders, with the containers' network namespaces mounted in them. */
    readonly runs: readonly string[];
}

/** Where to look. The defaults are this machine's; tests have their own. */
export interface Places {
    readonly net: string;
    readonly run: string;
}

const machine: Places = { net: "/sys/class/net", run: "/run" };

/** Bridges of labs and of the droplets' tests, see droplets/networks.ts. */
const bridgeNames = /^sw[lt][0-9a-f]{8}$/;
/** Runtime folders of labs' engines: places.ts, earlier.ts. */
const runNames = /^swarm-lab(-[0-9a-f]{8})?$/;

/**
 * Looks for leftovers. Nothing is one while any Docker engine or container runs in this network
 * namespace: the bridges could be in use.
 */
export function findLeftovers(places = machine, running = enginesAndContainersHere()): Leftovers {
    if (running.length > 0) return { bridges: [], cables: [], runs: [] };
    const bridges = names(places.net).filter(
        (name) => bridgeNames.test(name) && existsSync(path.join(places.net, name, "bridge")),
    );
    return {
        bridges,
        cables: bridges.flatMap((name) => names(path.join(places.net, name, "brif"))),
        runs: names(places.run)
            .filter((name) => runNames.test(name))
            .map((name) => path.join(places.run, name))
            // The labs that used an engine which was removed before are on record still.
            .filter((folder) => names(folder).join() !== TENANTS),
    };
}

/** Leftovers in words, for the person; undefined when there are none. */
export function leftoversText({ bridges, runs }: Leftovers): string | undefined {
    const parts = [
        ...(bridges.length > 0 ? [`the bridges ${bridges.join(", ")}`] : []),
        ...(runs.length > 0 ? [`the folders ${runs.join(", ")}`] : []),
    ];
    return parts.length > 0 ? parts.join(" and ") : undefined;
}

/**
 * Removes leftovers, also those of another checkout: a bridge keeps the route to its range, and a lab
 * that wants this range, the one that all labs begin with, would not start until the machine reboots.
 * @returns what could not be removed, for the person.
 */
export async function removeLeftovers(found: Leftovers): Promise<string[]> {
    const problems: string[] = [];
    const attempt = async (command: string, parameters: string[]) => {
        await execa(command, parameters, { timeout: 10_000, env: { PATH: searchPath() } }).catch((error) =>
            problems.push(error.shortMessage),
        );
    };
    for (const link of [...found.cables, ...found.bridges]) await attempt("ip", ["link", "delete", link]);
    for (const rule of await rulesOf(found.bridges)) await attempt("iptables", rule);
    problems.push(...(await unmountBelow(found.runs)));
    if (problems.length === 0)
        for (const folder of found.runs) {
            // Whose labs used the engine is still true.
            for (const name of names(folder))
                if (name !== TENANTS) rmSync(path.join(folder, name), { recursive: true, force: true });
            if (names(folder).length === 0) rmdirSync(folder);
        }
    return problems;
}

/** Arguments for iptables(8) that delete the rules about these bridges. */
export function deletionsOf(bridges: readonly string[], listing: string): string[][] {
    return parseTables(listing).flatMap(({ name, rules }) =>
        rules
            .map((rule) => rule.split(" "))
            .filter((words) =>
                words.some((word, at) => /^-[io]$/.test(words[at - 1] ?? "") && bridges.includes(word)),
            )
            .map(([, ...words]) => ["-t", name, "-D", ...words]),
    );
}

async function rulesOf(bridges: readonly string[]): Promise<string[][]> {
    if (bridges.length === 0) return [];
    const { stdout, exitCode } = await execa("iptables-save", [], {
        reject: false,
        timeout: 10_000,
        env: { PATH: searchPath() },
    });
    return exitCode === 0 ? deletionsOf(bridges, stdout) : [];
}

function names(folder: string): string[] {
    return existsSync(folder) ? readdirSync(folder).sort() : [];
}
