import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { DECLARED_KEYS, parseSettings } from "../../config.ts";
import { PROJECT } from "../../model/problems.ts";

interface Declaration {
    type?: string;
    items?: { type: string };
    default?: unknown;
    description?: string;
}

const read = (file: string) => parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));

describe("Pulumi.yaml", () => {
    const project = read("Pulumi.yaml");
    const declared = project.config as Record<string, Declaration>;

    test("has the name under which the keys are read", () => {
        assert.equal(project.name, PROJECT);
    });

    test("declares the keys that the program knows, and no other, in the same order", () => {
        assert.deepEqual(Object.keys(declared), Object.keys(DECLARED_KEYS));
    });

    for (const [key, { type, default: value }] of Object.entries(DECLARED_KEYS)) {
        test(`declares ${key} with the program's type and default, and describes it`, () => {
            const { items, ...declaration } = declared[key] ?? {};
            const declaredType =
                items === undefined ? declaration.type : `${declaration.type}<${items.type}>`;
            assert.equal(declaredType, type);
            assert.deepEqual(declaration.default, value);
            assert.match(declaration.description ?? "", /^.{20,}\.$/s);
        });
    }

    test("lists every option of a service", () => {
        // The program itself says which there are, to whoever gives something else.
        const result = parseSettings({ sshFrom: ["::/0"], services: { web: 1 } });
        assert.ok("problems" in result);
        const options = /an object with (.*)$/.exec(result.problems[0] ?? "")?.[1]?.split(/, | and /) ?? [];
        assert.ok(options.length > 10);
        for (const option of options) {
            assert.match(declared.services?.description ?? "", new RegExp(`\\b${option}\\b`));
        }
    });
});

test("Pulumi.dev.yaml is a stack without a problem: node1, node2 to node4, nginx twice on port 80", () => {
    const { config } = read("Pulumi.dev.yaml") as { config: Record<string, unknown> };
    const raw = Object.entries(config).map(([key, value]) => [key.replace(`${PROJECT}:`, ""), value]);
    const result = parseSettings(Object.fromEntries(raw));
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    const { region, managers, workers, services, sshFrom } = result.settings;
    assert.equal(region, "sgp1");
    assert.deepEqual([...managers, ...workers], ["node1", "node2", "node3", "node4"]);
    assert.deepEqual(
        services.map(({ name, image, mode, ports }) => ({ name, image, mode, ports })),
        [
            {
                name: "nginx",
                image: "nginx",
                mode: { kind: "replicated", replicas: 2 },
                ports: [{ published: 80, target: 80, protocol: "tcp", mode: "ingress" }],
            },
        ],
    );
    assert.deepEqual(sshFrom, ["0.0.0.0/0", "::/0"]);
});
