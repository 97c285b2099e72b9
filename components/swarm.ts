import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Differing } from "../look/look.ts";
import { parseAnswer } from "../model/answers.ts";
import { MAX_NODES } from "../model/names.ts";
import { rosterNetworkLines } from "../model/networks.ts";
import type { Line } from "../model/scriptInput.ts";
import { MAX_STOP_GRACE_HOURS } from "../model/services.ts";
import type { ServiceSpec, Settings } from "../model/settings.ts";
import { kept } from "./kept.ts";
import type { Node } from "./nodes.ts";
import { remoteScript } from "./remote.ts";

export interface SwarmArgs {
    /** Managers first; the first of them is the seed, where the swarm is initialised and commanded. */
    readonly nodes: readonly Node[];
    /** Value of the `swarm.stack` label on this stack's members, services and networks. */
    readonly stack: pulumi.Output<string>;
    readonly managerAvailability: "active" | "drain";
    /** The private network, to which a firewall of the image's own is opened. */
    readonly vpcIpRange: string;
    /** Where overlay networks get their subnets from; can be said at initialisation only. */
    readonly overlayPool: string;
    readonly overlayPoolMaskLength: number;
    readonly minDockerVersion: string;
    /** Public keys of the people who may log in, in authorized_keys form. */
    readonly authorizedKeys: readonly string[];
    /** What is in the swarm and not in here, and carries the stack's label, is removed. */
    readonly networks: Settings["networks"];
    readonly nodeLabels: Settings["nodeLabels"];
    readonly services: readonly ServiceSpec[];
    /** Seconds that a new node's first boot has. */
    readonly nodeTimeout: number;
    /** Name of the manager from which a swarm that has lost its quorum goes on; empty for none. */
    readonly recoverFrom: string;
    /** Another number than before rotates the join tokens and the unlock key. */
    readonly tokenRotation: number;
    /** Whether managers are locked after a restart of their engine, until somebody gives the key. */
    readonly autolock: boolean;
    /** Keys whose values the configuration keeps encrypted. */
    readonly secretKeys: Settings["secretKeys"];
    /** What the look at the swarm has found. */
    readonly differing: Differing;
}

/** A node as a member of the swarm. */
export interface Member {
    readonly node: Node;
    /** ID that the swarm gave it: the only thing it is ever addressed by. */
    readonly id: pulumi.Output<string>;
    readonly dockerVersion: pulumi.Output<string>;
}

/** Seconds that the tasks of a leaving node have to run elsewhere. */
const DRAIN_SECONDS = 300;

/**
 * What the roster waits for besides nodes that are not ready: it empties as many nodes as there can be, moves or removes as many
 * services, and each of their tasks takes as long to stop as it may; all the rest is a part of that. By what the config
 * may hold and not by what it does, which would show as a second change in each preview of a node or a service.
 */
const ROSTER_SECONDS = 4 * MAX_NODES * (MAX_STOP_GRACE_HOURS * 3600 + 60);

/** What the other scripts wait for besides the first boot: each wait is bounded, this is more than their sum. */
const OTHER_WAITS_SECONDS = 2400;

/**
 * The swarm and who is in it.
 *
 * `swarm` initialises it once; each `<node>-join` brings its node in; `roster` makes the list of members the
 * wanted one. No resource here does anything when it is deleted: a host that is gone never blocks a destroy. What
 * has to happen when a node leaves is done by the roster, as an update, which the engine runs before any delete.
 */
export class Swarm extends pulumi.ComponentResource {
    readonly members: readonly Member[];
    readonly clusterId: pulumi.Output<string>;
    /** What unlocks a manager; secret, and empty without autolock. */
    readonly unlockKey: pulumi.Output<string>;
    /** Whoever depends on it finds every wanted member in its place, and no other of this stack's. */
    readonly roster: command.remote.Command;
    readonly seed: Node;
    /** Replaced when a person starts over with a new swarm: what is in the swarm goes with it. */
    readonly swarm: command.remote.Command;

    constructor(name: string, args: SwarmArgs, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:Swarm", name, {}, opts);
        const [seed] = args.nodes;
        if (!seed) {
            throw new pulumi.ResourceError("a swarm needs a manager", this, true);
        }
        const recovery = recover(args, this);
        const cluster = initialise(name, seed, args, { parent: this, dependsOn: recovery });
        this.swarm = cluster.resource;
        this.members = joinAll(cluster.answer, seed, args, this);
        this.roster = reconcile(seed, this.members, args, this);
        this.seed = seed;
        this.clusterId = pulumi.unsecret(cluster.answer.apply((answer) => answer.cluster));
        this.unlockKey = cluster.answer.apply((answer) => answer.unlockKey);
        this.registerOutputs({ clusterId: this.clusterId });
    }
}

type Cluster = pulumi.Output<ReturnType<typeof parseAnswer<"swarm">>>;

/** What `swarm.sh` and `join.sh` both ask about the node they run on. */
function aboutNode(node: Node, args: SwarmArgs): pulumi.Output<Line[]> {
    return pulumi.all([node.privateIp, args.stack]).apply(([privateIp, stack]): Line[] => [
        ["node", node.name],
        ["address", privateIp],
        ["range", args.vpcIpRange],
        ["limit", args.nodeTimeout],
        ["minimum", args.minDockerVersion],
        ["stack", stack],
    ]);
}

/** There only while the config names the manager to recover from. */
function recover(args: SwarmArgs, parent: pulumi.Resource): command.remote.Command[] {
    const survivor = args.nodes.find(({ name }) => name === args.recoverFrom);
    if (!survivor) {
        return [];
    }
    const input = kept(aboutNode(survivor, args), args, "vpcIpRange");
    const timeout = args.nodeTimeout + OTHER_WAITS_SECONDS;
    return [remoteScript("recover", { host: survivor, script: "recover", timeout, input }, { parent })];
}

function initialise(
    name: string,
    seed: Node,
    args: SwarmArgs,
    opts: pulumi.CustomResourceOptions,
): { readonly resource: command.remote.Command; readonly answer: Cluster } {
    const others = args.nodes.filter((node) => node.role === "manager" && node !== seed);
    const swarm = remoteScript(
        name,
        {
            host: seed,
            script: "swarm",
            differs: args.differing.swarm,
            timeout: args.nodeTimeout + OTHER_WAITS_SECONDS,
            secretOutput: true,
            remembers: true,
            input: kept(
                pulumi
                    .all([aboutNode(seed, args), pulumi.all(others.map((node) => node.privateIp))])
                    .apply(([about, peers]): Line[] => [
                        ...about,
                        ["pool", args.overlayPool],
                        ["mask", args.overlayPoolMaskLength],
                        ["rotation", args.tokenRotation],
                        ["autolock", `${args.autolock}`],
                        ...peers.map((peer): Line => ["peer", peer]),
                    ]),
                args,
                "vpcIpRange",
                "overlayPool",
            ),
        },
        opts,
    );
    const answer = swarm.stdout.apply((stdout) =>
        parseAnswer("swarm", { node: seed.name, resource: name, stdout, secret: true }),
    );
    return { resource: swarm, answer };
}

/**
 * Workers join all at once. Each manager waits for the one before: two that appear together endanger the quorum. The
 * seed is a member already, and comes last: should the config have made a worker the seed, the other managers promote it
 * in their joins.
 */
function joinAll(cluster: Cluster, seed: Node, args: SwarmArgs, parent: pulumi.Resource): Member[] {
    let previous: command.remote.Command[] = [];
    const joins = new Map<Node, command.remote.Command>();
    for (const node of [...args.nodes.filter((other) => other !== seed), seed]) {
        const isManager = node.role === "manager";
        const join = joinOne(node, cluster, seed, args, { parent, dependsOn: isManager ? previous : [] });
        joins.set(node, join);
        if (isManager) {
            previous = [join];
        }
    }
    return args.nodes.map((node) => {
        const join = joins.get(node) as command.remote.Command;
        const answer = join.stdout.apply((stdout) =>
            parseAnswer("join", { node: node.name, resource: joinName(node), stdout }),
        );
        return {
            node,
            id: answer.apply(({ id }) => id),
            dockerVersion: answer.apply(({ docker }) => docker),
        };
    });
}

const joinName = (node: Node) => `${node.name}-join`;

function joinOne(
    node: Node,
    cluster: Cluster,
    seed: Node,
    args: SwarmArgs,
    opts: pulumi.CustomResourceOptions,
): command.remote.Command {
    return remoteScript(
        joinName(node),
        {
            host: node,
            script: "join",
            differs: args.differing.joins.get(node.name),
            timeout: args.nodeTimeout + OTHER_WAITS_SECONDS,
            remembers: true,
            // Another droplet under the same name has to join anew.
            triggers: [node.droplet.id],
            // Secret anyway, for the token in it.
            input: kept(
                pulumi
                    .all([cluster, aboutNode(node, args), seed.privateIp])
                    .apply(([{ cluster, ca, managers, ...secrets }, about, seedIp]): Line[] => [
                        ...about,
                        ["role", node.role],
                        ["cluster", cluster],
                        ["ca", ca],
                        ["token", node.role === "manager" ? secrets.managerToken : secrets.workerToken],
                        ["seed", seedIp],
                        ...managers.split(" ").map((manager): Line => ["manager", manager]),
                        ...args.authorizedKeys.map((key): Line => ["key", key]),
                        // A worker is never locked.
                        ...(node.role === "manager" ? [secrets.unlockKey, secrets.formerUnlockKey] : [])
                            .filter((key) => key !== "")
                            .map((key): Line => ["unlock", key]),
                    ]),
                args,
                "vpcIpRange",
                "sshKeys",
            ),
        },
        opts,
    );
}

function reconcile(
    seed: Node,
    members: readonly Member[],
    args: SwarmArgs,
    parent: pulumi.Resource,
): command.remote.Command {
    return remoteScript(
        "roster",
        {
            host: seed,
            script: "roster",
            differs: args.differing.roster,
            timeout: ROSTER_SECONDS + 2 * args.nodeTimeout,
            input: pulumi
                .all([args.stack, pulumi.all(members.map(({ id }) => id))])
                .apply(([stack, ids]): Line[] => [
                    ["node", seed.name],
                    ["stack", stack],
                    ["limit", args.nodeTimeout],
                    ["drain", DRAIN_SECONDS],
                    ...members.map(({ node }, index): Line => {
                        const availability = node.role === "manager" ? args.managerAvailability : "active";
                        return ["member", `${ids[index]} ${node.name} ${node.role} ${availability}`];
                    }),
                    ...members.flatMap(({ node }, index) =>
                        Object.entries(args.nodeLabels[node.name] ?? {}).map(
                            ([label, value]): Line => ["label", `${ids[index]} ${label}=${value}`],
                        ),
                    ),
                    ...args.services.map((service): Line => ["service", service.name]),
                    ...rosterNetworkLines(args),
                ]),
        },
        { parent },
    );
}
