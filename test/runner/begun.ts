/** Loaded before a test file: tells the runner of each test before it begins, even if it then blocks the process. */
import { beforeEach } from "node:test";
import type { Message } from "./counts.ts";

beforeEach((test) => {
    const message: Message = { begun: "fullName" in test ? test.fullName : test.name };
    process.send?.(message);
});
