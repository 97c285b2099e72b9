/** What the prelude gives every script, by itself. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { launcher } from "../../components/remote.ts";
import { type Spoken, speak } from "./functions.ts";

const spoken = (stdout: string): Spoken => ({ status: 0, stdout, stderr: "" });

describe("input", () => {
    const stdin = "node node1\nmanager 10.0.0.2\nmanager 10.0.0.3\nempty \n";
    for (const [text, result] of [
        ["value node", spoken("node1\n")],
        ["value manager", spoken("10.0.0.2\n")],
        ["value empty", spoken("\n")],
        ["values manager", spoken("10.0.0.2\n10.0.0.3\n")],
        ["values nodes; values man", spoken("")],
        ["value nothing", { status: 1, stdout: "", stderr: 'this script was sent no "nothing"\n' }],
    ] as const) {
        test(text, () => assert.deepEqual(speak(["prelude"], text, { stdin }), result));
    }
});

describe("unique", () => {
    for (const [what, lines, result] of [
        ["each line once, in the order of the first", "b\na\nb\nc\na\n", "b\na\nc\n"],
        ["no empty lines", "\na\n\n\na\n", "a\n"],
        ["nothing of nothing", "", ""],
        [
            "a line that is a part of another is another",
            "10.0.0.20\n10.0.0.2\n0.0\n",
            "10.0.0.20\n10.0.0.2\n0.0\n",
        ],
    ] as const) {
        test(what, () => {
            assert.deepEqual(
                speak(["prelude"], `printf '${lines.replaceAll("\n", "\\n")}' | unique`),
                spoken(result),
            );
        });
    }
});

describe("field", () => {
    const json = '{"script":"join","node":"node1","id":"abc","managers":"10.0.0.2 10.0.0.3","empty":""}';
    for (const [name, text, result] of [
        ["id", json, "abc\n"],
        ["managers", json, "10.0.0.2 10.0.0.3\n"],
        ["empty", json, "\n"],
        ["absent", json, ""],
        ["id", "", ""],
        ["id", `a login message\n${json}`, "abc\n"],
    ] as const) {
        test(`${name} of ${text === json ? "an answer" : JSON.stringify(text)}`, () => {
            assert.deepEqual(speak(["prelude"], `field ${name} "$text"`, { env: { text } }), spoken(result));
        });
    }
});

describe("quoted: JSON of whatever was seen", () => {
    for (const text of ["plain", 'a "quoted" word', "back\\slash", "ünï", ""]) {
        test(JSON.stringify(text), () => {
            const { stdout } = speak(["prelude"], 'quoted "$text"', { env: { text } });
            assert.equal(JSON.parse(stdout), text);
        });
    }
    test("without control characters", () => {
        assert.equal(speak(["prelude"], 'quoted "$text"', { env: { text: "a\tb\nc" } }).stdout, '"abc"');
    });
});

describe("about_quorum", () => {
    const remedy = (survivor: string, name: string) =>
        "More than half of the managers are lost, so nothing in the swarm can be changed; its tasks run on. Bring " +
        "managers back (power their droplets on), then: pulumi up. If they are gone for good, go on from one that is " +
        `left${survivor}: pulumi config set swarm:recoverFrom ${name}, then: pulumi up --refresh\n`;
    // As Docker Engine 26.1.5 says it, to who asks a manager, and to who joins through one.
    const leaderless =
        "Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader. It's possible " +
        "that too few managers are online. Make sure more than half of the managers are online.";
    for (const [what, text, survivor, result] of [
        ["a swarm without a leader", leaderless, "node2", remedy(", node2 or another", "node2")],
        ["a swarm without a leader, where no survivor is known", leaderless, "", remedy("", "NAME")],
        [
            "managers that do not answer each other",
            "rpc error: code = Unavailable desc = almost all managers are unreachable",
            "",
            remedy("", "NAME"),
        ],
        ["anything else", "connection refused", "node2", ""],
    ] as const) {
        test(what, () => {
            const run = speak(["prelude"], `about_quorum "$text" ${survivor}`, { env: { text } });
            assert.deepEqual(run, spoken(result));
        });
    }
});

describe("a script whose connection is gone", () => {
    const gone = "the connection that started this script is gone; stopped\n";
    for (const [what, caller, result] of [
        ["stops", "2147483647", { status: 1, stdout: "", stderr: gone }],
        ["goes on while it is there", `${process.pid}`, spoken("went on\n")],
        ["goes on where it cannot know", "", spoken("went on\n")],
    ] as const) {
        test(what, () => {
            const run = speak(["prelude"], "stop_if_left_alone; echo went on", { env: { caller } });
            assert.deepEqual(run, result);
        });
    }

    test("is told by the process that the launcher ran under, and stops in the middle of a wait", async () => {
        // As sshd does it: a process of the session runs the command's text with a shell of the login. It waits for it,
        // and so has to be told that there is more to do, or the shell would take its place.
        const session = spawn("sh", ["-c", 'sh -c "$text"; :'], {
            env: {
                PATH: process.env.PATH,
                text: launcher("join", "create", 60),
            },
        });
        let said = "";
        session.stderr.setEncoding("utf8").on("data", (text) => {
            said += text;
        });
        const prelude =
            'seen=""; echo waiting >&2; until [ -n "$seen" ]; do stop_if_left_alone; sleep 0.2; done';
        const text = readFileSync(new URL("../../components/prelude.sh", import.meta.url), "utf8");
        session.stdin.end(`${text}\n${prelude}\n#: input\nnode node1\n#: end\n`);
        while (!said.includes("waiting\n")) await once(session.stderr, "data");
        session.kill("SIGKILL");
        // The pipe ends with the last process that holds it: the script itself.
        await once(session, "close");
        assert.equal(said, `waiting\n${gone}`);
    });
});

describe("wait_for", () => {
    // Time passes by sleeping alone.
    const clock = 'time=0; now() { echo "$time"; }; sleep() { time=$((time + 1)); }\n';
    for (const [what, text, result] of [
        ["succeeds at once", 'check() { seen=well; }; wait_for 3 "a thing" check', spoken("")],
        [
            "says what it waited for, how long, and what it saw last, without the list's end",
            'check() { seen="a is down; b is down; "; return 1; }; wait_for 3 "a thing" check',
            { status: 1, stdout: "", stderr: "waited 3 s for a thing; last seen: a is down; b is down\n" },
        ],
        [
            "says what can be done about it",
            'check() { seen=bad; advice="do this"; return 1; }; wait_for 0 "a thing" check',
            { status: 1, stdout: "", stderr: "waited 0 s for a thing; last seen: bad\ndo this\n" },
        ],
        [
            "forgets the advice of an earlier wait",
            "good() { advice=old; }; bad() { seen=bad; return 1; }; wait_for 0 one good; wait_for 0 two bad",
            { status: 1, stdout: "", stderr: "waited 0 s for two; last seen: bad\n" },
        ],
        [
            "says that it waits after 5 s, then ever rarer",
            'check() { seen="$time"; [ "$time" -ge 27 ]; }; wait_for 60 "a thing" check',
            {
                status: 0,
                stdout: "",
                stderr: "waiting for a thing, 5 s: 5\nwaiting for a thing, 15 s: 15\n",
            },
        ],
    ] as const) {
        test(what, () => assert.deepEqual(speak(["prelude"], clock + text), result));
    }
});
