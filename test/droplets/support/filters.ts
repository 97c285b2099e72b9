import type { PacketFilter, PacketRule } from "../../../lab/machines.ts";

export const anywhere = ["0.0.0.0/0"];

const everyPort = { from: 1, to: 65535 };

/** Everything, as rules: what a firewall that restricts nothing in one direction holds for it. */
export const everything: readonly PacketRule[] = [
    { protocol: "tcp", ports: everyPort, cidrs: anywhere },
    { protocol: "udp", ports: everyPort, cidrs: anywhere },
    { protocol: "icmp", cidrs: anywhere },
];

export function opening(protocol: "tcp" | "udp", port: number, cidrs: readonly string[]): PacketRule {
    return { protocol, ports: { from: port, to: port }, cidrs };
}

export const ssh = opening("tcp", 22, anywhere);

export const onlySsh: PacketFilter = { inbound: [ssh], outbound: everything };
