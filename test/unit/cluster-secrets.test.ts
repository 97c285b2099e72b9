/** The search for secrets finds what it is to find: a search that finds nothing proves nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formsOf, type Secret, searched, secretsIn } from "../cluster/support/secrets.ts";
import { makeKeys } from "../keys.ts";

const key = makeKeys();
const state = JSON.stringify({
    outputs: { stdout: JSON.stringify({ workerToken: "SWMTKN-1-abc-def", unlockKey: "SWMKEY-1-aB+/c" }) },
    connection: JSON.stringify(JSON.stringify({ privateKey: key.private })),
    token: `dop_v1_${"0f".repeat(32)}`,
    publicKey: key.public,
});

test("a state's secrets, also where the state holds them as JSON in JSON", () => {
    assert.deepEqual(
        secretsIn(state)
            .map(({ kind }) => kind)
            .sort(),
        ["a join token", "a private key", "an unlock key", "the API token"],
    );
});

test("a private key is known by what its public half does not have", () => {
    const [secret] = secretsIn(JSON.stringify(key.private));
    assert.ok(secret);
    const seed = Buffer.from(secret.text, "base64");
    assert.ok(seed.length >= 32);
    assert.ok(!Buffer.from(key.public.split(" ")[1] ?? "", "base64").includes(seed.subarray(0, 16)));
    assert.ok(key.private.includes(secret.text));
});

const secret: Secret = { kind: "a password", text: "correct horse battery" };
for (const [what, text, expected] of [
    ["in clear", "PASSWORD=correct horse battery\n", ["a password"]],
    ["in base64", Buffer.from(secret.text).toString("base64"), ["a password"]],
    ["in base64 behind a byte", Buffer.from(`x${secret.text}yz`).toString("base64"), ["a password"]],
    ["in base64 behind two bytes", Buffer.from(`xy${secret.text}z`).toString("base64"), ["a password"]],
    [
        "in base64 behind a long text",
        Buffer.from(`a long text ${secret.text}.`).toString("base64"),
        ["a password"],
    ],
    ["nowhere", "correct horse", []],
] as const) {
    test(`a secret ${what}`, () => assert.deepEqual(searched(text, [secret]), expected));
}

test("a short secret is looked for in clear alone", () => {
    assert.deepEqual(formsOf("hush"), ["hush"]);
});
