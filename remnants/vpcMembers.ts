/**
 * Run by `pulumi destroy` between the deletion of the droplets and that of the VPC. What is in the way of the VPC's
 * deletion it says, and ends with status 3; the plugin would try for two minutes, and then say little:
 *
 * - Something is still in the VPC that the state does not know: droplets of an interrupted run, or what somebody put
 *   there.
 * - It is its region's default, as the first VPC of a region is. Then `default-<region>` is made the default first.
 *
 * usage: node remnants/vpcMembers.ts VPC-ID, with the access to the API in the environment
 *
 * Whatever keeps it from finding out, the VPC's deletion goes on: then that has the last word.
 */
import { accessFrom, type CloudAccess, cloud } from "../cloud.ts";
import { defaultVpcStays } from "../model/defaultVpc.ts";
import { type ApiVpc, giveDefaultAway } from "./defaultVpc.ts";

const IN_THE_WAY = 3;

/** A droplet that was deleted a moment ago may be on the list for another moment. */
const SECOND_LOOK_MS = 2_000;

interface Member {
    readonly urn: string;
    readonly name: string;
}

/** Members that are really there: a droplet that the API no longer has by its ID is on its way out. */
async function membersOf(vpc: string, from: CloudAccess): Promise<Member[]> {
    const api = cloud(from);
    const members = await api.list<Member>(`/v2/vpcs/${vpc}/members`, "members");
    const there = await Promise.all(
        members.map(async (member) => {
            const [, droplet] = /^do:droplet:(\d+)$/.exec(member.urn) ?? [];
            return !droplet || (await api.get(`/v2/droplets/${droplet}`)) !== undefined;
        }),
    );
    return members.filter((_, index) => there[index]);
}

/** What is in the way of the VPC's deletion, and what to do; empty when nothing is. */
async function hindrance(id: string, from: CloudAccess): Promise<string> {
    let members = await membersOf(id, from);
    if (members.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
        members = await membersOf(id, from);
    }
    if (members.length > 0) {
        return [
            "The VPC cannot be deleted while something is in it that this stack's state does not know:",
            ...members.map(({ name, urn }) => `  - ${name}, ${urn.replace(/^do:(\w+):/, "$1 ")}`),
            "Droplets that carry the stack's mark are removed by: cli/bin/swarm orphans --delete",
            "Remove the rest by hand, then run again: pulumi destroy",
        ].join("\n");
    }
    const api = cloud(from);
    const vpc = (await api.get<{ vpc: ApiVpc }>(`/v2/vpcs/${id}`))?.vpc;
    if (!vpc?.default) {
        return "";
    }
    try {
        await giveDefaultAway(api, vpc);
        return "";
    } catch (error) {
        return defaultVpcStays(vpc, (error as Error).message);
    }
}

const [vpc = ""] = process.argv.slice(2);
try {
    const from = accessFrom(process.env);
    const text = from ? await hindrance(vpc, from) : "";
    if (text) {
        console.error(text);
        process.exitCode = IN_THE_WAY;
    }
} catch {
    // Not found out: see above.
}
