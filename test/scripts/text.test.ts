/** The scripts as a host gets them: well-formed for every POSIX shell, and free of what shellcheck warns of. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { launcher, payload, scriptText } from "../../components/remote.ts";
import type { ScriptName } from "../../model/answers.ts";

const scripts: ScriptName[] = ["swarm", "join", "recover", "roster", "service"];

for (const script of scripts) {
    for (const [tool, ...options] of [
        ["dash", "-n"],
        ["bash", "-n"],
        ["shellcheck", "--shell=sh", "--severity=style", "-"],
    ]) {
        test(`${script}: ${tool} ${options.join(" ")}`, () => {
            const run = spawnSync(tool as string, options, { input: scriptText(script), encoding: "utf8" });
            assert.equal(run.error, undefined, `${tool} cannot be run`);
            assert.equal(run.stdout + run.stderr, "");
            assert.equal(run.status, 0);
        });
    }

    test(`${script}: holds the mark that divides it from its input nowhere`, () => {
        assert.ok(!scriptText(script).includes("#: input"));
    });
}

test("the launcher is one line, and the same for whatever is sent", () => {
    assert.equal(
        launcher("join", "create", 900),
        `all=$(cat) && printf '%s\\n' "\${all#*#: input}" | ` +
            `caller=$PPID timeout -k 10 900 sh -c "\${all%%#: input*}" join create`,
    );
});

for (const shell of ["dash", "bash"]) {
    test(`${shell}: values reach a script to the letter`, () => {
        const values = [
            "plain",
            "two words ",
            `quotes ' and "`,
            "$(id) `id` \\n %s",
            "#: input",
            "*",
            "ünï",
            " lead",
        ];
        const script = 'input=$(cat); printf "%s\\n" "$input" | sed -n "s/^v //p"';
        const sent = payload(
            "join",
            values.map((value) => ["v", value] as const),
        );
        const stdin = `${script}\n${sent.slice(sent.indexOf("#: input\n"))}`;
        const run = spawnSync(shell, ["-c", launcher("join", "create", 10)], {
            input: stdin,
            encoding: "utf8",
        });
        assert.deepEqual(run.stdout.split("\n").slice(0, -1), values);
    });
}

test("a value with a line break is refused, by its key", () => {
    for (const bad of ["a\nb", "a\rb", "a\0b"]) {
        assert.throws(() => payload("join", [["token", bad]]), {
            message: 'the value of "token" for the script "join" holds a line break or NUL',
        });
    }
});
