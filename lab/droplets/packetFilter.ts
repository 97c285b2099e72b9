import ipaddr from "ipaddr.js";
import type { PacketFilter, PacketRule } from "../machines.ts";

/**
 * The nftables text that puts a droplet's filter in force, to be loaded as one transaction by
 * `nft -f`: at no time are the old rules gone and the new ones not there. It works on a table of its own,
 * in the droplet's network namespace, beside the tables that Docker keeps there.
 *
 * - Inbound is judged after connection tracking (priority -200) and before Docker's address translation
 *   (-100): a published port must be seen as the port that the client asked for, whether a process or a
 *   container answers.
 * - Outbound is judged after routing and before source translation (100), so that it covers what the
 *   droplet's containers send as well as its own processes.
 * - Only the two network cards count; traffic within the droplet is no business of the cloud's.
 */
export function filterText(filter: PacketFilter): string {
    // Adding first makes the deletion valid when there is no table yet.
    const reset = ["add table inet cloud", "delete table inet cloud"];
    if (filter === null) return lines(reset);
    return lines([
        ...reset,
        "table inet cloud {",
        ...chain("inbound", "prerouting", -150, "iifname", "saddr", filter.inbound),
        ...chain("outbound", "postrouting", 50, "oifname", "daddr", filter.outbound),
        "}",
    ]);
}

function chain(
    name: string,
    hook: string,
    priority: number,
    device: "iifname" | "oifname",
    address: "saddr" | "daddr",
    rules: readonly PacketRule[],
): string[] {
    return [
        `    chain ${name} {`,
        `        type filter hook ${hook} priority ${priority}; policy accept;`,
        `        ${device} != { "eth0", "eth1" } accept`,
        "        ct state established,related accept",
        ...rules.flatMap((rule) => openings(rule, address)).map((line) => `        ${line}`),
        "        drop",
        "    }",
    ];
}

/** One nftables rule per address family; none where the rule names no address of the family. */
function openings(rule: PacketRule, address: "saddr" | "daddr"): string[] {
    const ipv6 = rule.cidrs.filter((cidr) => cidr.includes(":"));
    const ipv4 = rule.cidrs.filter((cidr) => !cidr.includes(":"));
    return [
        ...(ipv4.length > 0 ? [`ip ${address} ${set(ipv4)} ${what(rule, "icmp")} accept`] : []),
        ...(ipv6.length > 0 ? [`ip6 ${address} ${set(ipv6)} ${what(rule, "ipv6-icmp")} accept`] : []),
    ];
}

function what(rule: PacketRule, icmp: string): string {
    if (rule.protocol === "icmp") return `meta l4proto ${icmp}`;
    if (rule.ports === undefined) return `meta l4proto ${rule.protocol}`;
    const { from, to } = rule.ports;
    return `${rule.protocol} dport ${from === to ? from : `${from}-${to}`}`;
}

/** An nftables set; it refuses members that overlap, which the cloud allows, so nested ranges go first. */
function set(cidrs: readonly string[]): string {
    const distinct = withoutNested(cidrs);
    return distinct.length === 1 ? distinct.join() : `{ ${distinct.join(", ")} }`;
}

/** The ranges that no other range contains, widest first. Two CIDRs either nest or have nothing in common. */
function withoutNested(cidrs: readonly string[]): string[] {
    const ranges = cidrs
        .map((cidr) => ({ cidr, parsed: ipaddr.parseCIDR(cidr) }))
        .sort((a, b) => a.parsed[1] - b.parsed[1]);
    const kept: typeof ranges = [];
    for (const range of ranges)
        if (!kept.some((wider) => range.parsed[0].match(wider.parsed))) kept.push(range);
    return kept.map(({ cidr }) => cidr);
}

function lines(text: readonly string[]): string {
    return `${text.join("\n")}\n`;
}
