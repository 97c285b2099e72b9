/** A program of a test: writes down how it was called, and answers as the bench was told. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Reply } from "./bench.ts";

const [program = "", ...args] = process.argv.slice(2);
const folder = process.env.BENCH ?? "";
const call = args.join(" ");
appendFileSync(path.join(folder, "calls"), `${program} ${call}\n`);

const replies: Reply[] = JSON.parse(readFileSync(path.join(folder, `${program}.json`), "utf8"));
const reply = replies.find(({ when }) => when.split(" ").every((word) => args.includes(word)));
if (reply === undefined) {
    console.error(`the stand-in for ${program} was not told what to answer to: ${call}`);
    process.exit(99);
}
for (const [option, content] of Object.entries(reply.writes ?? {})) {
    const file = args[args.indexOf(option) + 1];
    if (args.includes(option) && file !== undefined) writeFileSync(file, content);
}
process.stdout.write(reply.out ?? "");
process.stderr.write(reply.err ?? "");
process.exitCode = reply.status ?? 0;
