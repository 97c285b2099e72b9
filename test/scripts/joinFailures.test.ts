/** How a join ends that cannot be: with exact texts, and nothing printed for the program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { aboutQuorum, inactive, LEADERLESS } from "./fakeDaemon.ts";
import { daemon, input } from "./fakeJoin.ts";
import { type Host, runScript } from "./harness.ts";

const failures: { what: string; host: Host; lines?: Line[]; text: string }[] = [
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
            "If that is left over from the image, which was then made from a member, choose one that was not " +
            "(swarm:image), or run on the node: docker swarm leave --force\n",
    },
    {
        what: "a manager of another cluster",
        host: { docker: daemon("active true id=other1 addr=10.9.0.7 cluster=theirs error=") },
        text:
            "node3: it is a member of another swarm already (node other1 at 10.9.0.7, cluster theirs), not of ours. " +
            "If that is left over from the image, which was then made from a member, choose one that was not " +
            "(swarm:image), or run on the node: docker swarm leave --force\n",
    },
    {
        what: "a full disk",
        host: {
            docker: daemon(inactive),
            commands: {
                df: `echo "Filesystem 1024-blocks Used Available Capacity Mounted on"
                [ "$2" = "$HOME" ] && echo "/dev/vda1 25215872 25205632 10240 100% /"`,
            },
        },
        text:
            "node3: its disk is full: 10 MB are left at $HOME. On it, free some (docker system prune, journalctl " +
            "--vacuum-size=100M), or choose a larger swarm:size\n",
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
        what: "a locked swarm whose key is another one",
        host: {
            docker: daemon(
                "locked false id= addr= cluster= error=",
                '"swarm unlock") echo "invalid key provided" >&2; exit 1 ;;',
            ),
        },
        lines: [...input, ["unlock", "SWMKEY-1-new"]],
        text:
            "node3: its swarm is locked, and the unlock key of this stack does not fit: invalid key provided; unlock it " +
            "with: docker swarm unlock\n",
    },
    {
        what: "no manager that lets it in",
        host: { docker: daemon(inactive, `"swarm join "*) echo "connection refused" >&2; exit 1 ;;`) },
        text:
            "node3: no manager of cluster ours let it in:\n" +
            "  10.120.0.2: connection refused\n  10.120.0.3: connection refused\n",
    },
    {
        what: "managers that have lost their quorum",
        host: { docker: daemon(inactive, `"swarm join "*) echo "${LEADERLESS}" >&2; exit 1 ;;`) },
        text:
            `node3: no manager of cluster ours let it in:\n  10.120.0.2: ${LEADERLESS}\n` +
            `  10.120.0.3: ${LEADERLESS}\n${aboutQuorum()}`,
    },
    {
        what: "tokens that somebody has rotated",
        host: {
            docker: daemon(
                inactive,
                `"swarm join "*) echo "A valid join token is necessary to join this cluster" >&2; exit 1 ;;`,
            ),
        },
        text:
            "node3: no manager of cluster ours let it in:\n" +
            "  10.120.0.2: A valid join token is necessary to join this cluster\n" +
            "  10.120.0.3: A valid join token is necessary to join this cluster\n" +
            "The swarm's join tokens have been rotated since this stack read them. To read them again, on the swarm " +
            "as it is: pulumi up --replace '**:Command::swarm'\n",
    },
    {
        what: "an address that the swarm took otherwise",
        host: {
            docker: daemon(
                inactive,
                `"swarm join "*) echo "active false id=abc123 addr=203.0.113.9 cluster= error=" >"$dir/state" ;;`,
            ),
        },
        text:
            "node3: the swarm has it (node abc123) at 203.0.113.9 instead of its private address 10.120.0.4. If its " +
            "image was made from a member of this swarm, choose one that was not (swarm:image): two machines with one " +
            "node ID harm both. Otherwise run on it: docker swarm leave --force\n",
    },
];

for (const { what, host, lines, text } of failures) {
    test(`${what}: said, and nothing printed for the program`, async () => {
        const run = await runScript("join", "create", lines ?? input, host);
        assert.equal(run.stderr.replace(/(?<=left at )\/[^ ]*(?=\. On it)/, "$HOME"), text);
        assert.equal(run.stdout, "");
        assert.equal(run.status, 1);
        assert.doesNotMatch(run.stderr, /SWMTKN/);
    });
}
