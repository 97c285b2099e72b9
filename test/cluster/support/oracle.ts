/** What is always true of a healthy cluster, asked of the cluster, the API, Docker and the state. */
import assert from "node:assert/strict";
import { readState, type StackState } from "../../../cli/stackState.ts";
import type { StackNames } from "../../../model/stackNames.ts";
import { dropletsOnRecord } from "../../../remnants/remnants.ts";
import { dropletContainers, droplets, inDroplet, nginxAnswers, untilInDroplet } from "./cloud.ts";
import { evidence } from "./evidence.ts";
import type { LabStack, NodeOutput, Outputs } from "./stack.ts";

export interface Wanted {
    /** Names, in the order of the configuration. */
    readonly managers: readonly string[];
    readonly workers: readonly string[];
    /** Replicas of nginx. */
    readonly replicas: number;
    /** Port that nginx is published on; default 80. */
    readonly port?: number;
    /** Members that somebody joined by hand; default 0. */
    readonly foreign?: number;
    /** Seconds that nginx has to answer through every node; default 60. */
    readonly patience?: number;
    /** Whether a preview, which takes longer than all else here, has to be empty as well. */
    readonly settled?: boolean;
}

/**
 * As each manager sees it: one leader; exactly the wanted managers and workers, each ready, labelled, reachable if
 * it is a manager, and under the ID that the outputs give; no other member of this stack's, dead or alive; every
 * service at its replicas. nginx answers through every node's public address. API, Docker and state hold the same
 * droplets, and the state nothing that waits for its deletion. Where it is asked for, a further preview is empty.
 *
 * @throws Error with all that is known of the cluster, since in CI nobody can go and look.
 */
export async function healthy(stack: LabStack, wanted: Wanted): Promise<Outputs> {
    // Each question to the CLI is a process of its own: one answers what the others would, too.
    const [outputs, state] = await Promise.all([stack.outputs(), stateOf(stack)]);
    try {
        same(
            "the outputs' nodes",
            (outputs.nodes ?? []).map(({ name, role }) => `${role} ${name}`),
            [
                ...wanted.managers.map((name) => `manager ${name}`),
                ...wanted.workers.map((name) => `worker ${name}`),
            ],
        );
        // All at once, as each of them waits for something else. All are waited for, also where one has failed: a
        // preview that still runs would be in the way of whatever comes next.
        const asked = await Promise.allSettled([
            sameDroplets(state, outputs),
            swarmAsWanted(state, outputs, wanted),
            wanted.settled ? nothingToDo(stack) : undefined,
        ]);
        for (const answer of asked) if (answer.status === "rejected") throw answer.reason;
    } catch (error) {
        const why = error instanceof Error ? error.message : `${error}`;
        throw new Error(`${why}\n\n${await evidence(stack)}`, { cause: error });
    }
    return outputs;
}

async function stateOf(stack: LabStack): Promise<StackState> {
    return readState(JSON.parse(await stack.export()), stack.name);
}

async function swarmAsWanted({ names }: StackState, outputs: Outputs, wanted: Wanted): Promise<void> {
    const managers = managersOf(outputs);
    await Promise.all(managers.map(({ dropletId }) => statesKnown(dropletId)));
    await Promise.all(managers.map((manager) => seenFrom(manager, outputs, names, wanted)));
    await Promise.all(
        outputs.nodes.map(({ publicIp }) => nginxAnswers(publicIp, wanted.port, wanted.patience)),
    );
}

async function nothingToDo(stack: LabStack): Promise<void> {
    const preview = await stack.pulumi(["preview", "--expect-no-changes"]);
    assert.equal(preview.status, 0, preview.text);
}

/** As `deepEqual`, which shows no difference once it is given a text of one's own. */
function same(what: string, seen: unknown, expected: unknown): void {
    try {
        assert.deepEqual(seen, expected);
    } catch (error) {
        throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
}

const managersOf = ({ nodes }: Outputs) => nodes.filter(({ role }) => role === "manager");

/** The droplets of the outputs are those of the API, of the state, and run as containers; no other is there. */
async function sameDroplets({ names: { tags }, exported }: StackState, { nodes }: Outputs): Promise<void> {
    const ids = nodes.map(({ dropletId }) => dropletId).sort();
    const made = await droplets(tags.all);
    same(
        "the API's droplets with the stack's tag",
        made.map((droplet) => `${droplet.id} ${droplet.name} ${[...droplet.tags].sort()}`).sort(),
        nodes
            .map((node) => `${node.dropletId} ${node.name} ${[tags.all, roleTag(tags, node)].sort()}`)
            .sort(),
    );
    same("the state's droplets", [...dropletsOnRecord(exported)].sort(), ids);
    same(
        "what waits for its deletion in the state",
        (exported.deployment?.resources ?? []).filter((entry) => entry.delete).map(({ urn }) => urn),
        [],
    );
    // Fails where there is no running container.
    await Promise.all(made.map(({ id }) => inDroplet(id, "true")));
    // Of all stacks: a container whose droplet the API no longer has would otherwise be seen by nobody.
    same("containers of droplets", await dropletContainers(), (await droplets()).length);
}

/** After an election, as a reboot brings one about, the leader knows nobody's state until the nodes have reported. */
async function statesKnown(dropletId: string): Promise<void> {
    const states = "docker node ls -q | xargs docker node inspect --format '{{.Status.State}}'";
    await untilInDroplet(dropletId, states, /^((ready|down|disconnected)\s*)+$/);
}

function roleTag(tags: StackNames["tags"], { role }: NodeOutput): string {
    return role === "manager" ? tags.manager : tags.worker;
}

/** ID, role, availability, state, address, node's name, stack's label, engine's label, reachability, leader. */
const MEMBER_FORMAT = [
    "{{.ID}} {{.Spec.Role}} {{.Spec.Availability}} {{.Status.State}} {{.Status.Addr}}",
    '{{with index .Spec.Labels "swarm.node"}}{{.}}{{else}}-{{end}}',
    '{{with index .Spec.Labels "swarm.stack"}}{{.}}{{else}}-{{end}}',
    '{{with index .Description.Engine.Labels "swarm.stack"}}{{.}}{{else}}-{{end}}',
    "{{with .ManagerStatus}}{{.Reachability}}{{if .Leader}} leader{{end}}{{end}}",
].join(" ");

/** The cluster as one manager sees it. */
async function seenFrom(
    manager: NodeOutput,
    outputs: Outputs,
    { stack: label }: StackNames,
    wanted: Wanted,
): Promise<void> {
    const text = await inDroplet(
        manager.dropletId,
        `docker node ls -q | xargs docker node inspect --format '${MEMBER_FORMAT}' && echo services &&
        docker service ls --format '{{.Name}} {{.Replicas}}'`,
    );
    const [memberText = "", serviceText = ""] = text.split(/^services$/m);
    const members = memberText
        .trim()
        .split("\n")
        .map((line) => line.trim());
    const ours = members.filter((line) => line.split(" ").slice(6, 8).includes(label));
    same(`leaders that ${manager.name} sees`, members.filter((line) => line.endsWith(" leader")).length, 1);
    same(
        `members that ${manager.name} sees`,
        ours.map((line) => line.replace(/ leader$/, "").trim()).sort(),
        expectedMembers(outputs, label).sort(),
    );
    same(`members of nobody that ${manager.name} sees`, members.length - ours.length, wanted.foreign ?? 0);
    const services = serviceText.trim().split("\n");
    assert.ok(
        services.includes(`nginx ${wanted.replicas}/${wanted.replicas}`),
        `${manager.name} sees nginx not at ${wanted.replicas} replicas:\n${serviceText}`,
    );
    for (const service of services) {
        assert.match(service, /^\S+ (\d+)\/\1( |$)/, `${manager.name} sees a service short of its replicas`);
    }
}

function expectedMembers({ nodes }: Outputs, label: string): string[] {
    const managers = nodes.filter(({ role }) => role === "manager").length;
    return nodes.map(({ nodeId, role, privateIp, name }) => {
        const availability =
            role === "manager" && managers >= 3 && nodes.length > managers ? "drain" : "active";
        const seen = role === "manager" ? " reachable" : "";
        return `${nodeId} ${role} ${availability} ready ${privateIp} ${name} ${label} ${label}${seen}`;
    });
}
