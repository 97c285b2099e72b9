/** What an operator is warned of, and where not; and that the pages show what is printed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { planOf } from "../../cli/plan/plan.ts";
import { type Preview, readPreview } from "../../cli/plan/preview.ts";
import { plainText } from "../../cli/plan/words.ts";
import { beside } from "./beside.ts";
import { type ChangeOfProgram, previewOf, type RawPreview } from "./engine.ts";
import { planFor, previewWith, textFolder } from "./plans.ts";
import { one } from "./previews.ts";

const warnings = (preview: Preview) => planOf(preview, beside).warnings.map(plainText);
const withChange = async (name: string, change: (raw: RawPreview) => void) =>
    warnings(await previewWith(name, change));
const planMade = async (change: ChangeOfProgram) =>
    planOf(readPreview(JSON.stringify(await previewOf(change)), "made up"), beside);

/** Changes of which a wrong thing was once said, and how each of their warnings begins; of all others see the texts in plans/. */
const recorded: readonly (readonly [name: string, ...starts: string[]])[] = [
    ["lost-and-out"],
    ["lost-seed"],
    ["five"],
    ["start-over", "node1 keeps the swarm that it is in, with its services, secrets and configs"],
    ["start-over-three", "node1 keeps the swarm that it is in"],
    ["start-over-lost", "a new swarm is made in place of this one"],
    ["lost-manager-out", "more than half of the managers are lost"],
    ["no-leader", "more than half of the managers are lost"],
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
    test("the only manager is lost", async () => {
        const plan = await planMade({ before: one, after: one, lost: ["node1"] });
        assert.deepEqual(plan.warnings.map(plainText), [
            "the swarm is lost with all its managers (node1): this up stops there, since nothing initialises a second swarm by itself. For a new one: pulumi up --replace '**:Command::swarm'",
        ]);
        assert.deepEqual(
            plan.course.steps.map(({ what }) => plainText(what)),
            [
                "new droplets made, all at once: node1",
                "here the up fails: without a quorum nothing in the swarm can be changed",
            ],
        );
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
    test("volumes on nodes that go", async () => {
        const warned = async (mount: string, workers: string) => {
            const before = { ...one, services: { db: { image: "db:1", mounts: [mount] } } };
            return planMade({ before, after: { ...before, workers } }).then(({ warnings }) =>
                warnings.map(plainText),
            );
        };
        assert.deepEqual(await warned("source=data,target=/data", "node[2:3]"), [
            "volumes are on the nodes: what db stored on node4 goes with the droplets",
        ]);
        assert.deepEqual(await warned("source=data,target=/data", "node[2:5]"), []);
        assert.deepEqual(await warned("type=bind,source=/srv,target=/data", "node[2:3]"), []);
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
