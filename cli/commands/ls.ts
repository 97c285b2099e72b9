import type { ClusterView, NodeView } from "../clusterView.ts";
import { drift, driftText } from "../drift.ts";
import { EXIT } from "../errors.ts";
import { define, jsonOption, outputOption, printed, type TableOption, type Verb } from "../options.ts";
import { factsOf, surveyReader } from "../reading.ts";
import { paint, table } from "../table.ts";

export default (program: Verb) =>
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
        .does(async (choice, options: TableOption) => {
            const facts = await factsOf(await surveyReader()(choice), choice);
            const { view, noManager } = facts;
            printed(options, view, (wide) => nodeTable(view, wide));
            const lines = [...view.problems, ...drift(facts).map(driftText), noManager?.message ?? ""];
            for (const line of lines.filter(Boolean)) process.stderr.write(`${line}\n`);
            return noManager ? EXIT.unreachable : EXIT.ok;
        });

const COLUMNS: Readonly<Record<string, (node: NodeView) => string | undefined>> = {
    ID: ({ nodeId }) => nodeId,
    NAME: ({ name }) => name,
    PUBLIC: ({ publicIp }) => publicIp,
    PRIVATE: ({ privateIp }) => privateIp,
    ROLE: role,
    MANAGER: ({ leader, reachability }) => (leader ? "leader" : reachability),
    SWARM: ({ state }) => colour(state, "ready"),
    AVAILABILITY: ({ availability }) => availability,
    CLOUD: (node) => colour(cloudSide(node), "active"),
    SIZE: ({ size }) => size,
    TAGS: ({ tags }) => tags.join(","),
};

const WIDE: typeof COLUMNS = {
    ...COLUMNS,
    DROPLET: ({ dropletId }) => dropletId,
    ENGINE: ({ engineVersion }) => engineVersion,
};

/** @param wide With the IDs of droplets and the versions of engines, too. */
export function nodeTable({ nodes }: Pick<ClusterView, "nodes">, wide = false): string {
    const columns = Object.entries(wide ? WIDE : COLUMNS);
    const rows = nodes.map((node) => columns.map(([, cell]) => cell(node) ?? ""));
    return table(
        columns.map(([head]) => head),
        rows,
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
    if (text === "" || text === "unknown") return text;
    return paint(text === good ? "green" : "red", text);
}
