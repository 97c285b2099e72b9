import * as pulumi from "@pulumi/pulumi";
import { known } from "../components/known.ts";
import type { Node } from "../components/nodes.ts";
import type { Differs } from "../components/remote.ts";
import { OBJECT_KINDS, type ObjectKind } from "../model/contents.ts";
import { engineSpec } from "../model/engineSpec.ts";
import { heldBy, heldObjects, usesObjects } from "../model/held.ts";
import { networkMarks } from "../model/networks.ts";
import type { ListedDroplet } from "../model/preflight.ts";
import type { ServiceSpec, Settings } from "../model/settings.ts";
import { roleByTags, type StackNames } from "../model/stackNames.ts";
import { type Difference, swarmDifferences, type WantedSwarm } from "./differences.ts";
import { askInTurn, type Candidate } from "./session.ts";

/** Whose scripts have something to mend. */
export interface Differing {
    readonly swarm?: Differs;
    readonly roster?: Differs;
    /** By the node's name. */
    readonly joins: ReadonlyMap<string, Differs>;
    /** By the service's name; undefined where the swarm could not be looked at. */
    readonly services?: ReadonlyMap<string, Differs>;
    readonly objects: Partial<Record<ObjectKind | "unused", Differs>>;
}

const NOTHING: Differing = { joins: new Map(), objects: {} };

/**
 * Looks at the swarm and says where it is not what the config says, in previews as in ups. Whoever mends it is told so,
 * and runs, though its inputs are what they were: see `DIFFERS` in components/remote.ts.
 *
 * Asked are the managers whose droplets the cloud listed when the program started, so that nothing waits for what is being
 * made. Where nobody can be asked there is a sentence and nothing is concluded.
 */
export async function lookAtSwarm(args: {
    readonly settings: Settings;
    /** Undefined in a preview before the first up. */
    readonly names: StackNames | undefined;
    readonly nodes: readonly Node[];
    /** Those with the stack's mark; undefined where they could not be looked up. */
    readonly droplets: readonly ListedDroplet[] | undefined;
    /** What the names of secrets and configs are made with. */
    readonly key: pulumi.Output<string>;
}): Promise<Differing> {
    const { settings, names, nodes, droplets } = args;
    if (!droplets) return notLooked("its droplets could not be listed");
    if (!names || droplets.length === 0) {
        // While it lasts: there is nothing that it could have differed in.
        const text = "No droplet carries the stack's mark yet, so there is no swarm to be looked at.";
        await pulumi.log.info(text, undefined, undefined, true);
        return NOTHING;
    }
    const candidates = await candidatesOf(nodes, droplets);
    if (candidates.length === 0) return notLooked("the cloud has no droplet of its managers");
    const looked = await askInTurn(candidates);
    if ("why" in looked) return notLooked(looked.why);
    const key = await known(args.key);
    const differences = swarmDifferences(wantedSwarm(settings, names.stack, droplets, key), looked.facts);
    if (differences.length > 0) await pulumi.log.warn(warning(differences));
    return differing(differences);
}

async function notLooked(why: string): Promise<Differing> {
    await pulumi.log.info(
        `The swarm could not be looked at, so what was changed in it by hand is not seen here. ${why}`,
    );
    return NOTHING;
}

/** What the people read: a line each. */
export function warning(differences: readonly Difference[]): string {
    const mended = differences.filter(({ mendedBy }) => mendedBy !== undefined);
    const others = differences.filter(({ mendedBy }) => mendedBy === undefined);
    const lines = (some: readonly Difference[]) =>
        some.map(({ text, remedy }) => `  - ${text}${remedy ? `; ${remedy}` : ""}`);
    return [
        ...(mended.length > 0
            ? ["Swarm and config differ; pulumi up makes the swarm what the config says:"]
            : []),
        ...lines(mended),
        ...(others.length > 0 ? ["Not to be mended by pulumi up alone:"] : []),
        ...lines(others),
    ].join("\n");
}

export function differing(differences: readonly Difference[]): Differing {
    const of = (kind: "swarm" | "roster" | ObjectKind | "unused") =>
        differences.some(({ mendedBy }) => mendedBy?.kind === kind);
    const joins = new Map<string, Differs>();
    const services = new Map<string, Differs>();
    for (const { mendedBy } of differences) {
        if (mendedBy?.kind === "join") joins.set(mendedBy.node, "missing");
        if (mendedBy?.kind === "service") services.set(mendedBy.service, "differs");
    }
    return {
        ...(of("swarm") && { swarm: "differs" }),
        ...(of("roster") && { roster: "differs" }),
        joins,
        services,
        objects: Object.fromEntries(
            ([...OBJECT_KINDS, "unused"] as const).filter(of).map((kind) => [kind, "differs"] as const),
        ),
    };
}

/** The droplets of nodes that the config has no more, by name, as a person finds them. */
export function leavingNodes(
    { nodes }: Pick<Settings, "nodes">,
    droplets: readonly ListedDroplet[],
): string[] {
    return droplets
        .filter((droplet) => !nodes.some(({ name }) => name === droplet.name))
        .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }))
        .map(({ name, id }) => `the droplet ${id} of ${name}`);
}

/** Those that the cloud has as managers first, which a node that is to become one is not yet. */
async function candidatesOf(
    nodes: readonly Node[],
    droplets: readonly ListedDroplet[],
): Promise<Candidate[]> {
    const found = nodes.flatMap((node) => {
        const own = droplets.filter(({ name, status }) => name === node.name && status === "active");
        const isManager = own.some(({ tags }) => roleByTags(tags) === "manager");
        return isManager || node.role === "manager"
            ? own.map(({ ipv4Address }) => ({ node, host: ipv4Address, isManager }))
            : [];
    });
    const logins = await Promise.all(
        found
            .filter(({ host }) => host !== "")
            .sort((a, b) => Number(b.isManager) - Number(a.isManager))
            .map(async ({ node, host }) => {
                const { user, privateKey, hostKey } = node.connection;
                const [key, pinned] = await Promise.all([
                    known(pulumi.output(privateKey)),
                    known(pulumi.output(hostKey)),
                ]);
                return key && pinned
                    ? [{ name: node.name, host, user: `${user}`, privateKey: key, hostKey: pinned }]
                    : [];
            }),
    );
    return logins.flat();
}

/** @param key Undefined while it is about to be made anew: then no name with a hash is known. */
function wantedSwarm(
    settings: Settings,
    stack: string,
    droplets: readonly ListedDroplet[],
    key: string | undefined,
): WantedSwarm {
    const { services, keep } = settings;
    const spec = (service: ServiceSpec) =>
        usesObjects(service) && key === undefined
            ? undefined
            : engineSpec(service, heldBy(settings, key ?? ""));
    return {
        ...(key !== undefined && { objects: { wanted: heldObjects(services, settings, key), keep } }),
        stack,
        droplets: droplets.map(({ ipv4AddressPrivate }) => ipv4AddressPrivate),
        autolock: settings.autolock,
        members: settings.nodes.map(({ name, role }) => {
            const own = droplets.filter((droplet) => droplet.name === name);
            const droplet = own.find(({ status }) => status === "active") ?? own[0];
            return {
                name,
                role,
                labels: settings.nodeLabels[name] ?? {},
                availability: role === "manager" ? settings.managerAvailability : "active",
                addresses: own
                    .map(({ ipv4AddressPrivate }) => ipv4AddressPrivate)
                    .filter((address) => address),
                ...(droplet && { droplet: { id: `${droplet.id}`, status: droplet.status } }),
            };
        }),
        networks: networkMarks(settings),
        services: services.map((service) => ({
            name: service.name,
            spec: spec(service),
            secret: settings.secretKeys.includes("services"),
        })),
    };
}
