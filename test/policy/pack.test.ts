import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { types } from "../../policy/rule.ts";
import { rules } from "../../policy/rules/index.ts";
import { RunningPack, secret, UNKNOWN_TEXT, urnOf } from "./pack.ts";

const firewall = {
    type: types.firewall,
    name: "all",
    properties: {
        tags: ["swarm-dev"],
        inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: ["0.0.0.0/0"] }],
    },
};

const levelOf = { advisory: 0, mandatory: 1 } as const;
const normal = Object.fromEntries(rules.map(({ name, level }) => [name, { level }]));

for (const how of ["program", "pack", "pack, without TypeScript"] as const) {
    describe(`the pack, started in the folder of the ${how}`, () => {
        let pack: RunningPack;
        before(async () => {
            pack = await RunningPack.start(how);
        });
        after(() => pack?.stop());

        test("offers all rules, each with its level", async () => {
            assert.deepEqual(
                (await pack.policies()).map(({ name, description, enforcementlevel }) => [
                    name,
                    description,
                    enforcementlevel,
                ]),
                rules.map(({ name, description, level }) => [name, description, levelOf[level]]),
            );
        });

        test("says what a violation is, under the rule's sentence, at the configured level", async () => {
            for (const level of ["mandatory", "advisory"] as const) {
                await pack.configure({ ...normal, "ssh-not-from-everywhere": { level } });
                const said = await pack.analyze(firewall);
                assert.deepEqual(
                    said.map(({ policyname, enforcementlevel }) => [policyname, enforcementlevel]),
                    [["ssh-not-from-everywhere", levelOf[level]]],
                );
                assert.match(
                    said[0]?.message ?? "",
                    /^Port 22 is open to everybody only where the policy config says so in so many words\.\nfirewall "all" lets tcp 22 in from 0\.0\.0\.0\/0: /,
                );
            }
        });

        test("takes the keys of a rule", async () => {
            await pack.configure({
                ...normal,
                "ssh-not-from-everywhere": { level: "mandatory", allowSshFromAnywhere: true },
            });
            assert.deepEqual(await pack.analyze(firewall), []);
        });

        test("names a key that a rule does not have", async () => {
            await pack.configure({
                ...normal,
                "ssh-not-from-everywhere": { level: "mandatory", allowSshFromAnywhere: true, allowSsh: true },
                "odd-managers": { level: "advisory", limit: 3 },
            });
            assert.deepEqual(
                [...(await pack.analyze(firewall)), ...(await pack.analyzeStack([]))].map(({ message }) =>
                    message.split("\n").at(-1),
                ),
                [
                    'the policy config of "ssh-not-from-everywhere" has the unknown key "allowSsh"; allowed: ' +
                        "enforcementLevel, allowSshFromAnywhere",
                    'the policy config of "odd-managers" has the unknown key "limit"; allowed: enforcementLevel',
                ],
            );
            await pack.configure(normal);
        });

        test("looks through what is unknown, and through secrets", async () => {
            const droplet = {
                type: types.droplet,
                name: "node1",
                deleteBeforeReplace: false,
                properties: {
                    vpcUuid: UNKNOWN_TEXT,
                    tags: [UNKNOWN_TEXT, "swarm-dev"],
                    userData: secret("#!/bin/sh\necho SWMTKN-1-49nj1cmql0jkz5s954yi3oex3\n"),
                },
            };
            assert.deepEqual(
                (await pack.analyze(droplet)).map(({ policyname }) => policyname),
                ["no-secrets-in-user-data"],
            );
        });

        test("leaves it to Pulumi to say that a rule cannot be checked yet", async () => {
            const rule = { protocol: "tcp", portRange: "22", sourceAddresses: [UNKNOWN_TEXT] };
            const said = await pack.analyze({
                ...firewall,
                properties: { tags: ["a"], inboundRules: [rule] },
            });
            assert.deepEqual(
                said.map(({ policyname, enforcementlevel, message }) => [
                    policyname,
                    enforcementlevel,
                    message.split(": ").at(-1),
                ]),
                ["ssh-not-from-everywhere", "swarm-ports-inside-only"].map((name) => [
                    name,
                    0,
                    "string value at .inboundRules.0.sourceAddresses.0 can't be known during preview",
                ]),
            );
        });

        test("knows of a stack what each value is made from, and whom a violation is about", async () => {
            const key = { type: types.privateKey, name: "deploy", properties: {} };
            const command = {
                type: types.remote,
                name: "roster",
                properties: { create: UNKNOWN_TEXT, connection: { hostKey: "ssh-ed25519 AAAA" } },
                madeFrom: { create: ["deploy"] },
            };
            assert.deepEqual(
                (await pack.analyzeStack([key, command])).map(({ policyname, urn }) => [policyname, urn]),
                [["no-secrets-in-commands", urnOf(command)]],
            );
        });
    });
}

describe("the shipped policy configs", () => {
    for (const name of ["dev"]) {
        test(`${name}.json names rules and keys that there are`, () => {
            const file = new URL(`../../policy/config/${name}.json`, import.meta.url);
            for (const [key, value] of Object.entries(JSON.parse(readFileSync(file, "utf8")))) {
                const rule = rules.find((candidate) => candidate.name === key);
                assert.ok(rule, `there is no rule ${key}`);
                const known = ["enforcementLevel", ...Object.keys(rule.settings ?? {})];
                assert.deepEqual(
                    Object.keys(value as object).filter((own) => !known.includes(own)),
                    [],
                );
            }
        });
    }
});
