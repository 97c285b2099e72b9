/**
 * Run by `pulumi destroy` between the deletion of the droplets and that of the VPC: says what is still in the VPC and
 * ends with status 3. Without it, the plugin would try for two minutes to delete the VPC, and then say only that it
 * has members. Who they are: droplets of an interrupted run, which the state does not know, or what somebody put there.
 *
 * usage: node components/vpcMembers.ts VPC-ID STACK
 *
 * Whatever keeps it from finding out, the VPC's deletion goes on: then that has the last word.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { accessFrom, type CloudAccess, cloud } from "../cloud.ts";

const MEMBERS_LEFT = 3;

/** A droplet that was deleted a moment ago may be on the list for another moment. */
const SECOND_LOOK_MS = 2_000;

interface Member {
    readonly urn: string;
    readonly name: string;
}

async function access(stack: string): Promise<CloudAccess | undefined> {
    const found = accessFrom(process.env);
    if (found) {
        return found;
    }
    const ask = ["config", "get", "digitalocean:token", "--non-interactive", "--stack", stack];
    const { stdout } = await promisify(execFile)("pulumi", ask);
    return { token: stdout.trim(), url: process.env.DIGITALOCEAN_API_URL };
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

const [vpc = "", stack = ""] = process.argv.slice(2);
try {
    const from = await access(stack);
    let members = from ? await membersOf(vpc, from) : [];
    if (from && members.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
        members = await membersOf(vpc, from);
    }
    if (members.length > 0) {
        console.error(
            [
                "The VPC cannot be deleted while something is in it that this stack's state does not know:",
                ...members.map(({ name, urn }) => `  - ${name}, ${urn.replace(/^do:(\w+):/, "$1 ")}`),
                "Droplets that an interrupted run has left behind are removed by: npx swarm orphans --delete",
                "Remove the rest by hand, then run again: pulumi destroy",
            ].join("\n"),
        );
        process.exitCode = MEMBERS_LEFT;
    }
} catch {
    // Not found out: see above.
}
