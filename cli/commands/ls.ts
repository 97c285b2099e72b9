import type { Command } from "commander";
import { comparedOf } from "../cluster.ts";
import type { ClusterView, NodeView } from "../clusterView.ts";
import { drift, driftText } from "../drift.ts";
import { EXIT } from "../errors.ts";
import { define, jsonOption, outputOption, printed, run, type TableOption } from "../options.ts";
import { surveyReader } from "../reading.ts";
import { paint, table } from "../table.ts";

export default (program: Command) =>
    define(program, "ls", {
        summary: "the nodes: cloud and swarm side by side",
        description:
            "Lists the nodes of the stack, the members of its swarm, and the droplets with its tag: what is in one of " +
            "them and not in another stands out, and is named below the table.",
        more: "Exit status: 2 when no manager could be asked; the table then shows what state and cloud know.",
        examples: ["swarm ls", "swarm ls --json | jq -r '.nodes[] | select(.state != \"ready\") | .name'"],
    })
        .addOption(outputOption())
        .addOption(jsonOption())
        .action(
            run(async (choice, options: TableOption, _: Command) => {
                const found = await surveyReader()(choice);
                const compared = await comparedOf(found, choice);
                const { view } = compared;
                printed(options, view, (wide) => nodeTable(view, wide));
                const lines = [
                    ...view.problems,
                    ...drift(compared).map(driftText),
                    found.noManager?.message ?? "",
                ];
                for (const line of lines.filter(Boolean)) process.stderr.write(`${line}\n`);
                return found.noManager ? EXIT.unreachable : EXIT.ok;
            }),
        );

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
