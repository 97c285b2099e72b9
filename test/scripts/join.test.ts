import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/serviceLines.ts";
import { fakeDaemon, inactive } from "./fakeDaemon.ts";
import { type Host, runScript } from "./harness.ts";

const input: Line[] = [
    ["node", "node3"],
    ["address", "10.120.0.4"],
    ["range", "10.120.0.0/20"],
    ["limit", 1],
    ["minimum", "20.10.24"],
    ["stack", "swarm-dev"],
    ["role", "worker"],
    ["cluster", "ours"],
    ["ca", "0000"],
    ["token", "SWMTKN-1-secret"],
    ["manager", "10.120.0.2"],
    ["manager", "10.120.0.3"],
];

/** A daemon that knows the managers of its swarm. */
function daemon(state: string, more = ""): string {
    return fakeDaemon(
        state,
        `${more}
        "info --format {{range .Swarm.RemoteManagers}}"*) echo "10.9.9.9:2377 " ;;
        "swarm leave"*) ;;`,
    );
}
const joined = "active false id=abc123 addr=10.120.0.4 cluster= error=";

const joins = (host: Host) => runScript("join", "create", input, host);

test("a node that is in no swarm joins through the first manager, drained, on its private address", async () => {
    const run = await joins({
        docker: daemon(inactive, `"swarm join "*) echo "${joined}" >"$dir/state" ;;`),
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, '{"script":"join","node":"node3","id":"abc123","docker":"26.1.5"}\n');
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
    assert.equal(run.stdout, '{"script":"join","node":"node3","id":"abc123","docker":"26.1.5"}\n');
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

test("a member of the right cluster is confirmed without joining", async () => {
    const run = await joins({ docker: daemon(joined).replace("10.9.9.9", "10.120.0.2") });
    assert.equal(run.stdout, '{"script":"join","node":"node3","id":"abc123","docker":"26.1.5"}\n');
    assert.deepEqual(
        run.dockerCalls.filter((call) => call.startsWith("swarm ")),
        [],
    );
});

for (const active of [true, false]) {
    test(`an image's own firewall that is ${active ? "on is opened to the private network" : "off stays off"}`, async () => {
        const run = await joins({
            docker: daemon(joined).replace("10.9.9.9", "10.120.0.2"),
            commands: {
                ufw: `case "$*" in
                    status) echo "Status: ${active ? "active" : "inactive"}" ;;
                    *) echo "ufw $*" >&2 ;;
                esac`,
            },
        });
        assert.equal(
            run.stderr,
            active
                ? "ufw allow proto tcp from 10.120.0.0/20 to any port 2377,7946\n" +
                      "ufw allow proto udp from 10.120.0.0/20 to any port 7946,4789\n"
                : "",
        );
        assert.equal(run.status, 0);
    });
}

const keys: { what: string; before: string; wanted: string[]; after: string }[] = [
    {
        what: "the first time",
        before: "ssh-ed25519 DEPLOY deploy\n",
        wanted: ["ssh-ed25519 ADA ada", "ssh-ed25519 BOB bob"],
        after: "ssh-ed25519 DEPLOY deploy\n# begin swarm keys\nssh-ed25519 ADA ada\nssh-ed25519 BOB bob\n# end swarm keys\n",
    },
    {
        what: "one fewer",
        before:
            "ssh-ed25519 DEPLOY deploy\n# begin swarm keys\nssh-ed25519 ADA ada\nssh-ed25519 BOB bob\n" +
            "# end swarm keys\n",
        wanted: ["ssh-ed25519 BOB bob"],
        after: "ssh-ed25519 DEPLOY deploy\n# begin swarm keys\nssh-ed25519 BOB bob\n# end swarm keys\n",
    },
    {
        what: "beside one that somebody added by hand below",
        before: "ssh-ed25519 DEPLOY deploy\n# begin swarm keys\n# end swarm keys\nssh-ed25519 HAND hand\n",
        wanted: ["ssh-ed25519 ADA ada"],
        after:
            "ssh-ed25519 DEPLOY deploy\nssh-ed25519 HAND hand\n# begin swarm keys\nssh-ed25519 ADA ada\n" +
            "# end swarm keys\n",
    },
];

for (const { what, before, wanted, after } of keys) {
    test(`people's keys are kept right: ${what}`, async () => {
        const lines = [...input, ...wanted.map((key): Line => ["key", key])];
        const run = await runScript("join", "create", lines, {
            docker: daemon(joined).replace("10.9.9.9", "10.120.0.2"),
            authorizedKeys: before,
        });
        assert.equal(run.stderr, "");
        assert.equal(run.authorizedKeys, after);
    });
}

const failures: { what: string; host: Host; text: string }[] = [
    {
        what: "no docker",
        host: {},
        text: "node3: there is no docker command on this image; choose an image with Docker in it (swarm:image)\n",
    },
    {
        what: "a Docker that is too old",
        host: { docker: `"version "*) echo 1.11.2 ;;` },
        text: "node3: its Docker is 1.11.2, older than 20.10.24 (swarm:minDockerVersion); choose a newer image\n",
    },
    {
        what: "a first boot that does not end",
        host: { commands: { "cloud-init": "exit 0" }, docker: daemon(inactive) },
        text: "waited 1 s for node3's first boot (cloud-init) to end; last seen: cloud-init is at work\n",
    },
    {
        what: "a member of another cluster",
        host: { docker: daemon("active false id=other1 addr=10.9.0.7 cluster= error=") },
        text:
            "node3: it is a member of another swarm already (node other1 at 10.9.0.7), not of ours. " +
            "If that is left over from the image, run on it: docker swarm leave --force\n",
    },
    {
        what: "a manager of another cluster",
        host: { docker: daemon("active true id=other1 addr=10.9.0.7 cluster=theirs error=") },
        text:
            "node3: it is a member of another swarm already (node other1 at 10.9.0.7, cluster theirs), not of ours. " +
            "If that is left over from the image, run on it: docker swarm leave --force\n",
    },
    {
        what: "a swarm in error",
        host: { docker: daemon("error false id= addr= cluster= error=certificate has expired") },
        text: "node3: its swarm is in state error: certificate has expired. On it run: docker swarm leave --force\n",
    },
    {
        what: "a locked swarm",
        host: { docker: daemon("locked false id= addr= cluster= error=") },
        text: "node3: its swarm is locked; unlock it with: docker swarm unlock\n",
    },
    {
        what: "no manager that lets it in",
        host: { docker: daemon(inactive, `"swarm join "*) echo "connection refused" >&2; exit 1 ;;`) },
        text:
            "node3: no manager of cluster ours let it in:\n" +
            "  10.120.0.2: connection refused\n  10.120.0.3: connection refused\n",
    },
    {
        what: "an address that the swarm took otherwise",
        host: {
            docker: daemon(
                inactive,
                `"swarm join "*) echo "active false id=abc123 addr=203.0.113.9 cluster= error=" >"$dir/state" ;;`,
            ),
        },
        text: "node3: the swarm has it at 203.0.113.9 instead of its private address 10.120.0.4\n",
    },
];

for (const { what, host, text } of failures) {
    test(`${what}: said, and nothing printed for the program`, async () => {
        const run = await joins(host);
        assert.equal(run.stderr, text);
        assert.equal(run.stdout, "");
        assert.equal(run.status, 1);
        assert.doesNotMatch(run.stderr, /SWMTKN/);
    });
}
