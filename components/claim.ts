import * as pulumi from "@pulumi/pulumi";
import { type Cloud, CloudError } from "../cloud.ts";
import { defaultVpcMade, defaultVpcPlanned, defaultVpcRefused } from "../model/defaultVpc.ts";
import { sameKey } from "../model/ssh.ts";
import { type ApiVpc, giveDefaultAway, listVpcs, makeDefaultVpc } from "./defaultVpc.ts";

/**
 * Hooks that run before something is created of which the account takes only one: a VPC, a key, a firewall.
 *
 * When a run is killed after the API has made such a thing and before the engine could write it down, or when the
 * answer is lost on its way, every later `up` would be refused for a name, a range or a key that is taken. Creating is
 * only tried for what the state does not have, so what is there under this stack's name is such a remnant, or it is
 * about to be replaced. A remnant that nothing uses is removed, and the creation goes on.
 */
export interface Claim {
    readonly cloud: Cloud;
    readonly say: (text: string) => void;
}

interface ApiMember {
    readonly urn: string;
    readonly name: string;
}

/**
 * For a VPC. Also refuses to replace the stack's own, which it can tell by region and range: a swarm does not stretch
 * over two VPCs, so the nodes could not move to the new one. In a preview as well.
 *
 * Where the region has no VPC, its default is made first: else the stack's would become it.
 */
export function claimVpc(
    claim: Claim,
    vpc: { name: string; region: string; ipRange: string },
): pulumi.ResourceHook {
    return hook("claim-vpc", true, async () => {
        const vpcs = await listVpcs(claim.cloud);
        if (!vpcs.some(({ region }) => region === vpc.region)) {
            await haveDefault(claim, vpc);
        }
        const there = vpcs.find(({ name }) => name === vpc.name);
        if (!there) {
            return;
        }
        const changes = vpcChanges(there, vpc);
        if (changes) {
            throw new Error(changes);
        }
        const members = await claim.cloud.list<ApiMember>(`/v2/vpcs/${there.id}/members`, "members");
        if (members.length > 0) {
            throw new Error(
                `the account has a VPC ${vpc.name} (ID ${there.id}) that this stack's state does not know, with ` +
                    `${members.map(({ name, urn }) => `${name} (${urn})`).join(", ")} in it. If an interrupted run left it ` +
                    "there, remove its droplets and run this again: npx swarm orphans --delete. If it is another " +
                    "stack's of this name, name this one otherwise",
            );
        }
        if (!pulumi.runtime.isDryRun()) {
            if (there.default) await giveDefaultAway(claim.cloud, there);
            await claim.cloud.remove(`/v2/vpcs/${there.id}`);
            claim.say(
                `removed the empty VPC ${vpc.name} (ID ${there.id}), which an interrupted run had left behind`,
            );
        }
    });
}

/** Where it cannot be made, the stack's VPC is made all the same. */
async function haveDefault(claim: Claim, vpc: { region: string; ipRange: string }): Promise<void> {
    if (pulumi.runtime.isDryRun()) {
        claim.say(defaultVpcPlanned(vpc.region));
        return;
    }
    try {
        const made = await makeDefaultVpc(claim.cloud, vpc.region, vpc.ipRange);
        claim.say(defaultVpcMade(vpc.region, made.ip_range));
    } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        claim.say(defaultVpcRefused(vpc.region, error.message));
    }
}

/** What is to be said of a VPC that is there under the stack's name and is not the wanted one; undefined if it is. */
export function vpcChanges(
    there: Pick<ApiVpc, "region" | "ip_range">,
    wanted: { readonly region: string; readonly ipRange: string },
): string | undefined {
    const changes = [
        ...(there.region === wanted.region
            ? []
            : [`swarm:region: "${wanted.region}", but its nodes are in ${there.region}`]),
        ...(there.ip_range === wanted.ipRange
            ? []
            : [`swarm:vpcIpRange: "${wanted.ipRange}", but its VPC is ${there.ip_range}`]),
    ];
    return changes.length === 0
        ? undefined
        : `this stack cannot change ${changes.join("; ")}. A swarm does not stretch over two VPCs, so its nodes cannot be ` +
              `exchanged one by one; nothing has been changed. Set it back, or make another stack with the new value and ` +
              `move over, or give this swarm up: pulumi destroy, then pulumi up`;
}

/** For the deploy key. The same public key cannot be in an account twice. */
export function claimKey(claim: Claim, publicKey: pulumi.Output<string>): pulumi.ResourceHook {
    return hook("claim-key", false, async () => {
        const wanted = await new Promise<string>((resolve) => publicKey.apply(resolve));
        const keys = await claim.cloud.list<{ id: number; name: string; public_key: string }>(
            "/v2/account/keys",
            "ssh_keys",
        );
        for (const { id, name } of keys.filter(({ public_key }) => sameKey(public_key, wanted))) {
            await claim.cloud.remove(`/v2/account/keys/${id}`);
            claim.say(`removed the SSH key ${name} (ID ${id}), which an interrupted run had left behind`);
        }
    });
}

/** For a firewall. Told by name and tag: both are this stack's own. */
export function claimFirewall(claim: Claim, firewall: { name: string; tag: string }): pulumi.ResourceHook {
    return hook(`claim-${firewall.name}`, false, async () => {
        const firewalls = await claim.cloud.list<{
            id: string;
            name: string;
            tags: readonly string[] | null;
        }>("/v2/firewalls", "firewalls");
        const ours = firewalls.filter(
            ({ name, tags }) => name === firewall.name && tags?.includes(firewall.tag),
        );
        for (const { id, name } of ours) {
            await claim.cloud.remove(`/v2/firewalls/${id}`);
            claim.say(`removed the firewall ${name} (ID ${id}), which an interrupted run had left behind`);
        }
    });
}

/** Where the look-up is refused, for want of a scope say, the creation itself has the last word. */
function hook(name: string, onDryRun: boolean, work: () => Promise<void>): pulumi.ResourceHook {
    return new pulumi.ResourceHook(
        name,
        async () => {
            await work().catch((error: Error) => {
                if (!(error instanceof CloudError)) throw error;
                void pulumi.log.warn(
                    `could not clear away what an interrupted run may have left behind: ${error.message}`,
                );
            });
        },
        { onDryRun },
    );
}
