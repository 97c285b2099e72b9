/** What a host is asked before Docker is told anything, beyond what the tests of the single scripts ask. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { speak } from "./functions.ts";

/** What `df -Pk` prints for the login's home; there is room at Docker's folder, if the tests' machine has one. */
const df = (line: string) =>
    `df() { [ "$2" = "$HOME" ] || return 0
    printf '%s\\n' "Filesystem 1024-blocks Used Available Capacity Mounted on" "${line}"; }`;
const overlay = (kilobytes: number) => df(`/dev/vda1 25215872 9999999 ${kilobytes} 99% /`);

const full = (megabytes: number) =>
    `node3: its disk is full: ${megabytes} MB are left at /. On it, free some (docker system prune, journalctl ` +
    "--vacuum-size=100M), or choose a larger swarm:size\n";

for (const [what, fake, stderr] of [
    ["nothing left", overlay(0), full(0)],
    ["a little left", overlay(65_535), full(63)],
    ["64 MB left", overlay(65_536), ""],
    ["a disk of many terabytes", overlay(21_474_836_480), ""],
    ["a table that says nothing of room", df("df: /root: no such thing"), ""],
    ["a df that fails", "df() { return 1; }", ""],
] as const) {
    test(`room on the disk: ${what}`, () => {
        const run = speak(["prelude", "host"], `${fake}\nname=node3 HOME=/\ncheck_room`);
        assert.equal(run.stderr, stderr);
        assert.equal(run.status, stderr === "" ? 0 : 1);
    });
}

test("room on the disk: as this machine's own df shows it", () => {
    const run = speak(
        ["prelude", "host"],
        'least_room=1; check_room; echo "$room"; least_room=$((room * 2)); name=node3; check_room',
        { env: { HOME: "/" } },
    );
    assert.match(run.stdout, /^[1-9]\d+\n$/);
    assert.match(run.stderr, /^node3: its disk is full: \d+ MB are left at \//);
});

const denied =
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix";
for (const [what, user, sudo, docker, stderr] of [
    ["root, who is asked for nothing", "0", "return 9", "return 9", ""],
    ["one with sudo, in Docker's group", "1000", "return 0", "echo 26.1.5", ""],
    [
        "one with both, whose Docker does not answer yet",
        "1000",
        "return 0",
        "echo 'Is the docker daemon running?' >&2; return 1",
        "",
    ],
    [
        "one who is asked for a password",
        "1000",
        "echo 'sudo: a password is required' >&2; return 1",
        "echo 26.1.5",
        "node3: its user ada (swarm:sshUser) cannot become root: sudo: a password is required. Choose an image with sudo, " +
            "whose cloud-init makes the user that it is told to make, or log in as root\n",
    ],
    [
        "one who is not in Docker's group",
        "1000",
        "return 0",
        `echo '${denied}' >&2; return 1`,
        "node3: its user ada (swarm:sshUser) may not use Docker. On it run: sudo usermod -aG docker ada\n",
    ],
] as const) {
    test(`the login: ${what}`, () => {
        const run = speak(
            ["prelude", "host"],
            `id() { [ "$1" = -un ] && echo ada || echo ${user}; }
            sudo() { [ "$*" = "-n true" ] || return 8; ${sudo}; }
            docker() { ${docker}; }
            name=node3
            check_login`,
        );
        assert.deepEqual(run, { status: stderr === "" ? 0 : 1, stdout: "", stderr });
    });
}

for (const [what, labels, before, after] of [
    ["no file", "[]", "", '{"labels": ["swarm.stack=swarm-dev"]}\n'],
    ["an empty object", "[]", "{}\n", '{"labels": ["swarm.stack=swarm-dev"]}\n'],
    ["an empty object over several lines", "null", "{\n\n}\n", '{"labels": ["swarm.stack=swarm-dev"]}\n'],
    [
        "settings",
        "[]",
        '{\n  "log-driver": "local",\n  "log-opts": {"max-size": "10m"}\n}\n',
        '{"labels": ["swarm.stack=swarm-dev"], \n  "log-driver": "local",\n  "log-opts": {"max-size": "10m"}\n}\n',
    ],
    ["labels of somebody's own", "[]", '{"labels": ["a=b"]}\n', '{"labels": ["a=b"]}\n'],
    [
        "another stack's name, from before it was renamed",
        '["a=b","swarm.stack=swarm-old"]',
        '{"labels": ["a=b", "swarm.stack=swarm-old"], "debug": true}\n',
        '{"labels": ["a=b", "swarm.stack=swarm-dev"], "debug": true}\n',
    ],
    ["another stack's name, from the engine's command line", '["swarm.stack=swarm-old"]', "{}\n", "{}\n"],
    ["labels from the engine's command line", '["a=b"]', "{}\n", "{}\n"],
] as const) {
    test(`the stack's name on an engine: ${what}`, (context) => {
        const folder = mkdtempSync(path.join(tmpdir(), "mark-"));
        context.after(() => rmSync(folder, { recursive: true }));
        const file = path.join(folder, "daemon.json");
        const told = path.join(folder, "told");
        writeFileSync(file, before);
        const run = speak(
            ["prelude", "host"],
            `as_root() { "$@"; }
            kill() { [ "$*" = "-HUP 4242" ] && cp '${file}' '${told}'; }
            docker() { [ -e '${told}' ] && echo '["swarm.stack=swarm-dev"]' || echo '${labels}'; }
            cat() {
                case $* in
                /var/run/docker.pid) echo 4242 ;;
                /proc/4242/cmdline) printf 'dockerd\\000--config-file=${file}\\000' ;;
                *) command cat "$@" ;;
                esac
            }
            mark_engine`,
            { stdin: "stack swarm-dev\n" },
        );
        assert.deepEqual(run, { status: 0, stdout: "", stderr: "" });
        const written = readFileSync(file, "utf8");
        assert.equal(written, after);
        JSON.parse(written);
        // The file as it was when the engine was told to read it again.
        assert.equal(existsSync(told) ? readFileSync(told, "utf8") : before, after);
    });
}

test("the image's own firewall is found by whoever does not search the administrator's folders, too", (context) => {
    const folder = mkdtempSync(path.join(tmpdir(), "sbin-"));
    context.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, "ufw"), "#!/bin/sh\n", { mode: 0o755 });
    const found = (admin: string) =>
        speak(["prelude", "host"], `admin_path=${admin}; PATH=/nowhere; has_ufw && echo found || echo none`)
            .stdout;
    assert.equal(found(folder), "found\n");
    assert.equal(found("/nowhere"), "none\n");
});

describe("what is waited for before Docker is told anything", () => {
    let bin: string;
    before(() => {
        bin = mkdtempSync(path.join(tmpdir(), "host-"));
        writeFileSync(path.join(bin, "cloud-init"), '#!/bin/sh\necho "it says"\nexit $STATUS\n', {
            mode: 0o755,
        });
    });
    after(() => rmSync(bin, { recursive: true }));

    /** The waits with their limits, or what is wrong; what each of them looks at is held elsewhere. */
    const waits = (status: number, limit: number) =>
        speak(
            ["prelude", "host"],
            `wait_for() { echo "$1 $2"; }
            grep() { return 1; }
            docker() { :; }
            check_room() { :; }
            check_login() { :; }
            docker_version=26.1.5
            wait_for_host`,
            {
                stdin: `node m1\nlimit ${limit}\nminimum 20.10.24\n`,
                env: { PATH: `${bin}:${process.env.PATH}`, STATUS: `${status}` },
            },
        );

    for (const [status, what] of [
        [0, "ended well"],
        [2, "is degraded, as is common on stock images"],
    ] as const) {
        test(`a first boot that ${what}; Docker has two minutes after it`, () => {
            assert.equal(
                waits(status, 600).stdout,
                "600 m1's first boot (cloud-init) to end\n120 Docker to answer on m1\n",
            );
        });
    }

    test("where a node has less time, Docker has no more", () => {
        assert.match(waits(0, 30).stdout, /^30 Docker to answer on m1$/m);
    });

    test("a first boot that ended with an error is said, in cloud-init's words", () => {
        const run = waits(1, 600);
        assert.deepEqual([run.status, run.stderr], [1, "m1: cloud-init ended with an error:\nit says\n"]);
    });
});
