import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goDialError, goQuote, joinHostPort } from "../../lab/plugins/command/goText.ts";
import { diffProps } from "../../lab/plugins/protocol/diff.ts";
import { fromStruct, toStruct } from "../../lab/plugins/protocol/structs.ts";
import {
    equalValues,
    hasUnknown,
    type Props,
    secret,
    secretsLikeInputs,
    UNKNOWN,
    unwrapProps,
} from "../../lab/plugins/protocol/values.ts";

describe("goQuote, against Go 1.26's strconv.Quote", () => {
    const CASES: [text: string, quoted: string][] = [
        ["", '""'],
        ["echo out; exit 3", '"echo out; exit 3"'],
        ['say "hi" \\ there', '"say \\"hi\\" \\\\ there"'],
        ["a\nb\tc\rd", '"a\\nb\\tc\\rd"'],
        ["\x07\b\f\v", '"\\a\\b\\f\\v"'],
        ["\x00\x1b\x7f", '"\\x00\\x1b\\x7f"'],
        ["grüße 世界 🐳", '"grüße 世界 🐳"'],
        ["\u00a0\u200b\ufeff", '"\\u00a0\\u200b\\ufeff"'],
        ["it's `x` $y", '"it\'s `x` $y"'],
    ];
    for (const [text, quoted] of CASES) {
        test(quoted, () => assert.equal(goQuote(text), quoted));
    }
});

test("an IPv6 address is joined with its port in brackets", () => {
    assert.equal(joinHostPort("10.0.0.1", 22), "10.0.0.1:22");
    assert.equal(joinHostPort("2001:db8::1", 22), "[2001:db8::1]:22");
});

test("a host without an address is told by its name", () => {
    const error = Object.assign(new Error("getaddrinfo ENOTFOUND node9.example"), {
        code: "ENOTFOUND",
        syscall: "getaddrinfo",
        hostname: "node9.example",
    });
    assert.equal(
        goDialError("tcp", "node9.example:22", error),
        "dial tcp: lookup node9.example: no such host",
    );
});

describe("diffProps", () => {
    const CASES: [name: string, olds: Props, news: Props, changes: Record<string, string>][] = [
        ["nothing", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, {}],
        ["one of each", { a: 1, b: 2 }, { b: 3, c: 4 }, { a: "DELETE", b: "UPDATE", c: "ADD" }],
        ["list elements", { t: [1, 2] }, { t: [1, 3, 4] }, { "t[1]": "UPDATE", "t[2]": "ADD" }],
        ["members", { e: { "a.b": 1, c: 1 } }, { e: { c: 2 } }, { 'e["a.b"]': "DELETE", "e.c": "UPDATE" }],
        ["a secret is one value", { s: secret({ a: 1 }) }, { s: secret({ a: 2 }) }, { s: "UPDATE" }],
        ["made secret", { s: "x" }, { s: secret("x") }, { s: "UPDATE" }],
        ["notes do not count", { __defaults: [] }, { __defaults: ["a"] }, {}],
        ["unknown", { a: "x" }, { a: UNKNOWN }, { a: "UPDATE" }],
    ];
    for (const [name, olds, news, changes] of CASES) {
        test(name, () => assert.deepEqual(diffProps(olds, news), changes));
    }
});

test("secrets are taken off at any depth, and put back on outputs of a secret input's name alone", () => {
    const inputs = { a: secret("1"), b: { c: [secret("2")] }, d: "3" };
    assert.deepEqual(unwrapProps(inputs), { a: "1", b: { c: ["2"] }, d: "3" });
    assert.deepEqual(secretsLikeInputs({ a: "hash", b: {}, d: "3", e: "1" }, inputs), {
        a: secret("hash"),
        b: secret({}),
        d: "3",
        e: "1",
    });
});

test("an unknown is found inside secrets and lists", () => {
    assert.equal(hasUnknown({ a: [secret({ b: UNKNOWN })] }), true);
    assert.equal(hasUnknown({ a: [secret({ b: "known" })] }), false);
});

test("keys have no order, elements have", () => {
    assert.equal(equalValues({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }), true);
    assert.equal(equalValues([1, 2], [2, 1]), false);
    assert.equal(equalValues({ a: null }, {}), false);
});

test("values travel through protobuf as they are; undefined members stay behind", () => {
    const props = { s: "ü\n", n: -1.5, b: false, z: null, l: [1, [{}]], o: { k: secret("v") } };
    assert.deepEqual(fromStruct(toStruct(props)), props);
    assert.deepEqual(fromStruct(toStruct({ a: undefined, b: 1 } as unknown as Props)), { b: 1 });
});
