import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { readServices } from "../../model/services.ts";

const page = new URL("../../docs/services.md", import.meta.url);

test("the examples of docs/services.md are services without a problem", () => {
    const examples = [...readFileSync(page, "utf8").matchAll(/^```yaml\n(.*?)^```$/gms)].map(
        ([, text = ""]) => readServices(parse(text).config["swarm:services"], false),
    );
    assert.deepEqual(
        examples.map(({ specs, problems }) => ({ names: specs.map(({ name }) => name), problems })),
        [
            { names: ["agent", "web"], problems: [] },
            { names: ["web"], problems: [] },
        ],
    );
    assert.deepEqual(Object.keys(examples[1]?.specs[0]?.spec ?? {}), ["TaskTemplate"]);
});
