/** What docs/services.md shows is what the config takes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSettings } from "../../config.ts";
import { examples, page } from "../droplets/support/examples.ts";

describe("docs/services.md and docs/stacks.md", () => {
    for (const example of [...examples(), ...examples("stacks")]) {
        test(`the example with ${Object.keys(example.services).join(", ")} is taken as it stands`, () => {
            const readFile = () => Buffer.from("a file");
            const parsed = parseSettings({ sshFrom: ["203.0.113.7/32"], ...example }, ["secrets"], readFile);
            assert.deepEqual("problems" in parsed ? parsed.problems : [], []);
        });
    }

    test("each option has an example, and each is in the table", () => {
        const used = examples().flatMap(({ services }) => Object.values(services).flatMap(Object.keys));
        const table = /^\| option \|.*?\n\n/ms.exec(page())?.[0] ?? "";
        const listed = [...table.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, options = ""]) =>
            options.replaceAll("`", "").split(", "),
        );
        // The answer to an option that there is none of names all that there are.
        const answer = parseSettings({
            sshFrom: ["203.0.113.7/32"],
            services: { web: { image: "nginx", nonsense: 1 } },
        });
        const problem = "problems" in answer ? answer.problems.join() : "";
        const allowed = problem.replace(/^.*allowed: /, "").split(", ");
        assert.deepEqual(listed, allowed);
        assert.deepEqual([...new Set(used)].sort(), allowed.sort());
    });
});
