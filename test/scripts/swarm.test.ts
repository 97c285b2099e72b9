import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/serviceLines.ts";
import { fakeDaemon, inactive } from "./fakeDaemon.ts";
import { type Host, runScript } from "./harness.ts";

const input: Line[] = [
    ["node", "node1"],
    ["address", "10.120.0.2"],
    ["range", "10.120.0.0/20"],
    ["limit", 1],
    ["minimum", "20.10.24"],
    ["stack", "swarm-dev"],
    ["pool", "10.200.0.0/16"],
    ["mask", 24],
    ["peer", "10.120.0.3"],
];

/** A daemon that shows its own node as the manager it is once it is one. */
function daemon(state: string, more = ""): string {
    return fakeDaemon(
        state,
        `${more}
        "node ls "*) echo abc123 ;;
        "node inspect "*) echo 10.120.0.2:2377 ;;
        "swarm join-token -q "*) echo "SWMTKN-1-\${4}" ;;
        "swarm leave"*) echo "${inactive}" >"$dir/state" ;;`,
    );
}
const manages = "active true id=abc123 addr=10.120.0.2 cluster=ours error=";
const works = "active false id=abc123 addr=10.120.0.2 cluster= error=";
const answer =
    '{"script":"swarm","node":"node1","cluster":"ours",' +
    '"ca":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","managers":"10.120.0.2",' +
    '"workerToken":"SWMTKN-1-worker","managerToken":"SWMTKN-1-manager"}\n';
const previous = { PULUMI_COMMAND_STDOUT: answer };

test("create: initialises on the private address, drained, with the overlay pool", async () => {
    const run = await runScript("swarm", "create", input, {
        docker: daemon(inactive, `"swarm init "*) echo "${manages}" >"$dir/state" ;;`),
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer);
    assert.deepEqual(
        run.dockerCalls.filter((call) => call.startsWith("swarm init")),
        [
            "swarm init --availability drain --advertise-addr 10.120.0.2 --listen-addr 10.120.0.2:2377 " +
                "--data-path-addr 10.120.0.2 --default-addr-pool 10.200.0.0/16 --default-addr-pool-mask-length 24",
        ],
    );
});

test("create: a swarm that an interrupted run initialised here is taken over", async () => {
    const run = await runScript("swarm", "create", input, { docker: daemon(manages) });
    assert.equal(run.stdout, answer);
    assert.ok(!run.dockerCalls.some((call) => call.startsWith("swarm init")));
});

test("update: a manager of the stack's cluster is confirmed", async () => {
    const run = await runScript("swarm", "update", input, { docker: daemon(manages), env: previous });
    assert.equal(run.stdout, answer);
});

test("update: a host in no swarm joins through the other managers, and never initialises", async () => {
    const run = await runScript("swarm", "update", input, {
        docker: daemon(
            inactive,
            `"swarm join "*10.120.0.3:2377) echo "${manages}" >"$dir/state" ;; "swarm init"*) exit 9 ;;`,
        ),
        env: previous,
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer);
});

test("update: a worker that became the first manager joins again as one", async () => {
    const run = await runScript("swarm", "update", input, {
        docker: daemon(works, `"swarm join --token SWMTKN-1-manager "*) echo "${manages}" >"$dir/state" ;;`),
        env: previous,
    });
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, answer);
});

const failures: { what: string; mode: "create" | "update"; host: Host; text: string }[] = [
    {
        what: "an image made from a member",
        mode: "create",
        host: { docker: daemon("active true id=old1 addr=10.9.0.7 cluster=theirs error=") },
        text:
            "node1: it is a member of another swarm already (node old1 at 10.9.0.7); its image was made from a " +
            "member. On it run: docker swarm leave --force\n",
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
            "If that cluster is gone for good, start a new one with: pulumi up --replace '**:Command::swarm'\n",
    },
    {
        what: "a manager of another cluster",
        mode: "update",
        host: {
            docker: daemon("active true id=abc123 addr=10.120.0.2 cluster=theirs error="),
            env: previous,
        },
        text:
            "node1: it is in cluster theirs, but this stack's is ours. If that one is gone for good, start a new " +
            "one with: pulumi up --replace '**:Command::swarm'\n",
    },
    {
        what: "a locked swarm",
        mode: "update",
        host: { docker: daemon("locked false id= addr= cluster= error="), env: previous },
        text: "node1: its swarm is locked; unlock it with: docker swarm unlock\n",
    },
];

for (const { what, mode, host, text } of failures) {
    test(`${mode}: ${what}: said, nothing printed, nothing initialised`, async () => {
        const run = await runScript("swarm", mode, input, host);
        assert.equal(run.stderr, text);
        assert.equal(run.stdout, "");
        assert.equal(run.status, 1);
        assert.ok(!run.dockerCalls.some((call) => call.startsWith("swarm init")));
    });
}
