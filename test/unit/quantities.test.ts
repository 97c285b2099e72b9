import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isImageReference, isSlug } from "../../model/images.ts";
import { bytes, durationMs } from "../../model/quantities.ts";
import { isAtLeast, isWantedVersion } from "../../model/versions.ts";

describe("durations", () => {
    for (const [text, ms] of [
        ["0", 0],
        ["0s", 0],
        ["500ms", 500],
        ["10s", 10_000],
        ["1.1s", 1100],
        ["1m30s", 90_000],
        ["24h", 86_400_000],
    ] as const) {
        test(`${text} is ${ms} ms`, () => assert.equal(durationMs(text), ms));
    }
    for (const [text, why] of [
        ["10", ""],
        ["10 s", ""],
        ["-1s", ""],
        ["1d", ""],
        ["s", ""],
        ["", ""],
        ["0.5ms", "is finer than a millisecond"],
        ["24h1s", "is too long"],
    ] as const) {
        test(`${JSON.stringify(text)} is refused`, () => {
            assert.throws(() => durationMs(text), { name: "Refused", message: why });
        });
    }
    test("are the sum of their parts", () => {
        fc.assert(
            fc.property(fc.nat(20), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
                assert.equal(durationMs(`${h}h${m}m${s}s${ms}ms`), ((h * 60 + m) * 60 + s) * 1000 + ms);
            }),
        );
    });
});

describe("sizes", () => {
    for (const [text, size] of [
        ["0", 0],
        ["1024", 1024],
        ["1b", 1],
        ["64M", 67_108_864],
        ["64mb", 67_108_864],
        ["64MiB", 67_108_864],
        ["64 m", 67_108_864],
        ["1.5g", 1_610_612_736],
        ["1T", 1_099_511_627_776],
    ] as const) {
        test(`${text} is ${size} bytes`, () => assert.equal(bytes(text), size));
    }
    for (const [text, why] of [
        ["", ""],
        ["M", ""],
        ["-1M", ""],
        ["64X", ""],
        ["64bb", ""],
        ["1e9", ""],
        ["99999T", "is too large"],
        ["0.5", "is less than a byte"],
        ["0.0009K", "is less than a byte"],
    ] as const) {
        test(`${JSON.stringify(text)} is refused`, () => {
            assert.throws(() => bytes(text), { name: "Refused", message: why });
        });
    }
});

describe("references of container images", () => {
    const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
    for (const [text, valid] of [
        ["nginx", true],
        ["nginx:1.29-alpine", true],
        [`nginx@${digest}`, true],
        [`localhost/a/b__c:X_1@${digest}`, true],
        ["registry.example.com:5000/team/app", true],
        ["[2001:db8::1]:5000/app", true],
        ["127.0.0.1:5000/app:2", true],
        ["Team.example.com/app", true],
        ["Nginx", false],
        ["nginx:", false],
        ["nginx:tag:tag", false],
        ["nginx@sha256:abc", false],
        ["-nginx", false],
        ["a..b", false],
        ["a//b", false],
        ["/nginx", false],
        ["https://example.com/app", false],
        ["nginx latest", false],
        ["nginx\n", false],
        [`nginx:${"t".repeat(129)}`, false],
        ["a".repeat(256), false],
        ["a".repeat(64), false],
        ["", false],
    ] as const) {
        test(`${JSON.stringify(text).slice(0, 60)} is ${valid ? "one" : "none"}`, () => {
            assert.equal(isImageReference(text), valid);
        });
    }
});

test("slugs are lower-case words with dots, hyphens and underscores inside", () => {
    assert.deepEqual(
        ["docker-22-04", "18153887", "s-1vcpu-1gb", "c2-2vcpu_x.y", "Docker", "-a", "a-", "a b", ""].map(
            isSlug,
        ),
        [true, true, true, true, false, false, false, false, false],
    );
});

describe("versions", () => {
    test("are wanted as three numbers from 18.09.0", () => {
        assert.deepEqual(
            ["18.09.0", "20.10.24", "29.0.0", "18.06.3", "20.10", "v20.10.24", "20.10.24-rc1"].map(
                isWantedVersion,
            ),
            [true, true, true, false, false, false, false],
        );
    });

    test("compare by number, not by text", () => {
        assert.equal(isAtLeast("20.10.24", "20.10.24"), true);
        assert.equal(isAtLeast("20.10.9", "20.10.24"), false);
        assert.equal(isAtLeast("20.9.99", "20.10.0"), false);
        assert.equal(isAtLeast("26.1.5", "20.10.24"), true);
        assert.equal(isAtLeast("9.0.0", "20.10.24"), false);
    });
});
