import { describe, test } from "node:test";

test("passes", () => {});
test.skip("a test", () => {});
test.todo("another");
describe.skip("a suite", () => {
    test("in it", () => {});
});
describe.todo("a suite to do");
