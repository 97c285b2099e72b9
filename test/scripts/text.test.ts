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

    test(`${script}: holds the marks around its input nowhere`, () => {
        assert.doesNotMatch(scriptText(script), /^#: /m);
    });
}

test("the launcher is one line, and the same for whatever is sent", () => {
    assert.equal(
        launcher("join", "create", 900),
        `all=$(cat) && [ "$(printf '%s\\n' "$all" | tail -n 1)" = '#: end' ] || ` +
            `{ echo 'the connection was cut before the whole script had come' >&2; exit 1; }; ` +
            `printf '%s\\n' "$all" | sed '1,/^#: input$/d;$d' | caller=$PPID timeout -k 10 900 ` +
            `sh -c "$(printf '%s\\n' "$all" | sed '/^#: input$/,$d')" join create`,
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
            "#: end",
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

/** A script that says what it was sent, and its input, as long as the longest that is sent. */
const long = `cat; exit 7\n${"# a comment\n".repeat(4000)}`;
const whole = `${long}#: input\nmember a\nmember b\n#: end\n`;

for (const shell of ["dash", "bash"]) {
    const launched = (input: string) => {
        const { status, stdout, stderr } = spawnSync(shell, ["-c", launcher("join", "create", 10)], {
            input,
            encoding: "utf8",
            timeout: 20_000,
        });
        return { status, stdout, stderr };
    };

    test(`${shell}: a script of 48 kB is divided from its input at once`, () => {
        const start = performance.now();
        assert.deepEqual(launched(whole), { status: 7, stdout: "member a\nmember b\n", stderr: "" });
        // By the shell's own means it is some five seconds.
        assert.ok(performance.now() - start < 2_000, `${performance.now() - start} ms`);
    });

    for (const [what, length] of [
        ["nothing", 0],
        ["a part of the script", 20_000],
        ["a part of the input", whole.indexOf("member b")],
        ["a line's half", whole.indexOf("member b") + 3],
        ["a half of the end", whole.length - 3],
    ] as const) {
        test(`${shell}: where ${what} has come, nothing runs`, () => {
            assert.deepEqual(launched(whole.slice(0, length)), {
                status: 1,
                stdout: "",
                stderr: "the connection was cut before the whole script had come\n",
            });
        });
    }
}

test("a value with a line break is refused, by its key", () => {
    for (const bad of ["a\nb", "a\rb", "a\0b"]) {
        assert.throws(() => payload("join", [["token", bad]]), {
            message: 'the value of "token" for the script "join" holds a line break or NUL',
        });
    }
});
