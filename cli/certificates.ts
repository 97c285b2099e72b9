/** When the swarm's certificates end: its root's, and the one of each node, which only the node itself has. */
import { X509Certificate } from "node:crypto";
import type { SwarmFacts } from "../look/facts.ts";
import type { Access } from "./access.ts";
import { atMost } from "./parallel.ts";
import { LoginError, onNode } from "./ssh.ts";

/** When certificates end; RFC 3339. Those of nodes are renewed by the swarm itself, half-way. */
export interface Certificates {
    readonly root?: string;
    readonly nodes: readonly { readonly name: string; readonly until?: string; readonly problem?: string }[];
}

/** Certificates lie beside their keys in a folder of root's; only this file is read. */
const READ =
    'see() { if [ "$(id -u)" = 0 ]; then cat "$1"; else sudo -n cat "$1"; fi; }; ' +
    "file=swarm/certificates/swarm-node.crt; " +
    'see /var/lib/docker/$file 2>/dev/null || see "$(docker info --format "{{.DockerRootDir}}")/$file"';

/** @returns those of the nodes, in the stack's order. @throws LoginError For a wrong host key. */
export async function nodeCertificates(access: Access, signal: AbortSignal): Promise<Certificates["nodes"]> {
    return await atMost(16, access.state.nodes, async (node) => {
        const { name } = node;
        try {
            const { status, stdout, stderr } = await onNode(access, node, READ, { signal });
            return status === 0 ? { name, until: endOf(stdout) } : { name, problem: stderr.trim() };
        } catch (error) {
            if (error instanceof LoginError && error.wrongHostKey) throw error;
            return { name, problem: (error as Error).message };
        }
    });
}

/** The one that all of them are signed by. */
export function rootCertificate({ info }: SwarmFacts): string | undefined {
    const pem = info.Swarm.Cluster?.TLSInfo?.TrustRoot;
    return pem === undefined ? undefined : endOf(pem);
}

/** The end of the first certificate of a PEM text; RFC 3339. */
export function endOf(pem: string): string {
    return new Date(new X509Certificate(pem).validTo).toISOString();
}
