/** What an operator is warned of, and where not; and that the pages show what is printed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import type { Preview } from "../../cli/plan/preview.ts";
import { plainText } from "../../cli/plan/words.ts";
import { expandNames } from "../../model/names.ts";
import { beside } from "./beside.ts";
import type { RawPreview } from "./engine.ts";
import { madePreview, type Roles } from "./planMade.ts";
import { planFor, previewText, previewWith, textFolder } from "./plans.ts";

const warnings = (preview: Preview) => planOf(preview, beside).warnings.map(plainText);
const withChange = async (name: string, change: (raw: RawPreview) => void) =>
    warnings(await previewWith(name, change));
const roles = (managers: string, workers: string): Roles => ({
    managers: expandNames(managers),
    workers: expandNames(workers),
});

/** Each recording with a warning, and how each of its warnings begins. */
const recorded: readonly (readonly [name: string, ...starts: string[]])[] = [
    ["scale-out"],
    ["scale-in"],
    ["replicas-down"],
    ["service-new"],
    ["service-removed"],
    ["roll-workers"],
    ["worker-anew"],
    ["swap"],
    ["seed"],
    ["seed-anew"],
    ["five"],
    ["lost-worker"],
    ["lost-seed"],
    ["no-change"],
    ["first-up", "port 22 opens to everybody"],
    ["replicas-up", "nginx has 5 replicas for 4 nodes that take its tasks"],
    ["service-global", "nginx is away while being made again"],
    ["port-moved", "80/tcp of nginx closes at the very start of the up"],
    ["ssh-from", "port 22 closes to some: the machine that runs Pulumi has to be within 203.0.113.7/32"],
    ["roll-manager", "the only manager is replaced: the new node1 joins as a second one"],
    ["roll-all", "the only manager is replaced", "all 4 nodes are exchanged at once"],
    ["manager-exchanged", "the only manager, node1, hands over"],
    ["places", "the only manager, node1, hands over"],
    ["manager-to-worker", "the only manager, node1, hands over", "node2 leaves the swarm to join it again"],
    ["one-to-three", "there are two managers only for a moment"],
    [
        "three-to-one",
        "there are two managers only for a moment",
        "the quorum bears fewer losses than before: 0 instead of 1",
    ],
    ["roll-three", "none of the managers of now stays"],
    ["managers-exchanged", "none of the managers of now stays"],
    ["protected", "none of the managers of now stays", "node1, node2 and node3 are protected"],
    [
        "portion-alone",
        "node3 is deleted without being emptied",
        "the new droplet of node3 joins no swarm yet",
    ],
    ["start-over", "node1 keeps the swarm that it is in, with its services, secrets and configs"],
    ["start-over-three", "node1 keeps the swarm that it is in"],
    ["start-over-lost", "a new swarm is made in place of this one"],
    ["lost-manager-out", "more than half of the managers are lost"],
    ["no-leader", "more than half of the managers are lost", "nginx has 2 replicas for 1 node"],
    ["recover", "where there is no leader, the swarm goes on from node1 alone"],
    ["lost-quorum", "where there is no leader, the swarm goes on from node3 alone"],
    ["destroy", "everything goes: the nodes with their tasks, volumes, secrets and configs"],
];

describe("warnings of the recorded previews", () => {
    for (const [name, ...starts] of recorded) {
        test(name, async () => {
            const found = (await planFor(name)).warnings.map(plainText);
            assert.deepEqual(
                found.map((text, index) => text.slice(0, starts[index]?.length ?? text.length)),
                starts,
            );
        });
    }
});

describe("managers", () => {
    test("an even number of them", () => {
        const two = warnings(madePreview({ before: roles("a", "b"), after: roles("a,b", "") }));
        assert.ok(
            two.includes("2 managers bear no more losses than 1, and the loss of either loses the quorum"),
            two.join("\n"),
        );
        const four = warnings(madePreview({ before: roles("a,b,c", "d"), after: roles("a,b,c,d", "") }));
        assert.deepEqual(four, ["4 managers bear no more losses than 3, and there is one more to be lost"]);
    });

    test("the only manager is lost", async () => {
        const found = await withChange("lost-worker", (raw) => {
            for (const step of raw.steps) {
                // The droplet and the join that are made again become those of the manager.
                if (step.op === "create") step.urn = step.urn.replace(/node4$/, "node1");
                if (step.op === "replace") step.urn = step.urn.replace(/node4-join$/, "node1-join");
                if (step.op === "create")
                    Object.assign(step.newState?.inputs as object, { tags: ["swarm-dev-manager"] });
            }
        });
        assert.deepEqual(found, [
            "the only manager, node1, is lost, and the swarm with it: this up makes its droplet anew and then stops, since nothing initialises a second swarm by itself. For a new one: pulumi up --replace '**:Command::swarm'",
        ]);
    });

    test("a quorum that is lost, and nobody named to go on from", async () => {
        const found = await withChange("lost-quorum", (raw) => {
            raw.config["swarm:recoverFrom"] = "";
            raw.steps = raw.steps.filter(({ urn }) => !urn.endsWith("::recover"));
        });
        assert.deepEqual(found, [
            "more than half of the managers are lost, so nothing in the swarm can be changed and the up fails; if they are gone for good, name one that is left: pulumi config set swarm:recoverFrom NAME",
        ]);
    });
});

describe("services and nodes", () => {
    const withServices = (services: unknown) => (raw: RawPreview) => {
        raw.config["swarm:services"] = JSON.stringify(services);
    };

    test("volumes on nodes that go", async () => {
        const db = { image: "db", ports: ["80:80"], mounts: ["source=data,target=/data"] };
        assert.deepEqual(await withChange("scale-in", withServices({ db })), [
            "volumes are on the nodes: what db has stored on node4 goes with its droplet",
        ]);
        assert.deepEqual(await withChange("scale-out", withServices({ db })), []);
        const bind = { image: "db", mounts: ["type=bind,source=/srv,target=/data"] };
        assert.deepEqual(await withChange("scale-in", withServices({ bind })), []);
    });

    test("replicas that find fewer nodes than before", async () => {
        const nginx = { image: "nginx", replicas: 4 };
        assert.deepEqual(await withChange("scale-in", withServices({ nginx })), [
            "nginx has 4 replicas for 3 nodes that take its tasks, so the loss of a node takes several at once",
        ]);
        assert.deepEqual(
            await withChange("scale-in", withServices({ nginx: { ...nginx, replicas: 5 } })),
            [],
        );
    });

    test("nodes are emptied before services change", async () => {
        const more = JSON.parse(await previewText("scale-in")) as RawPreview;
        const both = await previewWith("replicas-down", (raw) => {
            raw.config = { ...more.config, "swarm:services": raw.config["swarm:services"] as string };
            raw.steps.push(...more.steps.filter(({ op }) => op !== "same"));
        });
        assert.deepEqual(warnings(both), [
            "nodes are emptied before services change: the tasks of nginx have to find room as it is now. Where that is too little, change the services first: pulumi up --target '**:Command::nginx'",
        ]);
    });

    test("rules of the firewall that are not known", async () => {
        const found = await withChange("port-new", (raw) => {
            for (const { urn, newState } of raw.steps) {
                if (urn.includes("firewall")) {
                    Object.assign(newState?.inputs as object, {
                        inboundRules: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
                    });
                }
            }
        });
        assert.deepEqual(found, ["the firewall's rules are not known before the change is made"]);
    });
});

describe("the pages show what is printed", () => {
    const text = readFileSync(path.join(textFolder, "one-to-three.txt"), "utf8");
    for (const page of ["README.md", "docs/plan.md"]) {
        test(page, () => {
            const shown = readFileSync(path.join(import.meta.dirname, "..", "..", page), "utf8");
            assert.ok(shown.includes(`\`\`\`text\n${text}\`\`\`\n`));
        });
    }
});
