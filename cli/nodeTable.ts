/** The nodes of a cluster as a table. No I/O. */
import type { ClusterView, NodeView } from "./clusterView.ts";
import { paint, table } from "./table.ts";

/** @param wide With the IDs of droplets and the versions of engines, too. */
export function nodeTable({ nodes }: Pick<ClusterView, "nodes">, wide = false): string {
    return table(
        [
            "ID",
            "NAME",
            "PUBLIC",
            "PRIVATE",
            "ROLE",
            "MANAGER",
            "SWARM",
            "AVAILABILITY",
            "CLOUD",
            "SIZE",
            "TAGS",
            ...(wide ? ["DROPLET", "ENGINE"] : []),
        ],
        nodes.map((node) => [
            node.nodeId ?? "",
            node.name,
            node.publicIp ?? "",
            node.privateIp ?? "",
            role(node),
            node.leader ? "leader" : (node.reachability ?? ""),
            colour(node.state, "ready"),
            node.availability ?? "",
            colour(cloudSide(node), "active"),
            node.size ?? "",
            node.tags.join(","),
            ...(wide ? [node.dropletId ?? "", node.engineVersion ?? ""] : []),
        ]),
    );
}

/** Where the swarm does not know it, the role that it should have stands in brackets. */
function role({ role, wantedRole }: NodeView): string {
    return role ?? (wantedRole ? `(${wantedRole})` : "");
}

function cloudSide({ dropletStatus, origin }: NodeView): string {
    return dropletStatus ?? (origin === "foreign" ? "foreign" : "");
}

function colour(text: string, good: string): string {
    return text === good
        ? paint("green", text)
        : text === "" || text === "unknown"
          ? text
          : paint("red", text);
}
