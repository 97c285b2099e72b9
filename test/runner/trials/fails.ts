import assert from "node:assert/strict";
import { describe, test } from "node:test";

describe("outer", () => {
    describe("inner", () => {
        test("fails", () => assert.fail("as it is to"));
        test("passes", () => {});
    });
});
