/** How a node gets into the swarm, and how one that is in is confirmed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import {
    aboutQuorum,
    CERTIFICATE,
    inactive,
    LEADERLESS,
    minuteOf,
    REACHABILITY,
    SEED_STATE,
    SWARM_STATE,
} from "./fakeDaemon.ts";
import { answer, daemon, input, joined } from "./fakeJoin.ts";
import { type Host, runScript, type ScriptRun } from "./harness.ts";

const joins = (host: Host) => runScript("join", "create", input, host);

/** What was asked of the swarm, in order: joins by whom they asked. */
const asked = (run: ScriptRun) =>
    run.dockerCalls
        .filter((call) => /^swarm (join --|leave)|^node update/.test(call))
        .map((call) => call.replace(/^swarm join --.* (\S+)$/, "join $1"));

test("a node that is in no swarm joins through the first manager, drained, on its private address", async () => {
    const run = await joins({
        docker: daemon(inactive, `"swarm join "*) echo "${joined}" >"$dir/state" ;;`),
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, '{"script":"join","node":"node3","id":"abc123","docker":"26.1.5","word":""}\n');
    assert.deepEqual(
        run.dockerCalls.filter((call) => call.startsWith("swarm join")),
        [
            "swarm join --token SWMTKN-1-secret --advertise-addr 10.120.0.4 --listen-addr 10.120.0.4:2377 " +
                "--data-path-addr 10.120.0.4 --availability drain 10.120.0.2:2377",
        ],
    );
});

test("when one manager does not let it in, the next is tried", async () => {
    const run = await joins({
        docker: daemon(
            inactive,
            `"swarm join "*10.120.0.2:2377) echo "connection refused" >&2; exit 1 ;;
            "swarm join "*10.120.0.3:2377) echo "${joined}" >"$dir/state" ;;`,
        ),
    });
    assert.equal(run.status, 0);
    assert.equal(run.stdout, '{"script":"join","node":"node3","id":"abc123","docker":"26.1.5","word":""}\n');
});

test("a join that times out and then succeeds in the background counts, and is not sent twice", async () => {
    const run = await joins({
        docker: daemon(
            inactive,
            `"swarm join "*) echo "${joined}" >"$dir/state"; echo "Timeout was reached before node joined." >&2; exit 1 ;;`,
        ),
    });
    assert.equal(run.status, 0);
    assert.equal(run.dockerCalls.filter((call) => call.startsWith("swarm join")).length, 1);
});

test("a join that neither succeeds nor fails is given up after a minute, and the next manager is tried", async () => {
    const pending = "pending false id= addr=10.120.0.4 cluster= error=";
    const run = await joins({
        docker: daemon(
            inactive,
            `"swarm join "*10.120.0.2:2377)
                echo "${pending}" >"$dir/state"
                echo "Timeout was reached before node joined." >&2
                exit 1
                ;;
            "swarm join "*10.120.0.3:2377) echo "${joined}" >"$dir/state" ;;`,
        ),
        stoppedClock: true,
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer);
    assert.deepEqual(asked(run), ["join 10.120.0.2:2377", "swarm leave --force", "join 10.120.0.3:2377"]);
});

test("a member whose node has ended, as for a change of its role, and is about to start again is waited for", async () => {
    const tick = 'read -r clock <"$HOME/clock"; echo $((clock + 1)) >"$HOME/clock"';
    const run = await joins({
        docker: daemon("error false id= addr= cluster= error="),
        stoppedClock: true,
        commands: { sleep: `${tick}; [ "$clock" -lt 2 ] || echo "${joined}" >"$HOME/state"` },
        files: { [CERTIFICATE]: "our certificate\n" },
    });
    assert.deepEqual([run.stderr, run.stdout, run.status], ["", answer, 0]);
    assert.deepEqual(asked(run), []);
});

const members: { what: string; host: Host }[] = [
    {
        what: "by one of its managers",
        host: { docker: daemon(joined).replace("10.9.9.9", "10.120.0.2") },
    },
    {
        what: "by its certificate, where its managers are all new",
        host: { docker: daemon(joined), files: { [CERTIFICATE]: "our certificate\n" } },
    },
    {
        what: "although its node was started again, which Docker calls an error until the engine is restarted",
        host: { docker: daemon(joined.replace("active", "error")).replace("10.9.9.9", "10.120.0.2") },
    },
    {
        what: "by the cluster's ID, as a manager knows it",
        host: {
            docker: daemon(
                "active true id=abc123 addr=10.120.0.4 cluster=ours error=",
                `"node ls -q") echo seed1 ;;
                "${SEED_STATE}"*) echo "seed1 10.120.0.2 ready manager reachable" ;;
                "${REACHABILITY}") echo reachable ;;`,
            ),
        },
    },
];
for (const { what, host } of members) {
    test(`a member of the right cluster is confirmed without joining: ${what}`, async () => {
        const run = await joins(host);
        assert.equal(run.stderr, "");
        assert.equal(run.stdout, answer);
        assert.deepEqual(asked(run), []);
    });
}

describe("a node that the look has not found in the swarm, though its engine takes itself for a member", () => {
    const word = "missing 2026-01-02T03:04:05.678Z";
    const letsIn = `"swarm join "*) echo "${joined}" >"$dir/state" ;;`;
    const run = (mode: string, printed: string, state = joined) =>
        runScript("join", mode, input, {
            docker: daemon(state, letsIn),
            env: {
                PULUMI_COMMAND_STDOUT: `{"id":"abc123","word":"${printed}"}\n`,
                PULUMI_COMMAND_SWARM_DIFFERS: word,
            },
            files: { [CERTIFICATE]: "our certificate\n" },
        });

    test("joins again, and remembers the word", async () => {
        const { stderr, stdout, ...rest } = await run("update", "");
        assert.equal(stderr, "node3: the swarm does not have it any more; joining again\n");
        assert.equal(stdout, answer.replace('"word":""', `"word":"${word}"`));
        assert.deepEqual(asked({ stderr, stdout, ...rest }), ["swarm leave --force", "join 10.120.0.2:2377"]);
    });

    for (const [what, mode, printed] of [
        [
            "by a word that the last run has heeded, which the engine sends again with each update",
            "update",
            word,
        ],
        ["by a word that is older than its command", "create", ""],
    ] as const) {
        test(`is not taken out ${what}`, async () => {
            const done = await run(mode, printed);
            assert.equal(done.stderr, "");
            assert.deepEqual(asked(done), []);
        });
    }

    test("stays in a swarm that is somebody else's", async () => {
        const theirs = await runScript("join", "update", input, {
            docker: daemon(joined, letsIn),
            env: { PULUMI_COMMAND_SWARM_DIFFERS: word },
        });
        assert.match(theirs.stderr, /^node3: it is a member of another swarm already/);
        assert.deepEqual(asked(theirs), []);
    });
});

describe("a member of another cluster", () => {
    const theirs = "active false id=old77 addr=10.120.0.4 cluster= error=";
    const previous = (id: string) => ({
        PULUMI_COMMAND_STDOUT: `{"script":"join","node":"node3","id":"${id}","docker":"26.1.5"}\n`,
    });
    const letsIn = `"swarm join "*) echo "${joined}" >"$dir/state" ;;`;
    for (const [what, state] of [
        ["works there", theirs],
        ["manages there", "active true id=old77 addr=10.120.0.4 cluster=theirs error="],
        ["is in error there", "error false id=old77 addr= cluster= error=certificate has expired"],
    ] as const) {
        test(`is taken out of it where this stack's last swarm gave it the ID that it has: it ${what}`, async () => {
            const run = await runScript("join", "update", input, {
                docker: daemon(state, letsIn),
                env: previous("old77"),
            });
            assert.equal(run.stderr, "node3: leaving this stack's previous swarm\n");
            assert.equal(run.stdout, answer);
            assert.deepEqual(asked(run), ["swarm leave --force", "join 10.120.0.2:2377"]);
        });
    }

    for (const [what, env] of [
        ["has another ID than the last run saw", previous("old7")],
        ["is met for the first time", {}],
    ] as const) {
        test(`stays in it where it ${what}`, async () => {
            const run = await runScript("join", "update", input, { docker: daemon(theirs, letsIn), env });
            assert.equal(
                run.stderr,
                "node3: it is a member of another swarm already (node old77 at 10.120.0.4), not of ours. If that is " +
                    "left over from the image, which was then made from a member, choose one that was not " +
                    "(swarm:image), or run on the node: docker swarm leave --force\n",
            );
            assert.deepEqual(asked(run), []);
            assert.equal(run.status, 1);
        });
    }
});

test("one that is in, and does not know its own ID yet, is waited for", async () => {
    const run = await joins({
        docker: daemon(
            inactive,
            `"swarm join --"*) : >"$dir/in" ;;
            "${SWARM_STATE}")
                read -r clock <"$dir/clock"
                if ! [ -e "$dir/in" ]; then
                    echo "${inactive}"
                elif [ "$clock" -lt 3 ]; then
                    echo "active false id= addr= cluster= error="
                else
                    echo "${joined}"
                fi
                ;;`,
        ),
        stoppedClock: true,
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer);
});

describe("the seed is to be a manager", () => {
    const asManager = input.map((line): Line => (line[0] === "role" ? ["role", "manager"] : line));
    const manages = "active true id=abc123 addr=10.120.0.4 cluster=ours error=";
    /** A manager whose swarm shows `seed`, until it is told to promote it, and three seconds later a manager. */
    const beside = (seed: string) =>
        daemon(
            manages,
            `"node ls -q") echo seed1; echo abc123 ;;
            "${REACHABILITY}") echo reachable ;;
            "${SEED_STATE}seed1 abc123")
                read -r clock <"$dir/clock"
                if ! [ -e "$dir/promoted" ]; then
                    echo "${seed}"
                elif [ "$clock" -lt "$(cat "$dir/promoted")" ]; then
                    echo "seed1 10.120.0.2 ready manager unknown"
                else
                    echo "seed1 10.120.0.2 ready manager reachable"
                fi
                echo "abc123 10.120.0.4 ready manager reachable"
                ;;
            "node update --role manager seed1") read -r clock <"$dir/clock"; echo $((clock + 3)) >"$dir/promoted" ;;`,
        );

    for (const role of ["manager", "worker"] as const) {
        test(`a manager that is to be a ${role} promotes it, once, and waits until it can be reached`, async () => {
            const run = await runScript("join", "update", role === "manager" ? asManager : input, {
                docker: beside("seed1 10.120.0.2 ready worker -"),
                stoppedClock: true,
            });
            assert.equal(run.stderr, "");
            assert.equal(run.stdout, answer);
            assert.deepEqual(asked(run), ["node update --role manager seed1"]);
        });
    }

    test("a worker promotes nobody", async () => {
        const run = await runScript("join", "update", asManager, {
            docker: daemon(joined).replace("10.9.9.9", "10.120.0.2"),
        });
        assert.equal(run.stdout, answer);
        assert.deepEqual(asked(run), []);
    });

    for (const [what, seed, seen] of [
        ["is down", "seed1 10.120.0.2 down worker -", "no ready member at 10.120.0.2"],
        ["is elsewhere", "seed1 10.120.0.22 ready worker -", "no ready member at 10.120.0.2"],
        [
            "is being demoted, which is somebody's doing",
            "seed1 10.120.0.2 ready worker unreachable",
            "10.120.0.2 ready worker unreachable",
        ],
        [
            "does not get reachable",
            "seed1 10.120.0.2 ready manager unreachable",
            "10.120.0.2 ready manager unreachable",
        ],
    ] as const) {
        test(`one that ${what} is waited for, for a minute`, async () => {
            const run = await runScript("join", "update", asManager, {
                docker: beside(seed),
                stoppedClock: true,
            });
            assert.equal(run.stderr, minuteOf("the seed at 10.120.0.2 to be a manager", seen));
            assert.equal(run.stdout, "");
            assert.equal(run.status, 1);
        });
    }

    test("a manager that the others do not reach is waited for, for a minute", async () => {
        const run = await runScript("join", "update", asManager, {
            docker: daemon(manages, `"${REACHABILITY}") echo unreachable ;;`),
            stoppedClock: true,
        });
        assert.equal(run.stderr, minuteOf("node3 to be a reachable manager", "unreachable"));
        assert.equal(run.status, 1);
    });

    test("where too few managers are left, what to do is said", async () => {
        const run = await runScript("join", "update", asManager, {
            docker: daemon(manages, `"${REACHABILITY}") echo "${LEADERLESS}" >&2; exit 1 ;;`),
            stoppedClock: true,
        });
        assert.equal(
            run.stderr,
            minuteOf("node3 to be a reachable manager", LEADERLESS) + aboutQuorum("node3"),
        );
        assert.equal(run.status, 1);
    });

    describe("on the seed itself, which was a worker", () => {
        const own: Line[] = [
            ...asManager.filter(([key]) => key !== "seed" && key !== "manager"),
            ["seed", "10.120.0.4"],
            ["manager", "10.120.0.4"],
            ["manager", "10.120.0.3"],
        ];
        const state = (since: number) => `"${SWARM_STATE}")
                read -r clock <"$dir/clock"
                if [ "$clock" -ge ${since} ]; then echo "${manages}"; else cat "$dir/state" 2>/dev/null || echo "${joined}"; fi
                ;;
            "${REACHABILITY}") echo reachable ;;
            "swarm join "*) echo "${manages}" >"$dir/state" ;;`;

        test("another manager's promotion is waited for", async () => {
            const run = await runScript("join", "update", own, {
                docker: daemon(joined, state(29)),
                files: { [CERTIFICATE]: "our certificate\n" },
                stoppedClock: true,
            });
            assert.equal(run.stderr, "");
            assert.equal(run.stdout, answer);
            assert.deepEqual(asked(run), []);
        });

        test("if none comes within half a minute, it joins again as a manager", async () => {
            const run = await runScript("join", "update", own, {
                docker: daemon(joined, state(1000)),
                files: { [CERTIFICATE]: "our certificate\n" },
                stoppedClock: true,
            });
            assert.equal(run.stderr, "node3: joining again, as a manager\n");
            assert.equal(run.stdout, answer);
            // Without force: that is for managers, and would hide that it has become one.
            assert.deepEqual(asked(run), ["swarm leave", "join 10.120.0.3:2377"]);
        });

        test("with no other manager to join through, that is said", async () => {
            const run = await runScript(
                "join",
                "update",
                own.filter(([, value]) => value !== "10.120.0.3"),
                {
                    docker: daemon(joined, state(1000)),
                    files: { [CERTIFICATE]: "our certificate\n" },
                    stoppedClock: true,
                },
            );
            assert.equal(
                run.stderr,
                "node3: joining again, as a manager\n" +
                    "node3: no manager of cluster ours let it in: there is no other manager\n",
            );
            assert.equal(run.status, 1);
        });
    });
});

test("a manager that autolock has locked is unlocked with the first key that fits; no key is an argument", async () => {
    const lines: Line[] = [...input, ["unlock", "SWMKEY-1-new"], ["unlock", "SWMKEY-1-old"]];
    const run = await runScript("join", "update", lines, {
        docker: daemon(
            "locked false id= addr= cluster= error=",
            `"swarm unlock")
                read -r key
                [ "$key" = SWMKEY-1-old ] || { echo "invalid key" >&2; exit 1; }
                echo "${joined}" >"$dir/state"
                ;;`,
        ),
        files: { [CERTIFICATE]: "our certificate\n" },
    });
    assert.equal(run.stderr, "node3: its swarm was locked, and is unlocked\n");
    assert.equal(run.stdout, answer);
    assert.equal(run.dockerCalls.filter((call) => call === "swarm unlock").length, 2);
    assert.ok(!run.dockerCalls.join("\n").includes("SWMKEY"));
});
