/** All that can be learned of a cluster that is not as it should be: what CI prints is all that anybody gets. */

import type { ExportedState } from "../../../remnants/remnants.ts";
import { api, type Droplet, droplets, inDroplet } from "./cloud.ts";
import type { LabStack } from "./stack.ts";

/** Lines of each log, and of what the engine printed last. */
const TAIL = 25;

/** What dockerd says many times over in the lab, whose kernel lacks IPVS. */
const NOISE = "kernel parameter\\|ipvs\\|ip_vs\\|nameservers";

/** A dockerd that hangs must not hang the test's end as well. */
const ASK = "timeout 15 sh -c";

/** Of each node: who it is to the swarm, and, where it is a manager, what it knows of members and tasks. */
const NODE_QUESTIONS = `
docker info --format 'swarm {{.Swarm.LocalNodeState}}, manager {{.Swarm.ControlAvailable}}, node {{.Swarm.NodeID}} {{.Swarm.Error}}' 2>&1
if docker node ls >/dev/null 2>&1; then
    docker node ls --format '{{.ID}} {{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}}'
    docker service ls --format '{{.Name}} {{.Mode}} {{.Replicas}} {{.Image}}'
    docker service ls -q | xargs -r docker service ps --format '{{.Name}} on {{.Node}}: {{.DesiredState}}, {{.CurrentState}} {{.Error}}'
fi`;

/** Texts of the cluster, the droplets' logs, the API and the state, under headings; never throws. */
export async function evidence(stack: LabStack): Promise<string> {
    // What was asked of it is of no use here: the state follows below.
    const printed = stack.log
        .filter((text) => !text.startsWith("{"))
        .slice(-2)
        .map((text) => tail(text, 3 * TAIL));
    const made = await stack
        .names()
        .then(({ tags }) => droplets(tags.all))
        .catch(() => [] as readonly Droplet[]);
    const nodes = await Promise.all(
        made.map(async ({ id, name }) => {
            const log =
                `grep -v '${NOISE}' /var/log/droplet/docker.log | tail -n ${TAIL} | cut -c1-300; ` +
                `tail -n 8 /var/log/droplet/ssh.log; ` +
                // The last table of the mesh's stand-in, if that has one.
                `tail -n ${TAIL} /var/log/droplet/mesh.log 2>/dev/null || true`;
            return section(`${name}, droplet ${id}`, [
                await ask(id, `${ASK} ${quoted(NODE_QUESTIONS)}`),
                await ask(id, log),
            ]);
        }),
    );
    return [
        section("what the engine printed last", printed),
        section("droplets of the API with the stack's tag", made.map(dropletText)),
        section("state", [await stack.export().then(stateText, failed)]),
        section("faults in the API's way", [await faultsText()]),
        ...nodes,
    ].join("\n");
}

const dropletText = ({ id, name, tags }: Droplet) => `${id} ${name} ${tags.join(",")}`;

const ask = (id: number, command: string) => inDroplet(id, command).catch(failed);

const failed = (error: unknown) => `(not to be had: ${error instanceof Error ? error.message : error})`;

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const tail = (text: string, lines: number) => text.trimEnd().split("\n").slice(-lines).join("\n");

const section = (title: string, parts: readonly string[]) => `── ${title} ──\n${parts.join("\n")}\n`;

/** Resources with their IDs, and what the engine had under way: no inputs or outputs, which hold secrets. */
function stateText(exported: string): string {
    const { deployment } = JSON.parse(exported) as ExportedState & {
        deployment?: {
            pending_operations?: readonly { resource: { urn: string; id?: string }; type: string }[];
        };
    };
    return [
        ...(deployment?.resources ?? [])
            .filter(({ id }) => id !== undefined)
            .map((entry) => `${nameOf(entry.urn)} ${entry.id}${entry.delete ? " (waits for deletion)" : ""}`),
        ...(deployment?.pending_operations ?? []).map(
            ({ type, resource }) => `pending: ${type} ${nameOf(resource.urn)} ${resource.id ?? ""}`,
        ),
    ].join("\n");
}

/** Type and name out of a URN. */
const nameOf = (urn: string) =>
    urn
        .split("::")
        .slice(-2)
        .join(" ")
        .replace(/^\S*\$/, "");

async function faultsText(): Promise<string> {
    const { body } = await api("GET", "/lab/faults").catch((error) => ({ body: failed(error) }));
    return JSON.stringify(body);
}
