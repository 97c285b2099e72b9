/** Labels of nodes: by names and ranges, and what they tell of where a service can run. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { NAMES_ALLOWED } from "../../model/names.ts";

/** node1 is the manager, node[2:4] the workers. */
const parsed = (nodeLabels: unknown, constraints: readonly string[] = []) =>
    parseSettings({
        sshFrom: ["203.0.113.7/32"],
        nodeLabels,
        services: { web: { image: "nginx", constraints } },
    });

const problems = (...args: Parameters<typeof parsed>) => {
    const result = parsed(...args);
    return "problems" in result ? result.problems : [];
};

test("names and ranges are spelt out, and what several say of a node is put together", () => {
    const result = parsed({
        "node[2:3]": { zone: "a", disk: "ssd" },
        node3: { rack: 7 },
        "node1,node3": { disk: "ssd" },
    });
    assert.deepEqual("settings" in result && result.settings.nodeLabels, {
        node1: { disk: "ssd" },
        node2: { disk: "ssd", zone: "a" },
        node3: { disk: "ssd", rack: "7", zone: "a" },
    });
});

const VALUE =
    "a text of letters, digits, dots, hyphens, underscores, colons and slashes, at most 63 characters";
const LABELS = `a map from names of letters, digits, dots, hyphens and underscores, none beginning with "swarm.", to ${VALUE}`;
const MAP = `a map from ${NAMES_ALLOWED}; to labels, each a name and its value`;

describe("labels are refused with", () => {
    const rows: [labels: unknown, ...texts: string[]][] = [
        [["zone"], `swarm:nodeLabels: ["zone"]; allowed: ${MAP}`],
        [
            { "node[3:2]": { zone: "a" } },
            `swarm:nodeLabels: {"node[3:2]":{"zone":"a"}}: "node[3:2]" cannot be a name; allowed: ${MAP}`,
        ],
        [
            { "node[4:6]": { zone: "a" } },
            'swarm:nodeLabels["node[4:6]"]: {"zone":"a"}: there is no node node5 or node6; allowed: names of ' +
                "swarm:managers and swarm:workers",
        ],
        [
            { node2: { zone: "a b", rack: "" } },
            `swarm:nodeLabels.node2.rack: ""; allowed: ${VALUE}`,
            `swarm:nodeLabels.node2.zone: "a b"; allowed: ${VALUE}`,
        ],
        [
            { node2: { "swarm.node": "x" } },
            `swarm:nodeLabels.node2: {"swarm.node":"x"}: "swarm.node" cannot be a name; allowed: ${LABELS}`,
        ],
        [
            { "node[2:3]": { zone: "a" }, node3: { zone: "b" } },
            'swarm:nodeLabels["node[2:3]"].zone: "a": is b for node3 elsewhere; allowed: one value of a label for each node',
        ],
    ];
    for (const [labels, ...texts] of rows) {
        test(JSON.stringify(labels), () => assert.deepEqual(problems(labels), texts));
    }
});

describe("a constraint by a label", () => {
    const nowhere = (constraint: string) => [
        `swarm:services.web.constraints: ["${constraint}"]: leave no node to run the service; allowed: constraints that at ` +
            "least one node meets",
    ];
    const all = { "node[1:4]": { zone: "a" } };
    test("that the config gives to nodes is met by it", () => {
        assert.deepEqual(problems(all, ["node.labels.zone==A"]), []);
        assert.deepEqual(problems(all, ["node.labels.zone==b"]), nowhere("node.labels.zone==b"));
        assert.deepEqual(problems(all, ["node.labels.zone!=a"]), nowhere("node.labels.zone!=a"));
    });
    test("that another node may have by hand is taken as met", () => {
        assert.deepEqual(problems({ "node[1:3]": { zone: "a" } }, ["node.labels.zone==b"]), []);
    });
});
