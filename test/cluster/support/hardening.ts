/** What docs/security.md says of the nodes, read from there: so that a test can hold each row against a node. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../../lab/instance.ts";

export interface BenchRow {
    /** As CIS and docker-bench-security number it, such as 7.3. */
    readonly number: string;
    readonly verdict: "met" | "differs" | "optional";
    /** To be run on a manager. */
    readonly command: string;
    /** What it prints there, `…` for anything. */
    readonly prints: RegExp;
    readonly why: string;
}

const text = () => readFileSync(path.join(root, "docs/security.md"), "utf8");

/** The rows of the table of the CIS benchmark's section 7. */
export function benchRows(document = text()): BenchRow[] {
    return document
        .split("\n")
        .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()))
        .filter(([number]) => /^7\.\d+$/.test(number ?? ""))
        .map(([number = "", , verdict, command = "", prints = "", why = ""]) => {
            if (verdict !== "met" && verdict !== "differs" && verdict !== "optional") {
                throw new Error(`row ${number} of docs/security.md has the verdict "${verdict}"`);
            }
            return {
                number,
                verdict,
                command: command.replace(/^`|`$/g, ""),
                prints: patternOf(prints),
                why,
            };
        });
}

/** `nothing` stands for no output, `…` for anything. */
function patternOf(cell: string): RegExp {
    const printed = cell === "nothing" ? "" : cell.replace(/^`|`$/g, "");
    return new RegExp(`^${printed.split("…").map(escaped).join(".*")}$`, "s");
}

const escaped = (part: string) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** A socket that takes what comes from outside a node's processes: protocol, address and port, and whose it is. */
export interface Listener {
    readonly protocol: string;
    readonly address: string;
    readonly port: number;
    /** Name of the process; empty for the kernel's. */
    readonly process: string;
}

/** Reads `ss -Hltnup`. */
export function listeners(printed: string): Listener[] {
    return printed
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => {
            const [protocol = "", , , , local = "", , user = ""] = line.trim().split(/\s+/);
            const [, address = "", port = ""] = /^(.*):(\d+)$/.exec(local) ?? [];
            return {
                protocol,
                address: address.replace(/^\[|\]$/g, ""),
                port: Number(port),
                process: /\(\("([^"]+)"/.exec(user)?.[1] ?? "",
            };
        });
}

/**
 * Those that are meant, of a node with this private address: sshd, the swarm's ports on the private address alone (2377
 * on managers), VXLAN, which the kernel takes everywhere and the firewall from members alone, and published ports.
 * Loopback is nobody else's.
 */
export function unexpected(
    found: readonly Listener[],
    node: { readonly privateIp: string; readonly role: string },
    published: readonly number[],
): Listener[] {
    return found.filter(({ protocol, address, port, process }) => {
        if (address.startsWith("127.") || address === "::1") return false;
        if (protocol === "tcp" && port === 22 && process === "sshd") return false;
        if (protocol === "udp" && port === 4789 && process === "") return false;
        if (process === "dockerd" && address === node.privateIp) {
            return !(port === 7946 || (protocol === "tcp" && port === 2377 && node.role === "manager"));
        }
        return !(process === "dockerd" && protocol === "tcp" && published.includes(port));
    });
}
