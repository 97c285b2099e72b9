import { isObject } from "../../model/engineSpec.ts";
import { openToAll, type Ports, portsOf } from "../../model/openings.ts";
import { isServiceCommand, readInput } from "../../model/scriptInput.ts";
import { openings, sources, what } from "../firewall.ts";
import { listed, ofType, type Rule, type SeenInStack, texts, types, type Violation } from "../rule.ts";

const SSH = 22;

/**
 * What is published is read from what the service commands are given, and not from the config: so a firewall and a
 * service that have come apart show as well. Port 22 has a rule of its own.
 */
export const onlyPublishedPortsOpen: Rule = {
    name: "only-published-ports-open",
    description: "Nothing but what services publish, and swarm:openPorts names, is open to the world.",
    level: "mandatory",
    stack: (resources) => {
        const published = publishedPorts(resources);
        const named = ofType(resources, types.network).flatMap(({ properties }) =>
            texts(properties.openPorts),
        );
        const allowed = new Set([...published, ...named.flatMap(eachPort)]);
        const firewalls = ofType(resources, types.firewall);
        const all = new Map(firewalls.map((firewall) => [firewall.urn, openings(firewall)]));
        const beside = [...all.values()].flat();
        return firewalls.flatMap((firewall) =>
            (all.get(firewall.urn) ?? [])
                // Of what is not known yet, the up says more.
                .filter(({ protocol }) => protocol !== "unknown")
                .filter((at) =>
                    openToAll(at, beside).some((ports) => !isPublished(at.protocol, ports, allowed)),
                )
                .map(
                    (at): Violation => ({
                        urn: firewall.urn,
                        text:
                            `firewall "${firewall.name}" lets ${what(at)} in from ${sources(at)}, and no service ` +
                            "publishes that: whatever comes to listen there, anybody can reach it. Allowed from " +
                            `everywhere: ${listed([...published, ...named].sort())}; all else from named ranges or from tags`,
                    }),
                ),
        );
    },
};

/** As "80/tcp". */
function publishedPorts(resources: readonly SeenInStack[]): ReadonlySet<string> {
    return new Set(
        ofType(resources, types.remote).flatMap(({ urn, properties: { stdin } }) => {
            if (!isServiceCommand(urn)) return [];
            const { EndpointSpec } = (typeof stdin === "string" && readInput(stdin)?.spec) || {};
            const { Ports } = isObject(EndpointSpec) ? EndpointSpec : {};
            return (Array.isArray(Ports) ? Ports : []).map(
                ({ PublishedPort, Protocol }) => `${PublishedPort}/${Protocol}`,
            );
        }),
    );
}

/** Of `9000-9010/tcp`, as "9000/tcp" and so on. */
function eachPort(open: string): string[] {
    const [range = "", protocol] = open.split("/");
    const [first, last] = portsOf(range);
    return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

function isPublished(protocol: string, [first, last]: Ports, published: ReadonlySet<string>): boolean {
    for (let port = first; port <= last; port += 1) {
        const isSsh = protocol === "tcp" && port === SSH;
        if (!isSsh && !published.has(`${port}/${protocol}`)) return false;
    }
    return true;
}
