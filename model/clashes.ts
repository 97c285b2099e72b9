/**
 * What is wrong with services that each are well formed: ports, and nodes to run on.
 */

import { compressNames } from "./names.ts";
import { publishedRanges } from "./openPorts.ts";
import { eligibleNodes, type Members } from "./placement.ts";
import { clusterUse, portClashes, portKey } from "./ports.ts";
import type { Problem } from "./problems.ts";
import { orList } from "./schema.ts";
import type { OpenPorts, ServiceSpec, Settings } from "./settings.ts";

/** A DigitalOcean firewall takes 50 rules in all; the nodes' own traffic needs seven, and a few are kept free. */
const MAX_RULES = 40;

/** Ports that the nodes need for themselves, ports that are published twice, and more than a firewall has rules for. */
export function portProblems(services: readonly ServiceSpec[], open: readonly OpenPorts[] = []): Problem[] {
    const problems: Problem[] = [];
    for (const { name, ports } of services) {
        for (const port of ports) {
            const use = clusterUse(port);
            if (use !== undefined) {
                problems.push({
                    path: ["services", name, "ports"],
                    value: portKey(port),
                    why: `the nodes need this port themselves, for ${use}`,
                    allowed: "any published port but 22/tcp, 2377/tcp, 7946/tcp, 7946/udp and 4789/udp",
                });
            }
        }
    }
    for (const [port, names] of portClashes(services)) {
        const publishers = [...new Set(names)];
        problems.push({
            path: ["services", names.at(-1) ?? "", "ports"],
            value: port,
            why:
                publishers.length === 1
                    ? `published ${names.length} times by ${publishers.join()}`
                    : `published by ${orList(publishers, "and")}`,
            allowed: "each port once in the stack: a node has it only once",
        });
    }
    const rules = publishedRanges(services.flatMap(({ ports }) => ports)).length;
    if (rules + open.length > MAX_RULES) {
        const ranges = open.length > 0 ? ` and ${open.length} of swarm:openPorts` : "";
        problems.push({
            path: ["services"],
            value: `${rules} published ports and ranges of ports${ranges}`,
            why: "",
            allowed:
                `at most ${MAX_RULES} in the stack, since a DigitalOcean firewall takes 50 rules; ports that follow one ` +
                "another are one range",
        });
    }
    return problems;
}

/** Services that no node can run, or not as many times as wanted. */
export function placementProblems(
    settings: Members & Pick<Settings, "services">,
    received: (key: string) => unknown,
): Problem[] {
    return settings.services.flatMap((service): Problem[] => {
        const nodes = eligibleNodes(service, settings);
        if (nodes.length === 0) {
            return [nowhere(service, settings, received)];
        }
        const port = service.ports.find(({ mode }) => mode === "host");
        if (
            port === undefined ||
            service.mode.kind !== "replicated" ||
            service.mode.replicas <= nodes.length
        ) {
            return [];
        }
        return [
            {
                path: ["services", service.name, "replicas"],
                value: service.mode.replicas,
                why:
                    `port ${portKey(port)} is published in mode host, which each node can do once, and ` +
                    `the nodes that can run the service are ${nodes.length}: ${compressNames(nodes)}`,
                allowed: `at most ${nodes.length}, or more nodes, or mode ingress`,
            },
        ];
    });
}

function nowhere(
    service: ServiceSpec,
    settings: Pick<Settings, "managerAvailability">,
    received: (key: string) => unknown,
): Problem {
    const drained = settings.managerAvailability === "drain" ? ", managers being drained" : "";
    if (service.constraints.length > 0) {
        return {
            path: ["services", service.name, "constraints"],
            value: service.constraints,
            why: `leave no node to run the service${drained}`,
            allowed: "constraints that at least one node meets",
        };
    }
    return {
        path: ["managerAvailability"],
        value: received("managerAvailability"),
        why: `there are no workers, so that no node can run the service ${service.name}`,
        allowed: 'workers, or "active"',
    };
}
