import { after, describe, test } from "node:test";

describe("a suite", () => {
    after(() => {
        throw new Error("the stack could not be destroyed");
    });
    test("passes", () => {});
});
