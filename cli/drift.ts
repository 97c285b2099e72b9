/** Where the cluster differs from the stack that made it, each with what to do. No I/O. */
import type { ClusterView, NodeView } from "./cluster.ts";

export interface Difference {
    readonly text: string;
    /** Whether it makes the cluster a degraded one; what somebody added on purpose does not. */
    readonly degrades: boolean;
}

/** @param clusterId The cluster that the stack's outputs name; "" when no `up` has gone through. */
export function drift(view: ClusterView, clusterId: string): Difference[] {
    const found = view.nodes.flatMap(nodeDrift);
    if (clusterId !== "" && view.clusterId !== clusterId) {
        found.unshift(
            bad(`the managers are in the cluster ${view.clusterId}, while the stack made ${clusterId}`),
        );
    }
    return found;
}

function nodeDrift(node: NodeView): Difference[] {
    const { name } = node;
    if (node.origin === "lost") {
        return [
            bad(
                `${name} (droplet ${node.dropletId}) carries the stack's tag and is in neither state nor swarm; see: swarm orphans`,
            ),
        ];
    }
    if (node.origin === "foreign") {
        return [
            {
                text: `${name} (${node.nodeId}) is a member that the stack did not make; it is left alone`,
                degrades: false,
            },
        ];
    }
    if (node.wantedRole === undefined) {
        return [
            bad(
                `${name} (${node.nodeId}, ${node.state}) is a member that the stack no longer has; pulumi up removes it`,
            ),
        ];
    }
    const found: Difference[] = [];
    if (node.dropletStatus === "absent") {
        found.push(
            bad(
                `${name}: its droplet ${node.dropletId} is gone from the cloud; pulumi up --refresh makes it anew`,
            ),
        );
    } else if (node.dropletStatus !== undefined && node.dropletStatus !== "active") {
        found.push(
            bad(`${name}: its droplet ${node.dropletId} is ${node.dropletStatus}; switch it on again`),
        );
    }
    if (node.state === "absent") {
        found.push(
            bad(`${name} is in the stack and not in the swarm; pulumi up --refresh, or: swarm doctor`),
        );
    }
    if (node.role !== undefined && node.role !== node.wantedRole) {
        found.push(bad(`${name} is a ${node.role} and should be a ${node.wantedRole}; pulumi up`));
    }
    return found;
}

function bad(text: string): Difference {
    return { text, degrades: true };
}
