import { before, describe, test } from "node:test";

describe("a suite", () => {
    before(() => {
        throw new Error("the stack did not come up");
    });
    test("one", () => {});
    test("another", () => {});
});
