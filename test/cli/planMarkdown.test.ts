/** The plan as a comment: found again, complete, short enough, and without anybody else's markup. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { planJson } from "../../cli/plan/json.ts";
import { marker, planMarkdown } from "../../cli/plan/markdown.ts";
import { planOf } from "../../cli/plan/plan.ts";
import { codeBlock, markdownText, plainText, say } from "../../cli/plan/words.ts";
import { beside } from "./beside.ts";
import { planFor, previewNames, previewWith } from "./plans.ts";

/** GitHub's limit of a comment, in characters. */
const GITHUB = 65_536;

describe("the whole comment", () => {
    test("a change", async () => {
        assert.equal(
            planMarkdown(await planFor("port-moved")),
            `<!-- swarm-plan: dev -->
### Plan for \`dev\`: 1 service changes, 2 ports change

**⚠ warnings**

- \`80/tcp\` of \`nginx\` closes at the very start of the up, before the service is updated

**order**

1. the firewall changes
1. services, each until it has converged: \`nginx\`

**quorum**

- 1 manager bears no loss, as before

**services**

- \`~\` \`nginx\`: - port \`80/tcp to 80/tcp\`, + port \`8080/tcp to 80/tcp\`; tasks are exchanged one after another, the old one stopped first

**ports**

- \`-\` \`80/tcp\` (\`nginx\`) closes
- \`+\` \`8080/tcp\` (\`nginx\`) opens to everybody

**cost**

- 24.00 USD a month, as before
`,
        );
    });

    test("nothing to do", async () => {
        assert.equal(
            planMarkdown(await planFor("no-change")),
            "<!-- swarm-plan: dev -->\n### Plan for `dev`: nothing to do\n",
        );
    });

    test("a preview that has failed, in the program's own words", async () => {
        assert.equal(
            planMarkdown(await planFor("account-error")),
            "<!-- swarm-plan: dev -->\n### The preview of `dev` failed\n\n**error**\n\n```text\n" +
                "The account cannot give what the configuration asks for:\n" +
                '  - swarm:region: "xyz9" is not a region; there are: ams3, blr1, fra1, lon1, nyc1, nyc3, sfo3, sgp1, syd1, tor1\n```\n',
        );
    });

    test("violated policies, and what the preview had got to", async () => {
        const text = planMarkdown(await planFor("policy"));
        assert.ok(
            text.startsWith(
                "<!-- swarm-plan: dev -->\n### The preview of `dev` failed\n\nWhat it had got to:\n\n" +
                    "**policy violated: `swarm: odd-managers`**\n\n```text\nAn even number of managers bears no more losses.\n" +
                    "2 managers: take one away\n```\n\n**a policy's advice: `swarm: ssh-open`**\n",
            ),
            text,
        );
    });

    test("every recording's begins with the marker and is short enough", async () => {
        for (const name of previewNames) {
            const text = planMarkdown(await planFor(name));
            assert.ok(text.startsWith("<!-- swarm-plan: dev -->\n### "), name);
            assert.ok(text.length < GITHUB, name);
        }
    });
});

describe("names from elsewhere", () => {
    const hostile = "a`b``c @everyone <img src=x> [x](y) #1 | \u001b[31mred\u202e -->\n### heading";

    test("become spans of code on one line, which nothing in them ends", () => {
        assert.equal(
            markdownText(say`see ${hostile}`),
            "see ```a`b``c @everyone <img src=x> [x](y) #1 | red --> ### heading```",
        );
        assert.equal(
            plainText(say`see ${hostile}`),
            "see a`b``c @everyone <img src=x> [x](y) #1 | red --> ### heading",
        );
        assert.equal(markdownText(say`${"`"}${""}`), "`` ` ``` `");
    });

    test("blocks of code are ended by nothing in them", () => {
        assert.equal(codeBlock("a\n````\n@b\n"), "`````text\na\n````\n@b\n`````");
    });

    test("for any text, all of it is within the span", () => {
        fc.assert(
            fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
                const span = markdownText(say`${text}`);
                const fence = /^`+/.exec(span)?.[0] ?? "";
                const inner = span.slice(fence.length, -fence.length);
                assert.ok(span.endsWith(fence) && !/[\r\n]/.test(span));
                const runs = [...inner.matchAll(/`+/g)].map(([run]) => run.length);
                assert.ok(!runs.includes(fence.length), span);
            }),
        );
    });

    test("in a whole plan: no mention, no markup, no marker of another stack", async () => {
        const preview = await previewWith("service-new", (raw) => {
            for (const step of raw.steps) {
                step.urn = step.urn.replace("::api", `::${hostile.replaceAll("\n", " ")}`);
                const inputs = step.newState?.inputs as Record<string, string> | undefined;
                if (inputs?.stdin) inputs.stdin = inputs.stdin.replace("acme/api:7", "@team/x:<b>");
            }
        });
        const text = planMarkdown(planOf({ ...preview, stack: "a --> @b" }, beside));
        assert.ok(text.startsWith("<!-- swarm-plan: a--b -->\n"), text.slice(0, 60));
        const outside = text.replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, "");
        assert.doesNotMatch(outside, /@|<img|<b>|\[x\]/);
    });

    test("the marker", () => {
        assert.equal(marker("dev"), "<!-- swarm-plan: dev -->");
        assert.equal(marker("acme/swarm/dev-1.x_y"), "<!-- swarm-plan: acme/swarm/dev-1.x_y -->");
        assert.equal(marker("a--b\n-->"), "<!-- swarm-plan: a--b-- -->");
        assert.equal(marker(""), "<!-- swarm-plan: ? -->");
    });
});

describe("for machines", () => {
    test("sentences are text, and nothing is left of their inner form", async () => {
        for (const name of previewNames) {
            const text = JSON.stringify(planJson(await planFor(name)));
            assert.doesNotMatch(text, /"foreign"/, name);
        }
    });

    test("one whole", async () => {
        const json = planJson(await planFor("scale-in")) as Record<string, unknown>;
        assert.deepEqual(json, {
            stack: "dev",
            operation: "update",
            changes: true,
            failed: false,
            errors: [],
            violations: [],
            headline: "1 node goes",
            nodes: [
                {
                    name: "node4",
                    change: "goes",
                    before: { role: "worker", size: "s-1vcpu-1gb", image: "docker-22-04", takesTasks: true },
                    after: undefined,
                    reasons: [],
                },
            ],
            managers: { before: ["node1"], after: ["node1"] },
            order: [
                {
                    what: "old members emptied and removed from the swarm, one after another: node4",
                    managers: undefined,
                },
                { what: "old droplets deleted: node4", managers: undefined },
            ],
            quorum: {
                before: { members: 1, reachable: 1, bears: 0 },
                worst: { members: 1, reachable: 1, bears: 0 },
                after: { members: 1, reachable: 1, bears: 0 },
                path: [1],
            },
            services: [],
            ports: { changes: [], first: false, unknown: false },
            cost: { before: 24, after: 18, meanwhile: 24 },
            warnings: [],
            others: [],
            said: [],
        });
    });
});
