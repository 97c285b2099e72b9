/** What is always true of a healthy cluster, asked of the cluster, the API, Docker and the state. */
import assert from "node:assert/strict";
import { droplets, inDroplet, nginxAnswers } from "./cloud.ts";
import type { LabStack, Outputs } from "./stack.ts";

export interface Wanted {
    /** Names, managers first. */
    readonly managers: readonly string[];
    readonly workers: readonly string[];
    /** Replicas of nginx. */
    readonly replicas: number;
}

/**
 * One leader; exactly the wanted managers and workers, each ready, labelled and under the ID that the outputs give;
 * nginx at its replicas, answering through every node; a further preview is empty; API and state agree.
 */
export async function healthy(stack: LabStack, wanted: Wanted): Promise<Outputs> {
    const outputs = await stack.outputs();
    const names = [...wanted.managers, ...wanted.workers];
    assert.deepEqual(
        outputs.nodes.map(({ name, role }) => `${role} ${name}`),
        [
            ...wanted.managers.map((name) => `manager ${name}`),
            ...wanted.workers.map((name) => `worker ${name}`),
        ],
    );
    const seed = outputs.nodes[0]?.dropletId as string;
    assert.deepEqual((await members(seed)).sort(), expectedMembers(outputs).sort());
    const leaders = (await inDroplet(seed, "docker node ls --format '{{.ManagerStatus}}'")).split("\n");
    assert.equal(leaders.filter((status) => status === "Leader").length, 1);
    assert.equal(
        await inDroplet(seed, "docker service ls --format '{{.Name}} {{.Replicas}}'"),
        `nginx ${wanted.replicas}/${wanted.replicas}`,
    );
    for (const { publicIp, dropletId, name } of outputs.nodes) {
        await nginxAnswers(publicIp).catch(async (error: Error) => {
            const log = await inDroplet(dropletId, "tail -n 40 /var/log/droplet/mesh*; docker network ls");
            throw new Error(`${name}: ${error.message}\n${log}`, { cause: error });
        });
    }
    const made = await droplets(`swarm-${stack.name}`);
    assert.deepEqual(
        made.map(({ id, name }) => `${name} ${id}`).sort(),
        outputs.nodes.map(({ name, dropletId }) => `${name} ${dropletId}`).sort(),
    );
    assert.equal(made.length, names.length);
    const preview = await stack.pulumi(["preview", "--expect-no-changes"]);
    assert.equal(preview.status, 0, preview.text);
    return outputs;
}

async function members(droplet: string): Promise<string[]> {
    const format =
        '{{.ID}} {{.Spec.Role}} {{.Spec.Availability}} {{.Status.State}} {{.Status.Addr}} {{index .Spec.Labels "swarm.node"}}';
    const text = await inDroplet(
        droplet,
        `docker node ls -q | xargs docker node inspect --format '${format}'`,
    );
    return text.split("\n");
}

function expectedMembers({ nodes }: Outputs): string[] {
    const managers = nodes.filter(({ role }) => role === "manager").length;
    return nodes.map(({ nodeId, role, privateIp, name }) => {
        const availability =
            role === "manager" && managers >= 3 && nodes.length > managers ? "drain" : "active";
        return `${nodeId} ${role} ${availability} ready ${privateIp} ${name}`;
    });
}
