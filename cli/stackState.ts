/** What a stack's state says of it, read from what `pulumi stack export` prints. */
import ipaddr from "ipaddr.js";
import { isLabel } from "../model/names.ts";
import { PROJECT } from "../model/problems.ts";
import { readInput, valuesOf } from "../model/scriptInput.ts";
import type { NodeRole } from "../model/settings.ts";
import { isHostKey, isUser } from "../model/ssh.ts";
import { markOf, roleByTags, type StackNames, stackNames, unmarkedName } from "../model/stackNames.ts";
import type { ExportedState } from "../remnants/remnants.ts";
import { CliError, EXIT } from "./errors.ts";
import { oneLine } from "./words.ts";

type Resource = NonNullable<NonNullable<ExportedState["deployment"]>["resources"]>[number];

/** All but what has been replaced and waits for its deletion. */
export function resourcesIn({ deployment }: ExportedState): Resource[] {
    return (deployment?.resources ?? []).filter((resource) => !resource.delete);
}

function resourceIn(exported: ExportedState, type: string, name: string): Resource | undefined {
    return resourcesIn(exported).find((resource) => resource.type === type && nameOf(resource) === name);
}

/** A node that the stack has made: a droplet on record. */
export interface StackNode {
    readonly name: string;
    readonly role: NodeRole;
    readonly dropletId: string;
    readonly publicIp: string;
    readonly privateIp: string;
    readonly size: string;
    /** ID in the swarm; undefined until an `up` has gone through. */
    readonly nodeId?: string;
    readonly hostKey: string;
}

export interface StackState {
    readonly name: string;
    /** As the last `up` left them: after a renaming of the stack, and before stacks had marks, not what the next one makes. */
    readonly names: StackNames;
    /** Undefined before the deploy key was made. */
    readonly mark?: string;
    /** What the stack is called on this machine, in docker's contexts and to ssh: no other stack is. */
    readonly local: string;
    readonly exported: ExportedState;
    /** In the order of the outputs, managers first; then those that no finished `up` has put out. */
    readonly nodes: readonly StackNode[];
    readonly vpcId?: string;
    readonly clusterId: string;
    readonly sshUser: string;
    /** Public half of the key that logs in; undefined before it was made. */
    readonly deployKeyPublic?: string;
    /** What the firewall lets in from outside, as `80/tcp` or `9000-9010/udp`; undefined where it is not to be read. */
    readonly openPorts?: readonly string[];
    /** How many entries `swarm:openPorts` has, each once. */
    readonly openPortsInConfig: number;
    /** Images by the name of the service, as the last `up` left them. */
    readonly services: readonly string[];
}

const DROPLET = "digitalocean:index/droplet:Droplet";
const VPC = "digitalocean:index/vpc:Vpc";
const FIREWALL = "digitalocean:index/firewall:Firewall";
const NETWORK = "swarm:index:Network";
const KEY = "tls:index/privateKey:PrivateKey";
const TAG = "digitalocean:index/tag:Tag";
const STASH = "pulumi:index:Stash";
export const COMMAND = "command:remote:Command";

/** Name of the stack that the resources belong to; undefined when there is none. */
export function nameIn(exported: ExportedState): string | undefined {
    const urn = exported.deployment?.resources?.[0]?.urn;
    return urn === undefined ? undefined : /^urn:pulumi:(.*?)::/.exec(urn)?.[1];
}

/**
 * Refuses stacks of other projects. Such a one would be taken for this project's stack of the same name, whose
 * droplets, none of them in its state, would all be orphans.
 */
function refuseOther(project: string | undefined, stack: string): void {
    const other = `the stack "${stack}" belongs to the project "${project}", and this command to "${PROJECT}"`;
    if (project !== undefined && project !== PROJECT)
        throw new CliError(`${other}; see: pulumi stack ls`, EXIT.state);
}

/**
 * What a stack is called says whose it is, also where its state is empty.
 *
 * @param stack As `pulumi --stack` takes it: NAME, ORGANISATION/NAME, ORGANISATION/PROJECT/NAME.
 * @throws CliError When it is a stack of another project.
 */
export function checkProject(stack: string): void {
    const parts = stack.split("/");
    refuseOther(parts.length === 3 ? parts[1] : undefined, stack);
}

/**
 * @param name The stack's name, without organisation and project.
 * @throws CliError When it is the state of another project.
 */
export function readState(exported: ExportedState, name: string): StackState {
    for (const { urn } of exported.deployment?.resources ?? []) refuseOther(urn.split("::")[1], name);
    const resources = resourcesIn(exported);
    const called = (type: string, wanted: string) => resourceIn(exported, type, wanted)?.outputs;
    const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
    const deployKeyPublic = text(called(KEY, "deploy")?.publicKeyOpenssh).trim() || undefined;
    const marked = text(called(STASH, "mark")?.output) || undefined;
    const mark = marked ?? (deployKeyPublic && markOf(deployKeyPublic));
    const unmarked = unmarkedName(PROJECT, name);
    const put = Array.isArray(outputs.nodes) ? (outputs.nodes as Partial<StackNode>[]) : [];
    const nodes = resources
        .filter(({ type, id }) => type === DROPLET && id)
        .map((resource): StackNode => {
            const droplet = resource.outputs ?? {};
            const node = nameOf(resource);
            const dropletId = resource.id as string;
            const tags = Array.isArray(droplet.tags) ? droplet.tags : [];
            return {
                name: node,
                role: roleByTags(tags) ?? "worker",
                dropletId,
                publicIp: text(droplet.ipv4Address),
                privateIp: text(droplet.ipv4AddressPrivate),
                size: text(droplet.size),
                nodeId: put.find((entry) => entry.dropletId === dropletId)?.nodeId,
                hostKey: hostKeyIn(exported, node),
            };
        });
    const place = ({ name }: StackNode) => {
        const index = put.findIndex((entry) => entry.name === name);
        return index < 0 ? put.length : index;
    };
    const state: StackState = {
        name,
        names: namesIn(exported, marked ? stackNames(PROJECT, name, marked) : unmarkedNames(unmarked)),
        ...(mark !== undefined && { mark }),
        local: mark === undefined ? unmarked : stackNames(PROJECT, name, mark).stack,
        exported,
        nodes: nodes.sort((a, b) => place(a) - place(b) || byRole(a, b) || byName(a.name, b.name)),
        vpcId: resources.find(({ type }) => type === VPC)?.id,
        clusterId: text(outputs.clusterId),
        sshUser: text(outputs.sshUser) || "root",
        deployKeyPublic,
        openPorts: openPortsIn(called(FIREWALL, "all")?.inboundRules),
        openPortsInConfig: lengthOf(called(NETWORK, "network")?.openPorts),
        services: Object.keys((outputs.services ?? {}) as object),
    };
    refuseUnfit(state);
    return state;
}

/**
 * What goes into ssh's files and command lines is what it may be: whoever writes the state, which others keep, must not run
 * commands here. What is not known yet is empty.
 *
 * @throws CliError With all that is not.
 */
function refuseUnfit({ name, nodes, sshUser, deployKeyPublic, vpcId, clusterId }: StackState): void {
    const isAddress = (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text);
    const isId = (text: string) => /^[A-Za-z0-9-]+$/.test(text);
    const values: [what: string, value: string, allowed: string, isFit: (text: string) => boolean][] = [
        ["sshUser", sshUser, "the name of a Linux user", isUser],
        ["the key that logs in", deployKeyPublic ?? "", "an ed25519 public key", isHostKey],
        ["the VPC's ID", vpcId ?? "", "letters, digits and dashes", isId],
        ["clusterId", clusterId, "letters, digits and dashes", isId],
        ...nodes.flatMap((node): typeof values => [
            ["the name of a droplet", node.name, "a host name", isLabel],
            [`${node.name}: the droplet's ID`, node.dropletId, "a number", (text) => /^\d+$/.test(text)],
            [`${node.name}: the public address`, node.publicIp, "an IPv4 address", isAddress],
            [`${node.name}: the private address`, node.privateIp, "an IPv4 address", isAddress],
            [`${node.name}: the ID in the swarm`, node.nodeId ?? "", "letters, digits and dashes", isId],
            [`${node.name}: the host key`, node.hostKey, "an ed25519 public key", isHostKey],
        ]),
    ];
    const unfit = values
        .filter(([, value, , isFit]) => value !== "" && !isFit(value))
        .map(([what, value, allowed]) => `${oneLine(what)} is ${JSON.stringify(value)}, allowed: ${allowed}`);
    if (unfit.length === 0) return;
    const text = `the state of the stack "${name}" holds what this program does not write there: ${unfit.join("; ")}`;
    throw new CliError(`${text}. Find out who has changed it: pulumi stack history`, EXIT.state);
}

/** Tags as the state has them, and the label that the last roster was told; what is not there yet, as it is going to be. */
function namesIn(exported: ExportedState, going: StackNames): StackNames {
    const tag = (name: keyof StackNames["tags"]) =>
        text(resourceIn(exported, TAG, name)?.outputs?.name) || going.tags[name];
    const roster = readInput(text(resourceIn(exported, COMMAND, "roster")?.inputs?.stdin));
    return {
        stack: valuesOf(roster, "stack")[0] ?? going.stack,
        tags: { all: tag("all"), manager: tag("manager"), worker: tag("worker") },
    };
}

/** As they were before stacks had marks. */
function unmarkedNames(name: string): StackNames {
    return { stack: name, tags: { all: name, manager: `${name}-manager`, worker: `${name}-worker` } };
}

/** Those of rules by addresses: rules by tag are for the nodes among themselves. */
function openPortsIn(rules: unknown): string[] | undefined {
    if (!Array.isArray(rules)) return undefined;
    return (rules as readonly Readonly<Record<string, unknown>>[])
        .filter(({ sourceAddresses }) => Array.isArray(sourceAddresses) && sourceAddresses.length > 0)
        .map(({ portRange, protocol }) => `${portRange}/${protocol}`);
}

const lengthOf = (list: unknown) => (Array.isArray(list) ? list.length : 0);

/** The private key that logs in, from a state with readable secrets. @throws CliError When it was not made yet. */
export function deployKeyIn(exported: ExportedState): string {
    const key = plaintext(resourceIn(exported, KEY, "deploy")?.outputs?.privateKeyOpenssh);
    if (key === undefined)
        throw new CliError("the stack has no key to log in with yet; say: pulumi up", EXIT.state);
    return key;
}

/** The public half of a node's host key, whether its droplet is on record or not; "" for none. */
export function hostKeyIn(exported: ExportedState, node: string): string {
    return text(resourceIn(exported, KEY, `${node}-host`)?.outputs?.publicKeyOpenssh).trim();
}

/** A text that may be a secret; undefined for one that is encrypted. */
export function plaintext(value: unknown): string | undefined {
    if (typeof value === "string") return value;
    // How Pulumi writes a secret that it has decrypted: an object whose plaintext is JSON.
    const { plaintext } = (value ?? {}) as { readonly plaintext?: string };
    return plaintext === undefined ? undefined : (JSON.parse(plaintext) as string);
}

/** The state, when it has nodes to talk to. @throws CliError */
export function upOrThrow(state: StackState): StackState {
    if (state.nodes.length > 0) return state;
    throw new CliError(`the stack "${state.name}" is not up: it has no nodes; say: pulumi up`, EXIT.state);
}

export function nameOf({ urn }: Pick<Resource, "urn">): string {
    return urn.split("::").at(-1) ?? "";
}

/** "" for what is absent, unknown, or a secret, which the state holds as an object. */
function text(value: unknown): string {
    return typeof value === "string" ? value : "";
}

function byRole(a: StackNode, b: StackNode): number {
    return a.role === b.role ? 0 : a.role === "manager" ? -1 : 1;
}

export function byName(a: string, b: string): number {
    return a.localeCompare(b, "en", { numeric: true });
}

/** The stack's managers, the seed first: whoever is asked for the swarm. */
export function managersOf({ nodes }: StackState): StackNode[] {
    return nodes.filter(({ role }) => role === "manager");
}
