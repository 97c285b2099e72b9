/** The facts that a cluster's health is told from, gathered. */
import { openAccess } from "./access.ts";
import { nodeCertificates, rootCertificate } from "./certificates.ts";
import { comparedOf, surveyWith } from "./cluster.ts";
import type { Certificates, Facts } from "./health.ts";
import type { StackChoice } from "./pulumi.ts";

/** @param known Certificates read before: to be used instead of asking every node again. */
export async function gather(
    choice: StackChoice & { readonly signal: AbortSignal },
    known?: Certificates | "none",
): Promise<Facts> {
    const access = await openAccess(choice);
    const [found, nodes] = await Promise.all([
        surveyWith(access, choice),
        known === undefined ? nodeCertificates(access, choice.signal) : [],
    ]);
    return {
        ...(await comparedOf(found, choice)),
        certificates:
            known === "none" || found.noManager
                ? undefined
                : (known ?? { root: rootCertificate(found.swarm), nodes }),
        noManager: found.noManager,
    };
}
