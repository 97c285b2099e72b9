/** Going on from one manager where the quorum is lost; and what is no reason for that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { fakeDaemon, inactive, LEADERLESS, minuteOf, waitedInVain } from "./fakeDaemon.ts";
import { type Host, runScript } from "./harness.ts";

const input: Line[] = [
    ["node", "node2"],
    ["address", "10.120.0.3"],
    ["range", "10.120.0.0/20"],
    ["limit", 1],
    ["minimum", "20.10.24"],
    ["stack", "swarm-dev"],
];

const manages = "active true id=abc123 addr=10.120.0.3 cluster=ours error=";
const force =
    "swarm init --force-new-cluster --advertise-addr 10.120.0.3 --listen-addr 10.120.0.3:2377 " +
    "--data-path-addr 10.120.0.3";
const answer = (recovered: boolean) =>
    `{"script":"recover","node":"node2","cluster":"ours","recovered":${recovered}}\n`;

/** A manager whose swarm has a leader once $dir/leader is there, or from the second of the clock on that is given. */
function leaderless(options: { electedAt?: number; force?: string } = {}): Host {
    const { electedAt = 1000, force = 'touch "$dir/leader"' } = options;
    return {
        docker: fakeDaemon(
            manages,
            `"node ls -q")
                read -r clock <"$dir/clock"
                [ -e "$dir/leader" ] || [ "$clock" -ge ${electedAt} ] || { echo "${LEADERLESS}" >&2; exit 1; }
                echo abc123
                ;;
            "swarm init "*) ${force} ;;`,
        ),
        stoppedClock: true,
    };
}

const MARK = ".swarm-forced-new-cluster";

const recover = (host: Host) => runScript("recover", "create", input, host);
/** The calls that change something. */
const changes = (calls: readonly string[]) =>
    calls.filter((call) => /^(swarm (?!unlock-key)|systemctl restart)/.test(call));
const restart = "systemctl restart docker";

for (const [what, electedAt] of [
    ["the managers have a leader", 0],
    ["they elect one while it looks", 29],
] as const) {
    test(`nothing is done where ${what}`, async () => {
        const run = await recover(leaderless({ electedAt }));
        assert.equal(
            run.stderr,
            "node2: the managers have a leader, so there is nothing to recover; take swarm:recoverFrom out of the config\n",
        );
        assert.equal(run.stdout, answer(false));
        assert.deepEqual(changes(run.dockerCalls), []);
        assert.equal(run.status, 0);
    });
}

test("without a leader for half a minute, this manager goes on alone, in the same cluster", async () => {
    // The mark for a run that follows, should this one be stopped, is there before the new cluster is.
    const host = leaderless({ force: `[ -e "$HOME/${MARK}" ] && touch "$dir/leader"` });
    const run = await recover(host);
    assert.equal(
        run.stderr,
        `node2: the managers have no leader (${LEADERLESS}); going on from this one alone\n` +
            "node2: restarting its Docker\n",
    );
    assert.equal(run.stdout, answer(true));
    assert.deepEqual(changes(run.dockerCalls), [force, restart]);
    assert.equal(run.status, 0);
});

test("a run after one that was stopped before the engine was restarted goes on there", async () => {
    const run = await recover({ ...leaderless({ electedAt: 0 }), files: { [MARK]: "" } });
    assert.equal(run.stderr, "node2: restarting its Docker\n");
    assert.equal(run.stdout, answer(true));
    assert.deepEqual(changes(run.dockerCalls), [restart]);
    assert.deepEqual(run.files, {}, "the mark is gone");
    assert.equal(run.status, 0);
});

test("a manager that was restarted since, and is pending for want of a leader, goes on alone as well", async () => {
    const pending = manages.replace("active", "pending").replace("ours", "") + LEADERLESS;
    const run = await recover({
        docker: fakeDaemon(
            pending,
            `"node ls -q") [ -e "$dir/state" ] || { echo "${LEADERLESS}" >&2; exit 1; } ;;
            "swarm init "*) echo "${manages}" >"$dir/state" ;;`,
        ),
        stoppedClock: true,
    });
    assert.equal(
        run.stderr,
        `node2: the managers have no leader (${LEADERLESS}); going on from this one alone\n` +
            "node2: restarting its Docker\n",
    );
    assert.equal(run.stdout, answer(true));
    assert.deepEqual(changes(run.dockerCalls), [force, restart]);
    assert.equal(run.status, 0);
});

test("with autolock, the restarted engine is unlocked with the key that the swarm itself has", async () => {
    const locked = "locked false id= addr= cluster= error=";
    const host = leaderless();
    const run = await recover({
        ...host,
        docker: `"swarm unlock-key -q") echo SWMKEY-1-ours ;;
            "swarm unlock") cat >"$dir/key"; rm "$dir/state" ;;${host.docker}`,
        commands: { systemctl: `[ "$1" != restart ] || echo "${locked}" >"$HOME/state"` },
        files: { key: "" },
    });
    assert.match(run.stderr, /node2: restarting its Docker\nnode2: its swarm was locked, and is unlocked\n$/);
    assert.equal(run.files.key, "SWMKEY-1-ours\n");
    assert.equal(run.stdout, answer(true));
    assert.deepEqual(changes(run.dockerCalls), [force, "swarm unlock"]);
});

test("a warning beside the list of members does not mean that there is no leader", async () => {
    const run = await recover({
        docker: fakeDaemon(
            manages,
            `"node ls -q") echo "WARNING: no access to config.json" >&2; echo abc123 ;;`,
        ),
        stoppedClock: true,
    });
    assert.equal(run.stdout, answer(false));
    assert.deepEqual(changes(run.dockerCalls), []);
});

const goingOn = `node2: the managers have no leader (${LEADERLESS}); going on from this one alone\n`;
const failures: { what: string; host: Host; text: string; calls?: readonly string[] }[] = [
    {
        what: "a worker",
        host: { docker: fakeDaemon("active false id=abc123 addr=10.120.0.3 cluster= error=", "") },
        text:
            "node2: it is no manager (state active), so it has nothing to recover from; name another one in " +
            "swarm:recoverFrom\n",
    },
    {
        what: "a host in no swarm, as a new droplet of that name is",
        host: { docker: fakeDaemon(inactive, "") },
        text:
            "node2: it is no manager (state inactive), so it has nothing to recover from; name another one in " +
            "swarm:recoverFrom\n",
    },
    {
        what: "a swarm in error",
        host: { docker: fakeDaemon("error false id= addr= cluster= error=certificate has expired", "") },
        text:
            "node2: it is no manager (state error, certificate has expired), so it has nothing to recover from; name " +
            "another one in swarm:recoverFrom\n",
    },
    {
        what: "a locked swarm",
        host: { docker: fakeDaemon("locked false id= addr= cluster= error=", "") },
        text: "node2: its swarm is locked; unlock it with: docker swarm unlock\n",
    },
    {
        what: "a manager that its swarm has at another address",
        host: { docker: fakeDaemon(manages.replace("10.120.0.3", "10.9.0.7"), "") },
        text: "node2: the swarm has it at 10.9.0.7 instead of its private address 10.120.0.3\n",
    },
    {
        what: "a worker that is pending",
        host: { docker: fakeDaemon("pending false id= addr= cluster= error=", ""), stoppedClock: true },
        text: waitedInVain("node2's swarm state to settle", 30, "state pending"),
    },
    {
        what: "a manager whose list of members fails for another reason",
        host: {
            docker: fakeDaemon(manages, `"node ls -q") echo "context deadline exceeded" >&2; exit 1 ;;`),
            stoppedClock: true,
        },
        text:
            "node2: waited 120 s for a word on whether the managers have a leader, so nothing is done; last seen: " +
            "context deadline exceeded\n",
    },
    {
        what: "a new cluster that Docker refuses",
        host: leaderless({ force: "echo 'Error response from daemon: refused' >&2; exit 1" }),
        text: `${goingOn}Error response from daemon: refused\n`,
        calls: [force],
    },
    {
        what: "an engine that cannot be restarted",
        host: {
            ...leaderless(),
            commands: {
                systemctl:
                    "[ $1 != restart ] || { echo 'Job for docker.service failed because of a timeout.' >&2; exit 1; }",
            },
        },
        text: `${goingOn}node2: restarting its Docker\nJob for docker.service failed because of a timeout.\n`,
        calls: [force],
    },
    {
        what: "a new cluster that comes to nothing",
        host: leaderless({ force: ":" }),
        text: goingOn + minuteOf("node2 to lead its swarm", LEADERLESS),
        calls: [force],
    },
];

for (const { what, host, text, calls = [] } of failures) {
    test(`${what}: said, and nothing printed for the program`, async () => {
        const run = await recover(host);
        assert.equal(run.stderr, text);
        assert.equal(run.stdout, "");
        assert.deepEqual(changes(run.dockerCalls), calls);
        assert.equal(run.status, 1);
    });
}
