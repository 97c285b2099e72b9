/** What the program, the command and the docs tell people to type is there to be typed. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { makeProgram } from "../../cli/program.ts";

const root = path.join(import.meta.dirname, "../..");
const sources =
    "*.ts,{components,look,model,remnants,policy,lab}/**/*.{ts,sh},cli/**/*.{ts,sh,js,html},.github/**/*.{ts,sh,yml}";
const commands = new Set((await makeProgram()).commands.map((command) => command.name()));
/** Commands that there are no more, or not: docs/cli.md says what to type instead. */
const FORMER = ["context", "ps", "repair"];
/** `docker swarm`'s own, as people say it. */
const DOCKERS = ["init", "join"];

function files(patterns: string): string[] {
    return globSync(`{${patterns}}`, { cwd: root, exclude: (name) => name.endsWith("node_modules") });
}

/** `FILE: WORD` for each word that stands where a command of `swarm` would and is none. */
function unknown(names: readonly string[], pattern: RegExp): string[] {
    return names.flatMap((name) =>
        [...readFileSync(path.join(root, name), "utf8").matchAll(pattern)]
            .map(([, word]) => word as string)
            .filter((word) => !commands.has(word) && !DOCKERS.includes(word))
            .map((word) => `${name}: ${word}`),
    );
}

suite("what people are told to type", () => {
    const everything = files(`${sources},*.md,docs/*.md`);

    test("each `cli/bin/swarm` is followed by a command that there is", () => {
        assert.ok(everything.length > 200);
        assert.deepEqual(unknown(everything, /cli\/bin\/swarm ([a-z]+)/g), []);
    });

    test("so is each `swarm` at the begin of a line or of code in the docs", () => {
        const pages = everything.filter((name) => name.endsWith(".md"));
        const found = unknown(pages, /(?:^|`)swarm ([a-z]+)\b(?!:)/gm);
        assert.deepEqual(
            found.filter((line) => !FORMER.some((word) => line === `docs/cli.md: ${word}`)),
            [],
        );
    });

    test("a former command is named nowhere else", () => {
        const pattern = new RegExp(`(?<!docker )\\bswarm (${FORMER.join("|")})\\b`, "g");
        const found = unknown(everything, pattern).filter((line) => !line.startsWith("docs/cli.md: "));
        assert.deepEqual(found, []);
    });
});
