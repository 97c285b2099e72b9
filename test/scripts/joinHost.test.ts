/** What a join does to the host beside the swarm: its own firewall, and people's keys. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { daemon, input, joined } from "./fakeJoin.ts";
import { type Host, runScript } from "./harness.ts";

const joins = (host: Host) => runScript("join", "create", input, host);

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
                ? "ufw allow 22/tcp\n" +
                      "ufw allow proto tcp from 10.120.0.0/20 to any port 2377,7946\n" +
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

for (const [what, before, wanted] of [
    ["made by the join", undefined, ["ssh-ed25519 ADA ada"]],
    ["as the image has it, which lets others read", "ssh-ed25519 DEPLOY deploy\n", ["ssh-ed25519 ADA ada"]],
    ["where nobody's key is wanted", "ssh-ed25519 DEPLOY deploy\n", []],
] as const) {
    test(`authorized_keys is its owner's alone, at every moment: ${what}`, async () => {
        // Looked at before and after each command that the join runs, so with whatever has just been made.
        const look = `stat -c '%a %n' "$HOME"/.ssh/* 2>/dev/null | sed "s|$HOME/||" >>"$HOME/modes"`;
        const commands = Object.fromEntries(
            ["mkdir", "touch", "chmod", "grep", "mv"].map((name) => [
                name,
                `PATH=/usr/bin:/bin\n${look}\n${name} "$@"\nstatus=$?\n${look}\nexit $status`,
            ]),
        );
        const lines = [...input, ...wanted.map((key): Line => ["key", key])];
        const run = await runScript("join", "create", lines, {
            docker: daemon(joined).replace("10.9.9.9", "10.120.0.2"),
            authorizedKeys: before,
            commands,
            files: { modes: "" },
        });
        assert.equal(run.stderr, "");
        assert.equal(run.status, 0);
        const modes = new Set((run.files.modes ?? "").trimEnd().split("\n"));
        // The image's own, until the join has come to it.
        if (before !== undefined) assert.ok(modes.delete("644 .ssh/authorized_keys"));
        assert.deepEqual([...modes].sort(), [
            "600 .ssh/authorized_keys",
            ...(wanted.length > 0 ? ["600 .ssh/authorized_keys.new"] : []),
        ]);
    });
}
