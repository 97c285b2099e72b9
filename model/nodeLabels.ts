/**
 * Labels of nodes, by which services are placed: read by names and ranges, and told to the swarm by the roster before a task
 * can land on a node.
 */

import { expandNames, NAMES_ALLOWED } from "./names.ts";
import type { Problem } from "./problems.ts";
import { map, orList, textWhere } from "./schema.ts";
import type { NodeLabels } from "./settings.ts";

/** What a constraint can name (`constraint` in placement.ts), other than the program's own. */
const isLabelName = (name: string) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name) && !name.startsWith("swarm.");

const VALUE_ALLOWED =
    "a text of letters, digits, dots, hyphens, underscores, colons and slashes, at most 63 characters";

/** What a script can have as a word, and a constraint can ask for. */
const labels = map(
    `a map from names of letters, digits, dots, hyphens and underscores, none beginning with "swarm.", to ${VALUE_ALLOWED}`,
    isLabelName,
    textWhere(VALUE_ALLOWED, (received) => /^[A-Za-z0-9._:/-]{1,63}$/.test(received)),
);

/** `nodeLabels`, by what names the nodes. */
export const nodeLabels = map(
    `a map from ${NAMES_ALLOWED}; to labels, each a name and its value`,
    (text) => namesIn(text).length > 0,
    labels,
);

function namesIn(text: string): string[] {
    try {
        return expandNames(text);
    } catch {
        return [];
    }
}

type Given = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** By the names of nodes. */
export function labelsByNode(given: Given): NodeLabels {
    const byNode: Record<string, Record<string, string>> = {};
    for (const [names, own] of Object.entries(given)) {
        for (const name of namesIn(names)) byNode[name] = { ...byNode[name], ...own };
    }
    // In one order, however the config has them.
    return Object.fromEntries(
        Object.entries(byNode).map(([name, own]) => [
            name,
            Object.fromEntries(Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1))),
        ]),
    );
}

/** Labels of nodes that there are none of, and labels that a node is to have with two values. */
export function labelProblems(given: Given, nodes: readonly string[]): Problem[] {
    const problems: Problem[] = [];
    const seen = new Map<string, string>();
    for (const [names, own] of Object.entries(given)) {
        const unknown = namesIn(names).filter((name) => !nodes.includes(name));
        if (unknown.length > 0) {
            problems.push({
                path: ["nodeLabels", names],
                value: own,
                why: `there is no node ${orList(unknown)}`,
                allowed: "names of swarm:managers and swarm:workers",
            });
        }
        for (const name of namesIn(names)) {
            for (const [label, value] of Object.entries(own)) {
                const other = seen.get(`${name} ${label}`);
                if (other !== undefined && other !== value) {
                    problems.push({
                        path: ["nodeLabels", names, label],
                        value,
                        why: `is ${other} for ${name} elsewhere`,
                        allowed: "one value of a label for each node",
                    });
                }
                seen.set(`${name} ${label}`, value);
            }
        }
    }
    return problems;
}
