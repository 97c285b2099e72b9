import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import { inboundForAll, inboundForManagers, outboundEverything } from "../model/firewallRules.ts";
import type { NodeRole, PortSpec } from "../model/settings.ts";
import type { StackNames } from "../model/stackNames.ts";

export interface NetworkArgs {
    readonly names: StackNames;
    readonly region: string;
    readonly ipRange: string;
    /** CIDRs that may reach port 22. */
    readonly sshFrom: readonly string[];
    /** Ports open to the world. */
    readonly published: readonly PortSpec[];
}

/**
 * The private network of the nodes and what may enter it. Rules go by tag, never by droplet: a firewall takes ten
 * droplets at most, and a node more would change it. Whoever makes a droplet with the tags waits for `firewalls`,
 * so that no node is ever open.
 */
export class Network extends pulumi.ComponentResource {
    readonly vpcId: pulumi.Output<string>;
    /** Tags of a node with that role. */
    readonly tags: Record<NodeRole, pulumi.Output<string>[]>;
    readonly firewalls: digitalocean.Firewall[];

    constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:Network", name, {}, opts);
        const child = { parent: this };
        const { names } = args;

        const vpc = new digitalocean.Vpc(
            name,
            { name: names.stack, region: args.region, ipRange: args.ipRange },
            child,
        );
        const [all, manager, worker] = (["all", "manager", "worker"] as const).map(
            (tag) => new digitalocean.Tag(tag, { name: names.tags[tag] }, child).name,
        ) as [pulumi.Output<string>, pulumi.Output<string>, pulumi.Output<string>];

        // The tags are taken from the resources, not from `names`: a rule by a tag that does not exist is refused.
        this.firewalls = [
            new digitalocean.Firewall(
                "all",
                {
                    name: names.firewalls.all,
                    tags: [all],
                    inboundRules: all.apply((nodeTag) =>
                        inboundForAll({ sshFrom: args.sshFrom, nodeTag, published: args.published }),
                    ),
                    outboundRules: outboundEverything,
                },
                child,
            ),
            new digitalocean.Firewall(
                "manager",
                {
                    name: names.firewalls.manager,
                    tags: [manager],
                    inboundRules: all.apply((nodeTag) => inboundForManagers({ nodeTag })),
                },
                child,
            ),
        ];
        this.vpcId = vpc.id;
        this.tags = { manager: [all, manager], worker: [all, worker] };
        this.registerOutputs({ vpcId: this.vpcId });
    }
}
