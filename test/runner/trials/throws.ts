import { test } from "node:test";

test("passes", () => {});
throw new Error("the file throws");
