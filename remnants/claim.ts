import * as pulumi from "@pulumi/pulumi";
import { type Cloud, CloudError } from "../cloud.ts";
import { known } from "../components/known.ts";
import { overlapping } from "../model/addresses.ts";
import { defaultVpcMade, defaultVpcPlanned, defaultVpcRefused } from "../model/defaultVpc.ts";
import { sameKey } from "../model/ssh.ts";
import { carriesMarkOf, type StackNames } from "../model/stackNames.ts";
import { type ApiVpc, giveDefaultAway, listVpcs, makeDefaultVpc } from "./defaultVpc.ts";
import { whose } from "./remnants.ts";

/**
 * Hooks that run before something is created of which the account takes only one: a VPC, a key, a firewall.
 *
 * When a run is killed after the API has made such a thing and before the engine could write it down, or when the
 * answer is lost on its way, every later `up` would be refused for a name, a range or a key that is taken. Creating is
 * only tried for what the state does not have, so what is there with this stack's mark is such a remnant, or it is about
 * to be replaced. A remnant that nothing uses is removed, and the creation goes on. Nothing else ever is.
 */
export interface Claim {
    readonly cloud: Cloud;
    /** Not known in a preview before the first up: then nothing can be this stack's. */
    readonly names: pulumi.Output<StackNames>;
    /** What the stack's things would be called without a mark. */
    readonly unmarked: string;
    readonly say: (text: string) => void;
}

interface ApiMember {
    readonly urn: string;
    readonly name: string;
}

/**
 * For a VPC. Also refuses to replace the stack's own, which it can tell by region and range: a swarm does not stretch
 * over two VPCs, so the nodes could not move to the new one. And a range that is another VPC's. In a preview as well.
 *
 * Where the region has no VPC, its default is made first: else the stack's would become it.
 */
export function claimVpc(claim: Claim, vpc: { region: string; ipRange: string }): pulumi.ResourceHook {
    return hook("claim-vpc", async () => {
        const [vpcs, names] = await Promise.all([listVpcs(claim.cloud), known(claim.names)]);
        if (!vpcs.some(({ region }) => region === vpc.region)) {
            await haveDefault(claim, vpc);
        }
        const there = vpcs.find(({ name }) => names !== undefined && carriesMarkOf(names, [name]));
        if (!there) {
            const taken = vpcs.filter(({ ip_range }) => overlapping(ip_range, vpc.ipRange));
            if (taken.length > 0) throw new Error(rangeIsTaken(taken, claim.unmarked));
            return;
        }
        const changes = vpcChanges(there, vpc);
        if (changes) {
            throw new Error(changes);
        }
        const members = await claim.cloud.list<ApiMember>(`/v2/vpcs/${there.id}/members`, "members");
        if (members.length > 0) {
            throw new Error(
                `the account has this stack's VPC ${there.name} (ID ${there.id}), which the stack's state does not know, with ` +
                    `${members.map(({ name, urn }) => `${name} (${urn})`).join(", ")} in it. Droplets that carry the ` +
                    "stack's mark and that its state does not know are removed by: cli/bin/swarm orphans --delete. The rest is " +
                    "for a person to remove. Then run this again",
            );
        }
        if (!pulumi.runtime.isDryRun()) {
            if (there.default) await giveDefaultAway(claim.cloud, there);
            await claim.cloud.remove(`/v2/vpcs/${there.id}`);
            claim.say(
                `removed the empty VPC ${there.name} (ID ${there.id}), which carried this stack's mark and was in the way of the new one`,
            );
        }
    });
}

function rangeIsTaken(vpcs: readonly ApiVpc[], unmarked: string): string {
    const each = vpcs.map(
        ({ id, name, ip_range }) => `the VPC ${name} (ID ${id}, ${ip_range}): ${whose(name, unmarked)}`,
    );
    return (
        `swarm:vpcIpRange: an account takes each address for one VPC alone, and has ${each.join("; ")}. Nothing has been done ` +
        "to it. Choose another range: pulumi config set swarm:vpcIpRange ..."
    );
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
export function claimKey({ cloud, say }: Claim, publicKey: pulumi.Output<string>): pulumi.ResourceHook {
    const work = async () => {
        const wanted = await new Promise<string>((resolve) => publicKey.apply(resolve));
        const keys = await cloud.list<{ id: number; name: string; public_key: string }>(
            "/v2/account/keys",
            "ssh_keys",
        );
        for (const { id, name } of keys.filter(({ public_key }) => sameKey(public_key, wanted))) {
            await cloud.remove(`/v2/account/keys/${id}`);
            say(
                `removed the SSH key ${name} (ID ${id}), which was this stack's own and in the way of the new one`,
            );
        }
    };
    return hook("claim-key", work, false);
}

interface ApiFirewall {
    readonly id: string;
    readonly name: string;
    readonly tags: readonly string[] | null;
}

/**
 * For a firewall. One that covers droplets stays: under another name of the stack it is the one that is about to be
 * replaced, under the same one it is in the way, and a person is asked. In a preview as well.
 */
export function claimFirewall({ cloud, names: output, say }: Claim): pulumi.ResourceHook {
    return hook("claim-firewall", async () => {
        const names = await known(output);
        if (names === undefined) return;
        const firewalls = await cloud.list<ApiFirewall>("/v2/firewalls", "firewalls");
        for (const { id, name, tags } of firewalls.filter((firewall) =>
            carriesMarkOf(names, [firewall.name]),
        )) {
            const covered = await Promise.all((tags ?? []).map((tag) => namesWithTag(cloud, tag)));
            const droplets = [...new Set(covered.flat())];
            if (droplets.length > 0) {
                if (name === names.stack) throw new Error(firewallIsInUse({ id, name }, droplets));
            } else if (!pulumi.runtime.isDryRun()) {
                await cloud.remove(`/v2/firewalls/${id}`);
                say(
                    `removed the firewall ${name} (ID ${id}), which carried this stack's mark and was in the way of the new one`,
                );
            }
        }
    });
}

async function namesWithTag(cloud: Cloud, tag: string): Promise<string[]> {
    const path = `/v2/droplets?tag_name=${encodeURIComponent(tag)}`;
    const droplets = await cloud.list<{ name: string; tags: readonly string[] }>(path, "droplets");
    return droplets
        .filter(({ tags }) => tags.some((own) => own.toLowerCase() === tag.toLowerCase()))
        .map(({ name }) => name);
}

function firewallIsInUse(
    { id, name }: Pick<ApiFirewall, "id" | "name">,
    droplets: readonly string[],
): string {
    return (
        `this stack's firewall ${name} (ID ${id}) is there and protects ${droplets.join(", ")}, so it is not deleted, and the ` +
        "account takes no second one of that name. Where the state has it, it needs no replacement: it changes in place. Where " +
        `the state does not know it, delete it by hand and run pulumi up at once, until when these droplets are open: doctl ` +
        `compute firewall delete ${id}`
    );
}

/** Where the look-up is refused, for want of a scope say, the creation itself has the last word. */
function hook(name: string, work: () => Promise<void>, onDryRun = true): pulumi.ResourceHook {
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
