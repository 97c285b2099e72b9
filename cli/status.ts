/** The facts that a cluster's health is told from, gathered. */
import { type Certificates, nodeCertificates, rootCertificate } from "./certificates.ts";
import type { Facts } from "./drift.ts";
import { lockedAmong } from "./managers.ts";
import type { StackChoice } from "./pulumi.ts";
import { factsOf, REAL, type Sources, surveyReader } from "./reading.ts";

/** Certificates are read from every node, and are good for weeks. */
const CERTIFICATES_MS = 600_000;

/**
 * A function that gathers them, and may be called again and again.
 *
 * @param withCertificates Whether every node is asked for its own.
 * @throws CliError When the state cannot be read the first time; for a wrong host key.
 */
export function gatherer(
    choice: StackChoice & { readonly signal: AbortSignal },
    withCertificates: boolean,
    sources: Sources = REAL,
    locked: typeof lockedAmong = lockedAmong,
): () => Promise<Facts> {
    let read: { readonly nodes: Certificates["nodes"]; readonly at: number } | undefined;
    const survey = surveyReader({
        ...sources,
        swarm: async (access, options) => {
            const at = sources.clock();
            const isDue = withCertificates && (read === undefined || at - read.at > CERTIFICATES_MS);
            const [swarm, nodes] = await Promise.all([
                sources.swarm(access, options),
                isDue ? nodeCertificates(access, choice.signal) : undefined,
            ]);
            if (nodes) read = { nodes, at };
            return swarm;
        },
    });
    return async () => {
        const found = await survey(choice);
        const facts = await factsOf(found, choice);
        const { access, view, swarm } = found;
        const away = view.nodes
            .filter(({ role, reachability }) => role === "manager" && reachability !== "reachable")
            .map(({ name }) => name);
        const asked = access.state.nodes.filter(({ name }) => away.includes(name));
        return {
            ...facts,
            locked: await locked(access, asked, choice.signal),
            certificates: read && swarm && { root: rootCertificate(swarm), nodes: read.nodes },
        };
    };
}
