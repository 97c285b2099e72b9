import { after, test } from "node:test";

after(() => {
    throw new Error("the stack could not be destroyed");
});
test("passes", () => {});
