import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import {
    aboutQuorum,
    CERTIFICATE,
    inactive,
    LEADERLESS,
    MANAGERS,
    minuteOf,
    POOL,
    REMOTE_MANAGERS,
} from "./fakeDaemon.ts";
import { answer, daemon, files, input, manages, previous, works } from "./fakeSeed.ts";
import { type Host, runScript, type ScriptRun } from "./harness.ts";

const startOver =
    "If that cluster is gone for good, start a new one with: pulumi up --replace '**:Command::swarm'. Its services are " +
    "made anew, its secrets, configs and the data of its volumes are not\n";
/** Who was asked to let this node in, in turn. */
const asked = (run: ScriptRun) =>
    run.dockerCalls.filter((call) => call.startsWith("swarm join --")).map((call) => call.split(" ").at(-1));

test("create: initialises on the private address, drained, with the overlay pool", async () => {
    const run = await runScript("swarm", "create", input, {
        docker: daemon(inactive, `"swarm init "*) echo "${manages}" >"$dir/state" ;;`),
        files,
    });
    assert.equal(run.stderr, "");
    // Itself first: it is in.
    assert.equal(run.stdout, answer("10.120.0.2 10.120.0.3"));
    assert.deepEqual(
        run.dockerCalls.filter((call) => call.startsWith("swarm init")),
        [
            "swarm init --availability drain --advertise-addr 10.120.0.2 --listen-addr 10.120.0.2:2377 " +
                "--data-path-addr 10.120.0.2 --default-addr-pool 10.200.0.0/16 --default-addr-pool-mask-length 24",
        ],
    );
});

test("create: a swarm that an interrupted run initialised here is taken over", async () => {
    const run = await runScript("swarm", "create", input, { docker: daemon(manages), files });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer("10.120.0.2 10.120.0.3"));
    assert.ok(!run.dockerCalls.some((call) => call.startsWith("swarm init")));
});

test("create: the only manager is the only one to join through", async () => {
    const lines = input.filter(([key]) => key !== "peer");
    const run = await runScript("swarm", "create", lines, { docker: daemon(manages), files });
    assert.equal(run.stdout, answer("10.120.0.2"));
});

test("create: a root certificate that cannot be read has no digest", async () => {
    const run = await runScript("swarm", "create", input, { docker: daemon(manages) });
    assert.equal(run.stdout, answer("10.120.0.2 10.120.0.3", ""));
});

test("update: a manager of the stack's cluster is confirmed", async () => {
    const run = await runScript("swarm", "update", input, { docker: daemon(manages), env: previous, files });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer("10.120.0.2 10.120.0.3"));
    assert.deepEqual(asked(run), []);
});

test("update: a manager whose node was started again, which Docker calls an error from then on, is confirmed", async () => {
    const docker = daemon(manages.replace("active", "error"));
    const run = await runScript("swarm", "update", input, { docker, env: previous, files });
    assert.deepEqual([run.stderr, run.stdout], ["", answer("10.120.0.2 10.120.0.3")]);
    assert.deepEqual(asked(run), []);
});

test("update: a daemon that does not name its pool is taken as it is", async () => {
    const run = await runScript("swarm", "update", input, {
        docker: daemon(manages, `"${POOL}") echo ;;`),
        env: previous,
    });
    assert.equal(run.status, 0);
});

test("update: a host in no swarm asks wanted managers of the last run, its others, new ones, and never initialises", async () => {
    const refused = `echo "connection refused" >&2; exit 1`;
    const run = await runScript("swarm", "update", [...input, ["peer", "10.120.0.1"]], {
        docker: daemon(
            inactive,
            `"swarm join "*10.120.0.3:2377) ${refused} ;;
            "swarm join "*10.120.0.9:2377) ${refused} ;;
            "swarm join --token SWMTKN-1-manager "*10.120.0.1:2377) echo "${manages}" >"$dir/state" ;;
            "swarm init"*) exit 9 ;;`,
        ),
        env: previous,
        files,
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer("10.120.0.2 10.120.0.3 10.120.0.1"));
    assert.deepEqual(asked(run), ["10.120.0.3:2377", "10.120.0.9:2377", "10.120.0.1:2377"]);
});

test("update: joins are to try the managers that are in first, those among them that stay before the others", async () => {
    const members = ["10.120.0.2", "10.120.0.8", "10.120.0.4"].map((address) => `echo ${address}:2377`);
    const lines: Line[] = [...input, ["peer", "10.120.0.4"]];
    const run = await runScript("swarm", "update", lines, {
        docker: daemon(manages, `"${MANAGERS}"*) ${members.join("; ")} ;;`),
        env: previous,
        files,
    });
    assert.equal(run.stdout, answer("10.120.0.2 10.120.0.4 10.120.0.8 10.120.0.3"));
});

for (const [what, certificate] of [
    ["its cluster's certificate is ours", "our certificate\n"],
    ["it talks to a manager that we know, since the certificate has been rotated", "a later certificate\n"],
]) {
    test(`update: a worker that became the first manager is left as it is for a manager to promote: ${what}`, async () => {
        const run = await runScript("swarm", "update", input, {
            docker: daemon(works),
            env: previous,
            files: { [CERTIFICATE]: certificate as string },
        });
        assert.equal(run.stderr, "");
        // What it cannot know as a worker is what the last run knew.
        assert.equal(run.stdout, answer("10.120.0.3 10.120.0.7 10.120.0.9 10.120.0.2"));
        assert.deepEqual(
            run.dockerCalls.filter((call) => call.startsWith("swarm ")),
            [],
        );
    });
}

test("update: as a worker it comes last among those to join through, whatever the last run had it be", async () => {
    const run = await runScript("swarm", "update", input, {
        docker: daemon(works),
        env: { PULUMI_COMMAND_STDOUT: answer("10.120.0.2 10.120.0.9") },
        files,
    });
    assert.equal(run.stdout, answer("10.120.0.3 10.120.0.7 10.120.0.9 10.120.0.2"));
});

const failures: {
    what: string;
    mode: "create" | "update";
    host: Host;
    lines?: readonly Line[];
    text: string;
}[] = [
    {
        what: "an image made from a member",
        mode: "create",
        host: { docker: daemon("active true id=old1 addr=10.9.0.7 cluster=theirs error=") },
        text:
            "node1: it is a member of another swarm already (node old1 at 10.9.0.7). If its image was made from a " +
            "member, choose one that was not (swarm:image); else run on it: docker swarm leave --force\n",
    },
    {
        what: "a worker of some swarm",
        mode: "create",
        host: { docker: daemon(works), files },
        text:
            "node1: it is a member of another swarm already (node abc123 at 10.120.0.2). If its image was made from a " +
            "member, choose one that was not (swarm:image); else run on it: docker swarm leave --force\n",
    },
    {
        what: "an update whose previous output did not arrive",
        mode: "update",
        host: { docker: daemon(inactive) },
        text:
            "node1: the previous output did not arrive; sshd must accept PULUMI_COMMAND_* (AcceptEnv), as this " +
            "stack's user data sets it\n",
    },
    {
        what: "no manager of the cluster answers",
        mode: "update",
        host: {
            docker: daemon(inactive, `"swarm join "*) echo "no route to host" >&2; exit 1 ;;`),
            env: previous,
        },
        text:
            "node1: no manager of cluster ours let it in:\n  10.120.0.3: no route to host\n" +
            "  10.120.0.9: no route to host\nManagers without a majority let nobody in. If more than half of them are " +
            "lost for good and one is left, go on from that one: pulumi config set swarm:recoverFrom NAME, then: " +
            `pulumi up --refresh. ${startOver}`,
    },
    {
        what: "there is no manager but the one that was here",
        mode: "update",
        lines: input.filter(([key]) => key !== "peer"),
        host: { docker: daemon(inactive), env: { PULUMI_COMMAND_STDOUT: answer("10.120.0.2") } },
        text: `node1: no manager of cluster ours let it in: there is no other manager\n${startOver}`,
    },
    {
        what: "too few managers are left to let anybody in",
        mode: "update",
        host: {
            docker: daemon(inactive, `"swarm join "*) echo "${LEADERLESS}" >&2; exit 1 ;;`),
            env: { PULUMI_COMMAND_STDOUT: answer("10.120.0.2 10.120.0.3") },
        },
        text: `node1: no manager of cluster ours let it in:\n  10.120.0.3: ${LEADERLESS}\n${aboutQuorum()}`,
    },
    {
        what: "the managers are there, and somebody has rotated the join tokens",
        mode: "update",
        host: {
            docker: daemon(
                inactive,
                `"swarm join "*) echo "remote CA does not match fingerprint. Expected: 1234" >&2; exit 1 ;;`,
            ),
            env: { PULUMI_COMMAND_STDOUT: answer("10.120.0.2 10.120.0.3") },
        },
        text:
            "node1: no manager of cluster ours let it in:\n" +
            "  10.120.0.3: remote CA does not match fingerprint. Expected: 1234\n" +
            "The swarm's join tokens have been rotated since this stack read them. To read them again, on the swarm " +
            "as it is, put a manager that is in it first in swarm:managers, then: pulumi up --replace " +
            "'**:Command::swarm'\n",
    },
    {
        what: "it is a manager, and too few are left",
        mode: "update",
        host: {
            docker: daemon(`active true id=abc123 addr=10.120.0.2 cluster= error=${LEADERLESS}`),
            env: previous,
            stoppedClock: true,
        },
        text:
            minuteOf("node1 to manage its swarm", `state active, manager true, ${LEADERLESS}`) +
            aboutQuorum("node1"),
    },
    {
        what: "a worker of another cluster",
        mode: "update",
        host: {
            docker: daemon(works, `"${REMOTE_MANAGERS}") echo "10.9.9.9:2377" ;;`),
            env: previous,
            files: { [CERTIFICATE]: "their certificate\n" },
        },
        text:
            "node1: it is a worker of another swarm (node abc123 at 10.120.0.2), not of ours. On it run: docker swarm " +
            "leave --force\n",
    },
    {
        what: "a worker of another cluster, where neither certificate could be read",
        mode: "update",
        host: {
            docker: daemon(works, `"${REMOTE_MANAGERS}") echo "10.9.9.9:2377" ;;`),
            env: { PULUMI_COMMAND_STDOUT: answer("10.120.0.2", "") },
        },
        text:
            "node1: it is a worker of another swarm (node abc123 at 10.120.0.2), not of ours. On it run: docker swarm " +
            "leave --force\n",
    },
    {
        what: "a manager of another cluster",
        mode: "update",
        host: {
            docker: daemon("active true id=abc123 addr=10.120.0.2 cluster=theirs error="),
            env: previous,
        },
        text: `node1: it is in cluster theirs, but this stack's is ours. ${startOver}`,
    },
    {
        what: "a manager that the swarm has at another address",
        mode: "update",
        host: {
            docker: daemon("active true id=abc123 addr=203.0.113.9 cluster=ours error="),
            env: previous,
        },
        text: "node1: the swarm has it at 203.0.113.9 instead of its private address 10.120.0.2\n",
    },
    {
        what: "another overlay pool than the swarm was made with",
        mode: "update",
        host: {
            docker: daemon(manages, `"${POOL}") echo "10.208.0.0/12 25" ;;`),
            env: previous,
        },
        text:
            "node1: overlay networks of this swarm come from 10.208.0.0/12 in pieces of /25, which cannot be changed: " +
            "set swarm:overlayPool and swarm:overlayPoolMaskLength back. For another pool, the swarm has to be made " +
            "anew: pulumi destroy, then pulumi up\n",
    },
    {
        what: "a swarm in error",
        mode: "update",
        host: {
            docker: daemon("error false id= addr= cluster= error=certificate has expired"),
            env: previous,
        },
        text: "node1: its swarm is in state error: certificate has expired\n",
    },
    {
        what: "a locked swarm",
        mode: "update",
        host: { docker: daemon("locked false id= addr= cluster= error="), env: previous },
        text: "node1: its swarm is locked; unlock it with: docker swarm unlock\n",
    },
];

for (const { what, mode, host, lines, text } of failures) {
    test(`${mode}: ${what}: said, nothing printed, nothing initialised`, async () => {
        const run = await runScript("swarm", mode, lines ?? input, host);
        assert.equal(run.stderr, text);
        assert.equal(run.stdout, "");
        assert.equal(run.status, 1);
        assert.ok(!run.dockerCalls.some((call) => call.startsWith("swarm init")));
    });
}
