import { describe, test } from "node:test";

test("passes", () => {});
describe("tests of files that are not there", () => {});
