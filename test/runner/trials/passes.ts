import { describe, test } from "node:test";

describe("a suite", () => {
    test("one", () => {});
    test("another, with a part", async (context) => {
        await context.test("the part", () => {});
    });
});
