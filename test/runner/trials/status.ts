import { after, test } from "node:test";

test("passes", () => {});
after(() => {
    process.exitCode = 3;
});
