/**
 * Records what state, swarm and cloud say of a stack, for the tests of what is made from it.
 *
 * usage: node test/cli/record.ts <name>        (in the environment of a lab, its stack selected)
 *
 * Encrypted values are left out of the state, and so is what nothing reads; the rest is as it was said.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { openAccess } from "../../cli/access.ts";
import { dockerApi } from "../../cli/dockerApi.ts";
import type { ApiDroplet } from "../../cli/droplets.ts";
import { askManagers } from "../../cli/managers.ts";
import { exportedState } from "../../cli/pulumi.ts";
import { openCloud } from "../../cli/stack.ts";
import { QUESTIONS, type SwarmFacts } from "../../look/facts.ts";
import type { Recording } from "./recordings.ts";

/** Keys that nothing here reads and that would bury the rest. */
const UNREAD = new Set([
    "Plugins",
    "propertyDependencies",
    "sourcePosition",
    "stackTrace",
    "inputs",
    "manifest",
    "features",
    "image",
]);

function kept(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(kept);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(
        ([key, inner]) =>
            !UNREAD.has(key) && !(typeof inner === "object" && inner !== null && "ciphertext" in inner),
    );
    return Object.fromEntries(entries.map(([key, inner]) => [key, kept(inner)]));
}

const [name] = process.argv.slice(2);
if (!name) throw new Error("usage: node test/cli/record.ts <name>");

const access = await openAccess({});
const exported = JSON.parse(await exportedState({}));
const { resources } = exported.deployment;
const read = /^(pulumi:pulumi:Stack|tls:|digitalocean:index\/droplet:)/;
const swarm = await askManagers(access, async (node, signal): Promise<SwarmFacts> => {
    const api = dockerApi(access, node, signal);
    try {
        const { DockerRootDir, Swarm } = await api.get<SwarmFacts["info"]>("/info");
        return {
            info: { DockerRootDir, Swarm },
            nodes: await api.get(QUESTIONS.nodes),
            services: await api.get(QUESTIONS.services),
            tasks: await api.get(QUESTIONS.tasks),
            networks: await api.get(QUESTIONS.networks),
            secrets: await api.get(QUESTIONS.secrets),
            configs: await api.get(QUESTIONS.configs),
        };
    } finally {
        api.close();
    }
});
const cloud = await openCloud({});
const recording: Recording = {
    at: new Date().toISOString(),
    state: { deployment: { resources: resources.filter(({ type }: { type: string }) => read.test(type)) } },
    swarm,
    droplets: await cloud.list<ApiDroplet>(
        `/v2/droplets?tag_name=${access.state.names.tags.all}`,
        "droplets",
    ),
};
const file = path.join(import.meta.dirname, "recordings", `${name}.json`);
writeFileSync(file, `${JSON.stringify(kept(recording), undefined, 2)}\n`);
