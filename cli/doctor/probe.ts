/** What the nodes answered to `probe.sh`, and what that means. No I/O. */
import ipaddr from "ipaddr.js";
import { compressNames } from "../../model/names.ts";
import { isEverywhere } from "../../model/openings.ts";
import type { Settings } from "../../model/settings.ts";
import { isAtLeast } from "../../model/versions.ts";
import { unlocking } from "../managers.ts";
import { shellWord } from "../words.ts";
import { type Check, checksOf } from "./checks.ts";

/** One node's answer. Times are milliseconds since 1970. */
export interface Probe {
    readonly node: string;
    /** Address that this machine has in the node's eyes. */
    readonly from?: string;
    readonly docker?: string;
    readonly swarm?: string;
    /** Used share of the disk that Docker writes to, in percent. */
    readonly disk?: number;
    readonly diskFreeKb?: number;
    readonly inodes?: number;
    /** Own address in the ingress network. */
    readonly ingress?: string;
    /** By `address:port`. */
    readonly tcp: Readonly<Record<string, "open" | "closed" | "untried">>;
    /** By address: the largest packet that came through the overlay. */
    readonly overlay: Readonly<Record<string, "full" | "small" | "lost" | "untried">>;
    readonly clock?: {
        readonly begin: number;
        readonly end: number;
        readonly sent: number;
        readonly received: number;
    };
}

const isIpv4 = (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text);
const isPort = (text: string) => {
    const [address = "", port = "", ...more] = text.split(":");
    return isIpv4(address) && /^\d{1,5}$/.test(port) && more.length === 0;
};

/**
 * What a node says goes into command lines for others, and to a terminal: whatever is not what it may be is left out.
 *
 * @param sent When the question went out. @param received When the answer was complete.
 */
export function parseProbe(node: string, text: string, sent: number, received: number): Probe {
    const lines = text.split("\n").map((line) => line.trim().split(" "));
    const all = (key: string) => lines.filter(([first]) => first === key).map(([, ...values]) => values);
    const first = (key: string) => all(key)[0] ?? [];
    const fit = (value: string | undefined, isFit: (text: string) => boolean) =>
        value !== undefined && isFit(value) ? value : undefined;
    const number = (value: string | undefined) => {
        const digits = fit(value, (text) => /^\d{1,15}(\.\d{1,9})?$/.test(text));
        return digits === undefined ? undefined : Number(digits);
    };
    const pairs = <V extends string>(key: string, isKey: (text: string) => boolean, values: readonly V[]) =>
        Object.fromEntries(
            (all(key) as [string, V][]).filter(([name, value]) => isKey(name) && values.includes(value)),
        );
    const begin = number(first("begin")[0]);
    const end = number(first("end")[0]);
    return {
        node,
        from: fit(first("from")[0], (text) => ipaddr.isValid(text) && !text.includes("%")),
        docker: fit(first("docker")[0], (text) => /^[\w.+~-]{1,64}$/.test(text)),
        swarm: fit(first("swarm")[0], (text) => /^[a-z]{1,16}$/.test(text)),
        disk: number(first("disk")[0]),
        diskFreeKb: number(first("disk")[1]),
        inodes: number(first("inodes")[0]),
        ingress: fit(first("ingress")[0]?.replace(/\/\d{1,2}$/, ""), isIpv4),
        tcp: pairs("tcp", isPort, ["open", "closed", "untried"]),
        overlay: pairs("overlay", isIpv4, ["full", "small", "lost", "untried"]),
        ...(begin !== undefined &&
            end !== undefined && { clock: { begin: begin * 1000, end: end * 1000, sent, received } }),
    };
}

/**
 * Seconds by which a node's clock is off for sure: what it read when it began was after the question went out, and
 * what it read at the end was before the answer was here. Ahead is positive.
 */
export function skew({ clock }: Probe): number | undefined {
    if (!clock) return undefined;
    if (clock.begin < clock.sent) return (clock.begin - clock.sent) / 1000;
    if (clock.end > clock.received) return (clock.end - clock.received) / 1000;
    return 0;
}

const CLOCK_WARN_S = 1;
/** From here on certificates and tokens of the near past or future begin to be refused. */
const CLOCK_FAIL_S = 30;
const DISK_WARN = 80;
const DISK_FAIL = 95;

export function clockCheck(probes: readonly Probe[]): Check {
    const clocks = checksOf("clocks");
    const off = probes
        .map((probe) => ({ node: probe.node, seconds: skew(probe) ?? 0 }))
        .filter(({ seconds }) => Math.abs(seconds) > CLOCK_WARN_S);
    if (off.length === 0) return clocks.ok(`${all(probes)} within ${CLOCK_WARN_S} s of this machine's`);
    const how = (seconds: number) => `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? "ahead" : "behind"}`;
    const text = off.map(({ node, seconds }) => `${node} is ${how(seconds)}`).join(", ");
    const remedy = "let a time service set the clocks: timedatectl set-ntp true, there or on this machine";
    const isFar = off.some(({ seconds }) => Math.abs(seconds) > CLOCK_FAIL_S);
    return isFar ? clocks.fail(text, remedy) : clocks.warn(text, remedy);
}

/** @param oldest `swarm:minDockerVersion`; undefined when the config could not be read. */
export function engineCheck(probes: readonly Probe[], oldest: string | undefined): Check {
    const engines = checksOf("engines");
    const silent = probes.filter(({ docker = "none" }) => docker === "none");
    const [first] = silent;
    if (first) {
        const remedy = `cli/bin/swarm ssh ${first.node} -- systemctl restart docker`;
        return engines.fail(`Docker does not answer on ${names(silent)}`, remedy);
    }
    const groups = Map.groupBy(probes, ({ docker }) => docker as string);
    const text = [...groups].map(([version, some]) => `${version} on ${names(some)}`).join("; ");
    const old = [...groups.keys()].filter((version) => {
        const plain = /^\d+\.\d+\.\d+/.exec(version)?.[0];
        return oldest !== undefined && plain !== undefined && !isAtLeast(plain, oldest);
    });
    if (old.length > 0) {
        const why = `${text}; ${old.join(", ")} is older than ${oldest}`;
        return engines.fail(why, "choose a newer swarm:image, then pulumi up");
    }
    const remedy = "bring them to one version: a newer swarm:image for all, or apt upgrade node by node";
    return groups.size > 1 ? engines.warn(text, remedy) : engines.ok(text);
}

export function diskCheck(probes: readonly Probe[]): Check {
    const disks = checksOf("disks");
    const full = probes.flatMap(({ node, disk = 0, inodes = 0, diskFreeKb }) => {
        const most = Math.max(disk, inodes);
        if (most < DISK_WARN) return [];
        const what = inodes > disk ? `${inodes} % of the inodes` : `${disk} % of the disk`;
        const left = diskFreeKb === undefined ? "" : ` (${(diskFreeKb / 1_048_576).toFixed(1)} GiB left)`;
        return [{ node, most, text: `${node}: ${what} used${left}` }];
    });
    if (full.length === 0) return disks.ok(`${all(probes)} below ${DISK_WARN} %`);
    const text = full.map((entry) => entry.text).join(", ");
    const range = shellWord(names(full));
    const remedy = `cli/bin/swarm docker --on ${range} system prune --all --force, or a larger swarm:size`;
    return full.some(({ most }) => most >= DISK_FAIL) ? disks.fail(text, remedy) : disks.warn(text, remedy);
}

/** Whether a node takes part in a swarm, as its engine says; one whose engine says nothing is looked at elsewhere. */
export function isMember({ swarm }: Probe): boolean {
    // "error" is also the state of a member that was started again, for the rest of its engine's life.
    return swarm === "active" || swarm === "error";
}

/** Nodes that their own engine has in no swarm, which no firewall is the cause of. */
export function memberChecks(probes: readonly Probe[]): Check[] {
    const { fail } = checksOf("member");
    return probes
        .filter((probe) => probe.swarm !== undefined && !isMember(probe))
        .map(({ node, swarm }) => {
            const locked = `${node} is LOCKED since its engine was started again (swarm:autolock)`;
            const remedy = "pulumi up, which has it join; where it was the only manager: docs/operations.md";
            if (swarm === "locked") return fail(locked, unlocking(node));
            return fail(`${node} is in no swarm (${swarm})`, remedy);
        });
}

/** What came of each try from one node to another, with both in words. */
function tries(
    probes: readonly Probe[],
    kind: "tcp" | "overlay",
    target: (address: string) => string,
): { readonly count: number; readonly of: (state: string) => string[] } {
    const results = probes.flatMap((probe) =>
        Object.entries(probe[kind]).map(([key, state]) => {
            const [address = "", port] = key.split(":");
            const text = `${probe.node} to ${target(address)}${port === undefined ? "" : ` port ${port}`}`;
            return { text, state: `${state}` };
        }),
    );
    const of = (wanted: string) => results.filter(({ state }) => state === wanted).map(({ text }) => text);
    return { count: results.length, of };
}

/** @param target Name of the node at each `address:port`. */
export function portCheck(probes: readonly Probe[], target: (address: string) => string): Check {
    const ports = checksOf("ports between nodes");
    const { count, of } = tries(probes, "tcp", target);
    if (of("closed").length > 0) {
        const remedy =
            "is dockerd up there, and does a firewall of the image's own (ufw) shut it? Otherwise: pulumi up --refresh";
        return ports.fail(`no TCP from ${some(of("closed"))}`, remedy);
    }
    if (of("untried").length > 0) {
        const remedy = "cli/bin/swarm docker node ls shows what the managers see";
        return ports.warn("could not be tried: there is no bash on the nodes", remedy);
    }
    return ports.ok(`2377 of each manager and 7946 of each node by TCP, in ${directions(count)}`);
}

/** @param target Name of the node with an address in the ingress network. */
export function overlayCheck(probes: readonly Probe[], target: (address: string) => string): Check {
    const overlay = checksOf("overlay and MTU");
    const { count, of } = tries(probes, "overlay", target);
    if (of("lost").length > 0) {
        const remedy = "4789/udp is shut somewhere on the way: a firewall of the image's own (ufw)?";
        return overlay.fail(`nothing comes through from ${some(of("lost"))}`, remedy);
    }
    if (of("small").length > 0) {
        const remedy =
            "the private network carries less than 1500 bytes; make overlay networks with a smaller com.docker.network.driver.mtu";
        return overlay.fail(`only small packets come through from ${some(of("small"))}`, remedy);
    }
    if (of("untried").length === 0 && count > 0)
        return overlay.ok(`full packets of 1450 bytes through 4789/udp, in ${directions(count)}`);
    if (probes.length < 2) return overlay.ok("a single node has nobody to talk to");
    const why = "could not be tried: the nodes have no ping, nsenter or ingress network";
    return overlay.warn(why, "install iputils-ping on the image");
}

/** Whether the address that the nodes see this machine under may log in. */
export function sshFromCheck(
    probes: readonly Probe[],
    { sshFrom, secretKeys }: Pick<Settings, "sshFrom" | "secretKeys">,
): Check {
    const own = checksOf("own address");
    const isSecret = secretKeys.includes("sshFrom");
    const ranges = isSecret ? "[secret]" : sshFrom.join(", ");
    const from = probes.map((probe) => probe.from).find((address) => ipaddr.isValid(address ?? ""));
    if (from === undefined) {
        const remedy = `find it out, and see that it is within swarm:sshFrom (${ranges})`;
        return own.warn("no node could be asked which address this machine has", remedy);
    }
    const address = ipaddr.process(from);
    const single = `${from}/${address.kind() === "ipv4" ? 32 : 128}`;
    const inside = sshFrom.find((range) => {
        const [network, bits] = ipaddr.parseCIDR(range);
        return network.kind() === address.kind() && address.match([network, bits] as never);
    });
    if (inside === undefined) {
        const remedy = `add ${single} to swarm:sshFrom, then pulumi up`;
        return own.fail(`${from} is not within swarm:sshFrom (${ranges})`, remedy);
    }
    if (!isEverywhere(sshFrom))
        return own.ok(`${from} is within swarm:sshFrom (${isSecret ? "[secret]" : inside})`);
    const everybody = `${from} gets to port 22, and so does everybody (swarm:sshFrom has ${ranges})`;
    return own.warn(everybody, `narrow it: ${single} is enough for this machine`);
}

function all(probes: readonly Probe[]): string {
    return probes.length === 1 ? names(probes) : `all of ${names(probes)}`;
}

function names(probes: readonly Pick<Probe, "node">[]): string {
    return compressNames(probes.map(({ node }) => node));
}

function directions(count: number): string {
    return count === 1 ? "one direction" : `${count} directions`;
}

function some(texts: readonly string[]): string {
    const more = texts.length - 3;
    return more > 0 ? `${texts.slice(0, 3).join(", ")} and ${more} more` : texts.join(", ");
}
