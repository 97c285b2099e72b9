import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Cloud } from "../cloud.ts";
import type { NodeRole, NodeSpec } from "../model/settings.ts";
import { userData } from "../model/userData.ts";
import { addressesOf } from "./addresses.ts";
import type { DeployKey } from "./deployKey.ts";
import type { Network } from "./network.ts";
import { reachHook } from "./reach.ts";
import type { RemoteHost } from "./remote.ts";

export interface NodesArgs {
    readonly nodes: readonly NodeSpec[];
    readonly region: string;
    readonly sshUser: string;
    readonly monitoring: boolean;
    readonly deployKey: DeployKey;
    /** ID of that key in the account. */
    readonly accountKey: pulumi.Output<string>;
    readonly network: Network;
    readonly cloud: Cloud;
    /** Seconds that a node has to run commands once its droplet is active. */
    readonly timeout: number;
    /** Whether the engine is to refuse to delete or replace managers. */
    readonly protectManagers: boolean;
}

/** A droplet that can be logged in to. Whether it is in a swarm is not known here. */
export interface Node extends RemoteHost {
    readonly role: NodeRole;
    readonly droplet: digitalocean.Droplet;
    readonly publicIp: pulumi.Output<string>;
    readonly privateIp: pulumi.Output<string>;
}

/**
 * The droplets. Two resources a node, keyed by its name and never by its position, so that a node more or fewer
 * touches no other: one component for all of them, since a component a node would be a third.
 */
export class Nodes extends pulumi.ComponentResource {
    /** In the order of the configuration, managers first. */
    readonly all: readonly Node[];

    constructor(name: string, args: NodesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:Nodes", name, {}, opts);
        this.all = args.nodes.map((node) => makeNode(node, args, this));
        this.registerOutputs({ dropletIds: this.all.map((node) => node.droplet.id) });
    }
}

function makeNode(node: NodeSpec, args: NodesArgs, parent: pulumi.Resource): Node {
    const hostKey = new tls.PrivateKey(`${node.name}-host`, { algorithm: "ED25519" }, { parent });
    const droplet = new digitalocean.Droplet(
        node.name,
        {
            name: node.name,
            region: args.region,
            image: node.image,
            size: node.size,
            vpcUuid: args.network.vpcId,
            tags: args.network.tags[node.role],
            sshKeys: [args.accountKey],
            monitoring: args.monitoring,
            userData: pulumi.secret(
                pulumi
                    .all([hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh, args.deployKey.publicKey])
                    .apply(([hostKeyPrivate, hostKeyPublic, deployKeyPublic]) =>
                        userData({ hostKeyPrivate, hostKeyPublic, sshUser: args.sshUser, deployKeyPublic }),
                    ),
            ),
        },
        {
            parent,
            // A node is replaced by making the new droplet first; with a name given, the provider would delete
            // first. Droplets may share a name for that while.
            deleteBeforeReplace: false,
            // In place, a size is changed with the power off: all managers at once, and the quorum with them.
            replaceOnChanges: ["size"],
            // The provider's own note about its resource. In the preview of a replacement it holds the user data, and
            // with it the host's private key, in clear: `pulumi preview --json` would print it.
            additionalSecretOutputs: ["__meta"],
            protect: node.role === "manager" && args.protectManagers,
            dependsOn: [...args.network.ready],
        },
    );
    const addresses = pulumi
        .all([droplet.id, droplet.ipv4Address, droplet.ipv4AddressPrivate])
        .apply(([id, outside, inside]) =>
            addressesOf(args.cloud, { node: node.name, id }, { public: outside, private: inside }),
        );
    const publicIp = addresses.public;
    const login = {
        host: publicIp,
        user: args.sshUser,
        privateKey: args.deployKey.privateKey,
        hostKey: hostKey.publicKeyOpenssh.apply((text) => text.trim()),
    };
    return {
        name: node.name,
        role: node.role,
        droplet,
        publicIp,
        privateIp: addresses.private,
        reach: reachHook(node.name, login, { timeout: args.timeout, createdAt: droplet.createdAt }),
        // The host ran a command a moment before, so the limits only bridge a blip.
        connection: { ...login, dialErrorLimit: 10, perDialTimeout: 15 },
    };
}
