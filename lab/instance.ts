import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import ipaddr from "ipaddr.js";
import { LabError } from "./errors.ts";
import type { Lock } from "./lock.ts";

/** The repository's top folder. */
export const root = path.resolve(import.meta.dirname, "..");

/** What all labs of this checkout share: made once, kept by `make down`, removed by `make clean`. */
export interface Cache {
    readonly dir: string;
    readonly officialPlugins: string;
    readonly answers: string;
    readonly lock: Lock;
}

/** One lab: its own cloud, stack and daemon. Several may run side by side, each with its name, port and range. */
export interface Instance {
    readonly name: string;
    /** Top folder of the checkout, by which the lab is told from one of the same name elsewhere. */
    readonly checkout: string;
    /** The emulated API listens on 127.0.0.1:port. */
    readonly port: number;
    /** The droplets' public addresses come from this range, as `a.b.c.d/n`. */
    readonly publicCidr: string;
    /** Everything this instance writes, its stack's config file apart; gone after `make down`. */
    readonly dir: string;
    readonly pulumiHome: string;
    readonly state: string;
    readonly passphrase: string;
    readonly token: string;
    readonly log: string;
    readonly pid: string;
    /** The stack's config lies beside Pulumi.yaml, where a plain `pulumi config set` looks for it. */
    readonly stackConfig: string;
    readonly cache: Cache;
}

const DEFAULTS = { LAB_NAME: "lab", LAB_PORT: "8745", LAB_PUBLIC_CIDR: "198.51.100.0/24" };

/**
 * Reads `LAB_NAME`, `LAB_PORT` and `LAB_PUBLIC_CIDR`; an empty value counts as absent.
 * @throws LabError naming every bad setting at once.
 */
export function instanceFrom(env: NodeJS.ProcessEnv, top = root): Instance {
    const name = env.LAB_NAME || DEFAULTS.LAB_NAME;
    const port = env.LAB_PORT || DEFAULTS.LAB_PORT;
    const publicCidr = env.LAB_PUBLIC_CIDR || DEFAULTS.LAB_PUBLIC_CIDR;
    const problems = [nameProblem(name), portProblem(port), rangeProblem(publicCidr)].filter((text) => text);
    if (problems.length > 0) throw new LabError(problems.join("\n"));
    const dir = path.join(top, ".lab", name);
    return {
        name,
        checkout: top,
        port: Number(port),
        publicCidr,
        dir,
        pulumiHome: path.join(dir, "pulumi"),
        state: path.join(dir, "state"),
        passphrase: path.join(dir, "passphrase"),
        token: path.join(dir, "token"),
        log: path.join(dir, "lab.log"),
        pid: path.join(dir, "lab.pid"),
        stackConfig: path.join(top, `Pulumi.${name}.yaml`),
        cache: cacheOf(top),
    };
}

/** Address of the emulated API, to be. */
export function apiUrl(instance: Instance): string {
    return `http://127.0.0.1:${instance.port}`;
}

export function cacheOf(top: string): Cache {
    const dir = path.join(top, ".lab", "cache");
    return {
        dir,
        officialPlugins: path.join(dir, "official-plugins"),
        answers: path.join(dir, "answers.json"),
        lock: { file: path.join(dir, "lock"), where: "in this checkout" },
    };
}

/** Names of the other instances of this checkout that have not been taken down. */
export function otherInstances(instance: Instance): string[] {
    const lab = path.dirname(instance.dir);
    if (!existsSync(lab)) return [];
    return readdirSync(lab, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== "cache" && entry.name !== instance.name)
        .map((entry) => entry.name)
        .sort();
}

/** The name becomes a stack, its config file, and part of container names; git ignores Pulumi.lab*.yaml only. */
function nameProblem(name: string): string | undefined {
    if (/^lab(-[a-z0-9]+)*$/.test(name) && name.length <= 24) return undefined;
    return `LAB_NAME is "${name}"; it must be "lab" or "lab-" with lower-case letters, digits and single dashes, at most 24 characters.`;
}

function portProblem(port: string): string | undefined {
    if (/^[1-9]\d{0,4}$/.test(port) && Number(port) >= 1024 && Number(port) <= 65535) return undefined;
    return `LAB_PORT is "${port}"; it must be a port number from 1024 to 65535.`;
}

function rangeProblem(cidr: string): string | undefined {
    const text = `LAB_PUBLIC_CIDR is "${cidr}"; it must be an IPv4 range from /16 to /28 that begins at its first address, like 198.51.100.0/24.`;
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)) return text;
    const [address, length] = ipaddr.IPv4.parseCIDR(cidr);
    const first = ipaddr.IPv4.networkAddressFromCIDR(cidr).toString();
    return length >= 16 && length <= 28 && address.toString() === first ? undefined : text;
}
