/** The scripts as a host gets them: well-formed for every POSIX shell, and free of what shellcheck warns of. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
        `caller=$PPID timeout -k 10 900 sh -c "$(sed -u '/^#: input$/q')" join create`,
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

const prelude = readFileSync(new URL("../../components/prelude.sh", import.meta.url), "utf8");
/** As long as the longest that is sent, and nothing but words before its last line. */
const long = `${prelude}say began\n${"# a comment\n".repeat(4000)}printf '%s\\n' "$input"; exit 7\n`;
const whole = `${long}#: input\nmember a\nmember b\n#: end\n`;
const tooShort = "the connection was cut before the whole script had come\n";

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
        assert.deepEqual(launched(whole), {
            status: 7,
            stdout: "member a\nmember b\n",
            stderr: "began\n",
        });
        // By the shell's own means it is some five seconds. sed reads it a byte at a time.
        assert.ok(performance.now() - start < 2_000, `${performance.now() - start} ms`);
    });

    for (const [what, length] of [
        ["a part of the script", 20_000],
        ["the script alone", long.length],
        ["a part of the input", whole.indexOf("member b")],
        ["a half of a line", whole.indexOf("member b") + 3],
        ["a half of the end", whole.length - 3],
    ] as const) {
        test(`${shell}: where ${what} has come, nothing runs`, () => {
            assert.deepEqual(launched(whole.slice(0, length)), { status: 1, stdout: "", stderr: tooShort });
        });
    }

    test(`${shell}: a value that ends as the input does is not its end`, () => {
        const cut = `${whole.slice(0, whole.lastIndexOf("#: end"))}label a note=#: end\n`;
        assert.deepEqual(launched(cut), { status: 1, stdout: "", stderr: tooShort });
    });

    test(`${shell}: where the connection is cut anywhere in the prelude, nothing runs`, () => {
        for (let length = 0; length < prelude.length; length += 97) {
            const { status, stdout, stderr } = launched(whole.slice(0, length));
            assert.equal(stdout, "");
            assert.doesNotMatch(stderr, /began/);
            // Without a command to run, or with comments alone, a shell has nothing to complain of.
            if (length > prelude.indexOf("esac")) assert.deepEqual([status, stderr], [1, tooShort]);
        }
    });
}

for (const shell of ["dash", "bash"]) {
    test(`${shell}: a script that its limit ends says which, after how long, and what it last waited for`, () => {
        const ended = (last: string) => {
            const run = spawnSync(shell, ["-c", launcher("roster", "create", 1)], {
                input: `${prelude}${last}\n#: input\n#: end\n`,
                encoding: "utf8",
                timeout: 20_000,
            });
            return [run.status, run.stderr.replace("Terminated\n", "").replace(/after [12] s/, "after N s")];
        };
        const text = 'the script "roster" was ended by its limit, after N s';
        assert.deepEqual(ended("sleep 10"), [124, `${text}\n`]);
        assert.deepEqual(ended("looks() { seen='node2 is down; '; return 1; }\nwait_for 60 'node2' looks"), [
            124,
            `${text}; it waited for node2; last seen: node2 is down\n`,
        ]);
    });
}

test("a value with a line break is refused, by its key", () => {
    for (const bad of ["a\nb", "a\rb", "a\0b"]) {
        assert.throws(() => payload("join", [["token", bad]]), {
            message: 'the value of "token" for the script "join" holds a line break or NUL',
        });
    }
});
