/**
 * Where a swarm is not what the config says, whoever or whatever made it so: a failed or killed run, a change that was taken
 * back, somebody's hand. For previews and ups, which mend it, and for whoever asks after it.
 */

import type { ObjectKind } from "../model/contents.ts";
import { isKnownField } from "../model/engineFields.ts";
import type { JsonObject } from "../model/engineSpec.ts";
import { fieldAt, IMAGE_LABEL, LABELS_LABEL, NODE_LABEL, STACK_LABEL } from "../model/engineSpec.ts";
import { OPTIONS_LABEL } from "../model/networks.ts";
import type { NodeRole } from "../model/settings.ts";
import { type SpecChange, specChanges } from "../model/specChanges.ts";
import { isOwnLabel } from "../model/stackNames.ts";
import type { ApiNode, ApiService, SwarmFacts } from "./facts.ts";
import { objectDifferences, type WantedObjects } from "./objects.ts";

/** What the swarm is to be. */
export interface WantedSwarm {
    /** Value of the stack's label. */
    readonly stack: string;
    readonly members: readonly WantedMember[];
    readonly services: readonly WantedService[];
    /** Marks of the options of overlay networks, by their names; undefined where they are not known. */
    readonly networks?: Readonly<Record<string, string>>;
    /** Undefined where they are not known. */
    readonly objects?: WantedObjects;
    /** Private addresses of all the stack's droplets that the cloud has; undefined where they are not known. */
    readonly droplets?: readonly string[];
    /** Undefined where it is not known. */
    readonly autolock?: boolean;
    /** Who wants it so, in the texts: the config, unless said otherwise. */
    readonly by?: "config" | "stack";
}

export interface WantedMember {
    readonly name: string;
    readonly role: NodeRole;
    /** Undefined where it is not known. */
    readonly availability?: "active" | "drain";
    /** Labels besides the program's own; undefined where they are not known. */
    readonly labels?: Readonly<Record<string, string>>;
    /** Private addresses of the droplets of this name: while one is replaced there are two. None before the first is made. */
    readonly addresses: readonly string[];
    /** What the cloud says of its droplet, "absent" where it has none; undefined where it was not asked. */
    readonly droplet?: { readonly id: string; readonly status: string };
}

export interface WantedService {
    readonly name: string;
    /** Undefined where it is not known: then only that there is such a service is looked at. */
    readonly spec?: JsonObject;
    /** Its options are kept encrypted, so none of them is shown. */
    readonly secret: boolean;
}

export interface Difference {
    /** One line, for a person. */
    readonly text: string;
    /** What a person does about what no script can mend. */
    readonly remedy?: string;
    /** Somebody has said that it is to be so for a while: nothing is wrong. */
    readonly onPurpose?: true;
    /** Whose script mends it; undefined for what no script can. */
    readonly mendedBy?:
        | { readonly kind: "join"; readonly node: string }
        | { readonly kind: "service"; readonly service: string }
        | { readonly kind: "roster" | "swarm" | ObjectKind | "unused" };
}

export function swarmDifferences(wanted: WantedSwarm, facts: SwarmFacts): Difference[] {
    const { stack, by = "config" } = wanted;
    const members = wanted.members.map((member) => ({ member, found: memberOf(member, stack, facts.nodes) }));
    const taken = new Set(members.map(({ found }) => found?.ID));
    const names = namesOf(
        stack,
        members.map(({ found }) => found),
    );
    return [
        ...autolockDifferences(wanted, facts, by),
        ...[...names]
            .slice(1)
            .map((name) => roster(`the swarm is labelled ${name}, as the stack was called, not ${stack}`)),
        ...members.flatMap(({ member, found }) => memberDifferences(member, found, names, by)),
        ...facts.nodes
            .filter((node) => !taken.has(node.ID) && isOurs(node, names))
            .map((node) => ({
                ...roster(`${nameOf(node)} (${node.ID}) is a member, and not in the ${by}`),
                // The plugin cannot delete what is gone, unless a refresh has told the state (lab/plugins, droplet.ts).
                ...(isGone(node, wanted) && {
                    remedy: "its droplet is gone, which a plain up would fail to delete: pulumi up --refresh",
                }),
            })),
        ...(wanted.objects ? objectDifferences(wanted.objects, names, facts, by) : []),
        ...wanted.services.flatMap((service) => serviceDifferences(service, names, facts, by)),
        ...networkDifferences(wanted, facts, by),
        ...unwantedOf(wanted, names, facts, by),
    ];
}

/**
 * The stack's label, then those of names that it had before and that members of its carry still: the roster takes over what
 * is labelled so (components/rename.sh).
 */
export type Names = ReadonlySet<string | undefined>;

function namesOf(stack: string, members: readonly (ApiNode | undefined)[]): Names {
    const labels = members.map((node) => node?.Spec.Labels?.[STACK_LABEL]);
    return new Set([stack, ...labels.filter((label) => isOwnLabel(label, stack))]);
}

/**
 * One with other options the roster takes away, and the services on it, whose own scripts make both anew. One without a
 * service it makes.
 */
function networkDifferences(
    { stack, services, networks = {} }: WantedSwarm,
    facts: SwarmFacts,
    by: By,
): Difference[] {
    const missing = Object.keys(networks)
        .filter((name) => !facts.networks.some(({ Name }) => Name === name))
        // Where a service's spec is not known, it may be on this one.
        .filter((name) => services.every(({ spec }) => spec && !targets(spec).includes(name)))
        .map((name) => roster(`the network ${name} is not in the swarm`));
    const changed = facts.networks
        .filter(({ Name, Labels }) => {
            const mark = networks[Name];
            return (
                mark && isOwnLabel(Labels?.[STACK_LABEL], stack) && (Labels?.[OPTIONS_LABEL] ?? "-") !== mark
            );
        })
        .flatMap(({ Name }) => [
            roster(`the network ${Name} has other options in the swarm than in the ${by}`),
            ...services
                .filter(({ spec }) => targets(spec).includes(Name))
                .map(
                    ({ name }): Difference => ({
                        text: `${name}: it is made anew with its network ${Name}`,
                        mendedBy: { kind: "service", service: name },
                    }),
                ),
        ]);
    return [...missing, ...changed];
}

function targets(spec: JsonObject | undefined): unknown[] {
    const networks = spec && fieldAt(spec, "TaskTemplate.Networks");
    return Array.isArray(networks) ? networks.map(({ Target }) => Target) : [];
}

export type By = NonNullable<WantedSwarm["by"]>;

/** One that has left and joined again is there twice: the former member stays on the list as one that is down. */
function memberOf(member: WantedMember, stack: string, nodes: readonly ApiNode[]): ApiNode | undefined {
    const found = nodes.filter((node) => isAt(node, member.addresses));
    return (
        found.find(({ Status }) => Status.State === "ready") ??
        found[0] ??
        nodes.find((node) => isCalled(node, member.name, stack))
    );
}

/** By the address of its droplet, since a member's labels may be gone. */
function isAt({ ManagerStatus, Status }: ApiNode, addresses: readonly string[]): boolean {
    return (
        addresses.includes(ManagerStatus?.Addr?.replace(/:\d+$/, "") ?? "") || addresses.includes(Status.Addr)
    );
}

function isGone(node: ApiNode, { droplets }: WantedSwarm): boolean {
    return node.Status.State === "down" && droplets !== undefined && !isAt(node, droplets);
}

/** By its labels, since its address may be another's: a machine with a copy of its identity answers for it then. */
function isCalled({ Spec }: ApiNode, name: string, stack: string): boolean {
    return isOwnLabel(Spec.Labels?.[STACK_LABEL], stack) && Spec.Labels?.[NODE_LABEL] === name;
}

/** By the label of the roster, or where a run was stopped before the roster, by that of its engine. */
function isOurs({ Spec, Description }: ApiNode, names: Names): boolean {
    return names.has(Spec.Labels?.[STACK_LABEL] ?? Description.Engine.Labels?.[STACK_LABEL]);
}

function nameOf(node: ApiNode): string {
    return node.Spec.Labels?.[NODE_LABEL] ?? node.Description.Hostname;
}

const roster = (text: string): Difference => ({ text, mendedBy: { kind: "roster" } });

/** What is to be said of a node's droplet. */
export function dropletDifference({ name, droplet }: WantedMember): Difference | undefined {
    if (!droplet || droplet.status === "active") return undefined;
    const { id, status } = droplet;
    return status === "absent"
        ? {
              text: `${name}: its droplet ${id} is gone from the cloud`,
              remedy: "pulumi up --refresh makes it anew",
          }
        : {
              text: `${name}: its droplet ${id} is ${status}`,
              remedy:
                  `switch it on (cli/bin/swarm power on ${name}), or have it made anew: ` +
                  `cli/bin/swarm replace ${name}`,
          };
}

function memberDifferences(
    member: WantedMember,
    found: ApiNode | undefined,
    names: Names,
    by: By,
): Difference[] {
    const { name } = member;
    const [stack] = names;
    const ofDroplet = dropletDifference(member);
    if (ofDroplet) return [ofDroplet];
    if (!found) {
        // One that has no droplet yet is about to be made.
        return member.addresses.length === 0
            ? []
            : [{ text: `${name} is no member of the swarm`, mendedBy: { kind: "join", node: name } }];
    }
    const differences: Difference[] = [];
    if (found.Status.State === "down" || found.Status.State === "disconnected") {
        differences.push({
            text: `${name} is ${found.Status.State} in the swarm`,
            remedy:
                "if its engine cannot be mended (cli/bin/swarm doctor), have it made anew: " +
                `cli/bin/swarm replace ${name}`,
        });
    }
    const { Role, Availability, Labels } = found.Spec;
    if (Role !== member.role)
        differences.push(roster(`${name} is a ${Role} in the swarm, a ${member.role} in the ${by}`));
    if (Availability === "drain" && member.availability === "active" && Labels?.["swarm.drained"] === "yes")
        differences.push({
            ...roster(`${name} is drained on purpose, by swarm drain`),
            remedy: `pulumi up or cli/bin/swarm activate ${name} opens it again`,
            onPurpose: true,
        });
    else if (member.availability !== undefined && Availability !== member.availability)
        differences.push(
            roster(
                `${name} is in availability ${Availability} in the swarm, ${member.availability} in the ${by}`,
            ),
        );
    for (const [label, value] of [
        [STACK_LABEL, stack],
        [NODE_LABEL, name],
        ...Object.entries(member.labels ?? {}),
    ] as const) {
        const has = Labels?.[label];
        if (has !== value && !(label === STACK_LABEL && names.has(has)))
            differences.push(
                roster(
                    `${name} ${has === undefined ? "lacks" : `has ${has} as`} its label ${label}${has === undefined ? "" : `, not ${value}`}`,
                ),
            );
    }
    const given = Labels?.[LABELS_LABEL]?.split(",") ?? [];
    for (const label of member.labels ? given : []) {
        if (member.labels?.[label] === undefined && Labels?.[label] !== undefined)
            differences.push(roster(`${name} has its label ${label} still, which the ${by} has not`));
    }
    return differences;
}

function autolockDifferences({ autolock }: WantedSwarm, { info }: SwarmFacts, by: By): Difference[] {
    const is = info.Swarm.Cluster?.Spec?.EncryptionConfig?.AutoLockManagers;
    if (autolock === undefined || is === undefined || is === autolock) return [];
    const words = (on: boolean) => (on ? "locked" : "not locked");
    return [
        {
            text: `managers are ${words(is)} after a restart in the swarm, ${words(autolock)} in the ${by}`,
            mendedBy: { kind: "swarm" },
        },
    ];
}

function serviceDifferences(
    { name, spec, secret }: WantedService,
    names: Names,
    { services, networks }: SwarmFacts,
    by: By,
): Difference[] {
    const differs = (text: string): Difference => ({
        text: `${name}: ${text}`,
        mendedBy: { kind: "service", service: name },
    });
    const found = services.find(({ Spec }) => Spec.Name === name);
    if (!found) return [differs("there is no such service in the swarm")];
    const { [STACK_LABEL]: owner, [IMAGE_LABEL]: image } = found.Spec.Labels ?? {};
    // Only this program labels a service with its image: one without the stack's label has lost it.
    const isBare = owner === undefined && image !== undefined;
    if (!names.has(owner) && !isBare)
        return [
            {
                ...differs("the service of this name is not this stack's"),
                remedy: `rename one of them, or remove that one (cli/bin/swarm docker service rm ${name}), then pulumi up`,
            },
        ];
    const networkNames = new Map(networks.map(({ Id, Name }) => [Id, Name]));
    const changes = specChanges(
        asJson(found),
        spec ?? asJson(found),
        (target) => networkNames.get(target) ?? target,
    ).filter(
        // A field that is newer than this program is the daemon's own doing.
        ({ what, after }) => after !== undefined || !/^[A-Z]/.test(what) || isKnownField(what.split(".")),
    );
    const texts =
        secret && changes.length > 0
            ? [`it is not what the ${by} says`]
            : changes.map((change) => changeText(change, by));
    const { State, Message } = found.UpdateStatus ?? {};
    // Only an update that has come to rest short of its end: what the tasks are is not what the spec says then.
    if (changes.length === 0 && (State === "paused" || State === "rollback_paused"))
        texts.push(`its update has stopped as ${State}${Message ? `: ${Message}` : ""}`);
    if (isBare) texts.unshift(`it lacks its label ${STACK_LABEL}`);
    return texts.map(differs);
}

function asJson(service: ApiService): JsonObject {
    return service.Spec as unknown as JsonObject;
}

/** `5 replicas in the swarm, 3 in the ${by}` */
function changeText({ what, name, before, after, hidden }: SpecChange, by: By): string {
    const subject = name === undefined ? what : `${what} ${name}`;
    if (what === "replicas" && before !== undefined && after !== undefined)
        return `${before} ${before === "1" ? "replica" : "replicas"} in the swarm, ${after} in the ${by}`;
    if (name === "order") return `the ${what}s are in another order than in the ${by}`;
    if (before === undefined)
        return `${subject}${hidden || name !== undefined ? "" : ` ${after}`} is not in the swarm`;
    if (after === undefined)
        return `${subject}${hidden || name !== undefined ? "" : ` ${before}`} is in the swarm, and not in the ${by}`;
    return hidden || before === "" || after === ""
        ? `${subject} is another one in the swarm than in the ${by}`
        : `${subject} is ${before} in the swarm, ${after} in the ${by}`;
}

/** What carries the stack's label, and nothing in the config asks for. */
function unwantedOf({ services }: WantedSwarm, names: Names, facts: SwarmFacts, by: By): Difference[] {
    const wanted = new Set(services.map(({ name }) => name));
    return facts.services
        .filter(({ Spec }) => names.has(Spec.Labels?.[STACK_LABEL]) && !wanted.has(Spec.Name))
        .map(({ Spec }) => roster(`the service ${Spec.Name} is this stack's, and not in the ${by}`));
}
