import * as command from "@pulumi/command";
import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import { accessConfig } from "../account.ts";
import { inbound, outboundEverything } from "../model/firewallRules.ts";
import { openText } from "../model/openPorts.ts";
import type { NodeRole, OpenPorts, PortSpec, Settings } from "../model/settings.ts";
import type { StackNames } from "../model/stackNames.ts";
import { type Claim, claimFirewall, claimVpc } from "../remnants/claim.ts";
import { kept } from "./kept.ts";

export interface NetworkArgs {
    readonly names: pulumi.Output<StackNames>;
    readonly region: string;
    readonly ipRange: string;
    /** CIDRs that may reach port 22. */
    readonly sshFrom: readonly string[];
    /** Ports open to the world. */
    readonly published: readonly PortSpec[];
    /** And these, for what others deploy. */
    readonly open: readonly OpenPorts[];
    /** Keys whose values the configuration keeps encrypted. */
    readonly secretKeys: Settings["secretKeys"];
    readonly claim: Claim;
}

/**
 * The private network of the nodes and what may enter it. Rules go by tag, never by droplet: a firewall takes ten
 * droplets at most, and a node more would change it. Whoever makes a droplet with the tags waits for `ready`, so that
 * no node is ever open.
 */
export class Network extends pulumi.ComponentResource {
    readonly vpcId: pulumi.Output<string>;
    /** Tags of a node with that role. */
    readonly tags: Record<NodeRole, pulumi.Output<string>[]>;
    readonly ready: readonly pulumi.Resource[];

    constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        // For the policy, which sees resources alone.
        const openPorts = args.open.length > 0 ? { openPorts: args.open.map(openText) } : {};
        super("swarm:index:Network", name, openPorts, opts);
        // With a name given, the provider would delete first whatever is replaced.
        const child = { parent: this, deleteBeforeReplace: false };
        const { names, region, ipRange, claim } = args;

        const vpc = new digitalocean.Vpc(
            name,
            { name: names.stack, region, ipRange: kept(ipRange, args, "vpcIpRange") },
            {
                // All that is in the VPC would be deleted before it, and the hook, which refuses another region or range,
                // would come too late.
                ...child,
                hooks: { beforeCreate: [claimVpc(claim, { region, ipRange })] },
            },
        );
        const [all, manager, worker] = (["all", "manager", "worker"] as const).map(
            (tag) => new digitalocean.Tag(tag, { name: names.tags.apply((tags) => tags[tag]) }, child).name,
        ) as [pulumi.Output<string>, pulumi.Output<string>, pulumi.Output<string>];

        // The tags are taken from the resources, not from `names`: a rule by a tag that does not exist is refused.
        const firewall = new digitalocean.Firewall(
            "all",
            {
                name: names.stack,
                tags: [all],
                inboundRules: kept(
                    inbound({
                        sshFrom: args.sshFrom,
                        nodeTag: all,
                        published: args.published,
                        open: args.open,
                    }),
                    args,
                    "sshFrom",
                ),
                outboundRules: outboundEverything,
            },
            {
                // Other tags come with another name of the stack. Changed in its place, it would leave the droplets open
                // until they have them; the old one stays until they do.
                ...child,
                replaceOnChanges: ["tags"],
                hooks: { beforeCreate: [claimFirewall(claim)] },
            },
        );
        this.vpcId = vpc.id;
        this.tags = { manager: [all, manager], worker: [all, worker] };
        this.ready = [firewall, membersCheck(vpc, this)];
        this.registerOutputs({ vpcId: this.vpcId, ...openPorts });
    }
}

/**
 * Does nothing until it is deleted, which comes after the droplets and before the VPC, as it depends on the one and
 * they on it: then it says what is left in the VPC, see `vpcMembers.ts`. It runs on the machine that runs Pulumi and
 * asks the API alone, so no dead node is ever in its way; where Node or the file is missing, nothing is asked. A token
 * of the config has to be an input, since no program runs then; DigitalOcean's provider keeps it in the state as well.
 */
function membersCheck(vpc: digitalocean.Vpc, parent: pulumi.Resource): command.local.Command {
    const { token, apiEndpoint } = accessConfig();
    const environment = {
        SWARM_VPC: vpc.id,
        // The config's come before the environment's.
        ...(token ? { DIGITALOCEAN_TOKEN: token } : {}),
        ...(apiEndpoint ? { DIGITALOCEAN_API_URL: apiEndpoint } : {}),
    };
    return new command.local.Command(
        "vpc-members",
        {
            delete:
                'said=$(node --no-warnings remnants/vpcMembers.ts "$SWARM_VPC" 2>&1) || ' +
                '{ [ $? -ne 3 ] || { printf "%s\\n" "$said" >&2; exit 1; }; }',
            environment: token ? pulumi.secret(environment) : environment,
            addPreviousOutputInEnv: false,
        },
        { parent, additionalSecretOutputs: token ? ["environment"] : [] },
    );
}
