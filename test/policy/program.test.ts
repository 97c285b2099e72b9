/** The real program, under Pulumi's mocks: what the rules say of each of its resources with its inputs. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Seen } from "../../policy/rule.ts";
import { rules } from "../../policy/rules/index.ts";
import { dev, type Registered, runProgram } from "../program/harness.ts";

const seen = (resource: Registered): Seen => ({
    type: resource.type,
    name: resource.name,
    urn: resource.name,
    properties: resource.inputs,
    deleteBeforeReplace: resource.deleteBeforeReplace,
    secretOutputs: resource.secretOutputs,
});

async function said(config: Record<string, unknown>, allowSshFromAnywhere: boolean) {
    const { resources } = await runProgram({ config });
    const settings = { allowSshFromAnywhere };
    const asked = resources
        .map(seen)
        .flatMap((one) =>
            rules.flatMap(({ name, resource }) =>
                resource?.types.includes(one.type)
                    ? [{ name, texts: resource.check(one, settings).map((text) => `${one.name}: ${text}`) }]
                    : [],
            ),
        );
    assert.deepEqual(
        [...new Set(asked.map(({ name }) => name))].sort(),
        rules.flatMap(({ name, resource }) => (resource ? [name] : [])).sort(),
        "each rule about resources was asked",
    );
    return asked.flatMap(({ name, texts }) => texts.map(() => name));
}

describe("the real program breaks no rule about single resources", () => {
    for (const [title, config] of [
        ["as it is", {}],
        [
            "with three managers, and another user",
            { managers: "node[1:3]", workers: "node[4:5]", sshUser: "ada" },
        ],
        ["with protected managers, and metrics", { protectManagers: "true", monitoring: "true" }],
        ["with a key of a person's", { sshKeys: [289794] }],
        [
            "with secrets for a service, and ports of each kind",
            {
                services: {
                    db: {
                        image: "postgres",
                        replicas: 1,
                        env: { URL: "postgres://ada:lovelace@db/x" },
                        ports: ["5432:5432", "53:53/udp"],
                    },
                },
            },
        ],
    ] as const) {
        test(title, async () => assert.deepEqual(await said({ ...dev, ...config }, false), []));
    }

    test("but for port 22 from everywhere, where the policy config does not say so", async () => {
        const config = { ...dev, sshFrom: ["0.0.0.0/0", "::/0"] };
        assert.deepEqual(await said(config, false), ["ssh-not-from-everywhere"]);
        assert.deepEqual(await said(config, true), []);
    });
});
