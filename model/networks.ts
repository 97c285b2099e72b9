/**
 * Overlay networks: their names, and the options that a network has for itself, which all services on it share.
 */

import { createHash } from "node:crypto";
import { STACK_LABEL } from "./engineSpec.ts";
import { isLabel } from "./names.ts";
import type { Problem } from "./problems.ts";
import { FREE_TEXT_ALLOWED, flag, freeText, isPlainName, map, object } from "./schema.ts";
import type { Line } from "./scriptInput.ts";
import type { NetworkSpec, ServiceSpec, Settings } from "./settings.ts";

/** Networks that Docker makes itself; none of them is an overlay network for services. */
const DOCKER_NETWORKS = ["ingress", "bridge", "host", "none"];

export const NETWORK_ALLOWED =
    "the name of an overlay network: lower-case letters, digits and inner hyphens, at most 63 characters, " +
    `and none of ${DOCKER_NETWORKS.join(", ")}`;

export function isNetworkName(received: string): boolean {
    return isLabel(received) && !DOCKER_NETWORKS.includes(received);
}

/** Of the overlay driver, which looks whether the option is there, not at its value. */
const ENCRYPTED = "encrypted";

export const driverOptions = map(
    `a map from names of the driver's options to ${FREE_TEXT_ALLOWED}`,
    isPlainName,
    freeText(),
).default({});

/** `networks`: by the network's name. */
export const networks = map(
    `a map from names of networks, each ${NETWORK_ALLOWED}, to their options`,
    isNetworkName,
    object({
        attachable: flag().default(false),
        internal: flag().default(false),
        driverOptions,
    }),
);

/** What no traffic between nodes would pass with. */
export function networkProblems(own: Readonly<Record<string, NetworkSpec>>): Problem[] {
    return Object.entries(own)
        .filter(([, { driverOptions }]) => driverOptions[ENCRYPTED] !== undefined)
        .map(([name]) => ({
            path: ["networks", name, "driverOptions", ENCRYPTED],
            value: own[name]?.driverOptions[ENCRYPTED],
            why: "encrypted overlay networks speak ESP between nodes, which DigitalOcean's firewalls do not pass",
            allowed: "any other option; encrypt in the application what must not be read in the VPC",
        }));
}

/** What tells options apart that a network has from those that it is to have; on a network without any there is none. */
export const OPTIONS_LABEL = "swarm.options";

/** Twelve hexadecimal digits, or "-" for a network without options of its own. */
function optionsMark(spec: NetworkSpec | undefined): string {
    const { Attachable, Internal, Options } = optionsOf(spec);
    if (!Attachable && !Internal && Object.keys(Options).length === 0) return "-";
    const sorted = Object.entries(Options).sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify([Attachable, Internal, sorted]);
    return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

type OfNetworks = Pick<Settings, "services" | "networks">;

const onNetworks = (services: readonly ServiceSpec[]) =>
    new Set(services.flatMap((service) => service.networks.map(({ name }) => name)));

/** The mark of each network that services or `swarm:networks` name, sorted by the networks' names. */
export function networkMarks({ services, networks: own }: OfNetworks): Record<string, string> {
    const names = new Set([...onNetworks(services), ...Object.keys(own)]);
    return Object.fromEntries([...names].sort().map((name) => [name, optionsMark(own[name])]));
}

/** What the roster is told: of a network that no service is on, for what others deploy, also how it is made. */
export function rosterNetworkLines(settings: OfNetworks): Line[] {
    const used = onNetworks(settings.services);
    return Object.entries(networkMarks(settings)).map(([name, mark]): Line => {
        const body = used.has(name) ? "" : ` ${networkBody(name, settings.networks[name])}`;
        return ["network", `${name} ${mark}${body}`];
    });
}

/** What a service's script is told of its networks. */
export function networkLines(service: ServiceSpec, own: Readonly<Record<string, NetworkSpec>>): Line[] {
    return service.networks.map(({ name }): Line => {
        const spec = own[name];
        return ["network", `${name} ${optionsMark(spec)} ${networkBody(name, spec)}`];
    });
}

/** As the Engine's API takes it (`NetworkCreate`), in one line. The stack's label is the script's to fill in. */
function networkBody(name: string, spec: NetworkSpec | undefined): string {
    const mark = optionsMark(spec);
    return JSON.stringify({
        Name: name,
        Driver: "overlay",
        ...optionsOf(spec),
        Labels: { [STACK_LABEL]: "", ...(mark !== "-" && { [OPTIONS_LABEL]: mark }) },
    });
}

function optionsOf(spec: NetworkSpec | undefined) {
    const { attachable = false, internal = false, driverOptions = {} } = spec ?? {};
    return { Attachable: attachable, Internal: internal, Options: driverOptions };
}
