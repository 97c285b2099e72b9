/** What protects a node beyond its image: what is written where, what is run, and what is said where it cannot be. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readlinkSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { speak } from "./functions.ts";

const folders: string[] = [];
let top: string;
beforeEach(() => {
    top = mkdtempSync(path.join(tmpdir(), "harden-"));
    folders.push(top);
});
after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
});

const here = (file: string) => path.join(top, file);
const read = (file: string) => readFileSync(here(file), "utf8");
const GUARD = "usr/local/sbin/swarm-guard-metadata";
const RULE = "PREROUTING ! -i lo -d 169.254.169.254 -j DROP";

/** Commands that the host has, as sh; the machine's own packet filter and packages are never reached. */
function commands(texts: Record<string, string>): string {
    mkdirSync(here("bin"), { recursive: true });
    for (const [name, text] of Object.entries({ iptables: "exit 0", nft: "exit 9", ...texts })) {
        const log = `printf '%s\\n' "${name} $*" >>${here("log")}\n`;
        writeFileSync(here(`bin/${name}`), `#!/bin/sh\n${log}${text}\n`, { mode: 0o755 });
    }
    return `PATH=${here("bin")}:$PATH`;
}
const log = () => (existsSync(here("log")) ? read("log").trimEnd().split("\n") : []);

/** Calls a function of harden.sh on a host whose files lie in `top`. */
function harden(call: string, texts: Record<string, string> = {}, more = "") {
    return speak(
        ["prelude", "harden"],
        `${commands(texts)}; name=node3; as_root() { "$@"; }; sleep() { :; }\n${more}\n${call}`,
        { env: { SWARM_TOP: top } },
    );
}
const quiet = { status: 0, stdout: "", stderr: "" };

describe("the metadata and the containers", () => {
    test("with systemd: a rule now, and a unit that sets it before Docker at each boot", () => {
        mkdirSync(here("run/systemd/system"), { recursive: true });
        assert.deepEqual(harden("guard_metadata", { iptables: '[ "$5" != -C ]' }), quiet);
        assert.deepEqual(log(), [`iptables -w 10 -t raw -C ${RULE}`, `iptables -w 10 -t raw -I ${RULE}`]);
        const unit = "etc/systemd/system/swarm-guard-metadata.service";
        assert.match(read(unit), /^Before=docker\.service$/m);
        assert.match(read(unit), /^ExecStart=\/usr\/local\/sbin\/swarm-guard-metadata$/m);
        assert.equal(
            readlinkSync(here("etc/systemd/system/multi-user.target.wants/swarm-guard-metadata.service")),
            "../swarm-guard-metadata.service",
        );
        const verify = spawnSync("systemd-analyze", ["--version"]);
        // Not everywhere is systemd's own tool, which is asked where it is.
        if (!verify.error) {
            const unitText = read(unit).replace(/^ExecStart=.*$/m, "ExecStart=/bin/true");
            writeFileSync(here("swarm-guard-metadata.service"), unitText);
            const verified = spawnSync("systemd-analyze", ["verify", here("swarm-guard-metadata.service")], {
                encoding: "utf8",
            });
            assert.doesNotMatch(verified.stderr, /swarm-guard-metadata/);
        }
    });

    test("without systemd: cloud-init sets it, which comes before whatever starts Docker", () => {
        mkdirSync(here("etc/cloud/cloud.cfg.d"), { recursive: true });
        assert.deepEqual(harden("guard_metadata"), quiet);
        assert.equal(
            read("etc/cloud/cloud.cfg.d/95-swarm.cfg"),
            "#cloud-config\nbootcmd:\n  - [/usr/local/sbin/swarm-guard-metadata]\n",
        );
        assert.ok(!existsSync(here("etc/systemd")));
    });

    test("a rule that is there is not set twice; done again, nothing is different", () => {
        mkdirSync(here("run/systemd/system"), { recursive: true });
        assert.deepEqual(harden("guard_metadata; guard_metadata"), quiet);
        assert.deepEqual(log(), [`iptables -w 10 -t raw -C ${RULE}`, `iptables -w 10 -t raw -C ${RULE}`]);
    });

    test("without iptables: nft, in a table of its own that is made anew each time", () => {
        mkdirSync(here("run/systemd/system"), { recursive: true });
        const run = harden("guard_metadata", { iptables: "exit 127", nft: `cat >${here("rules")}` });
        assert.deepEqual(run, quiet);
        const rules = read("rules").split("\n");
        assert.deepEqual(rules.slice(0, 2), ["table ip swarm_metadata", "delete table ip swarm_metadata"]);
        assert.ok(rules.some((line) => line.trim() === 'iifname != "lo" ip daddr 169.254.169.254 drop'));
        const checked = spawnSync("nft", ["--check", "-f", here("rules")], { encoding: "utf8" });
        if (!checked.error && !/Operation not permitted/.test(checked.stderr))
            assert.equal(checked.stderr, "");
    });

    test("with neither: said, with what is open; nothing fails", () => {
        const texts = { iptables: "exit 127", nft: "echo 'nft: cannot open' >&2; exit 1" };
        assert.deepEqual(harden("guard_metadata", texts), {
            ...quiet,
            stderr:
                "node3: its containers can read the droplet's metadata, and its SSH host key there, since neither " +
                "iptables nor nft takes a rule: nft: cannot open\n",
        });
    });

    test("with neither systemd nor cloud-init: the rule, and said that it ends with a reboot", () => {
        assert.deepEqual(harden("guard_metadata"), {
            ...quiet,
            stderr:
                "node3: the rule that keeps its metadata from containers ends with the next reboot: there is neither " +
                "systemd nor cloud-init to set it again\n",
        });
        assert.ok(existsSync(here(GUARD)));
    });

    test("what a host runs at its boot passes shellcheck", () => {
        harden("guard_metadata");
        const run = spawnSync("shellcheck", ["--severity=style", here(GUARD)], { encoding: "utf8" });
        assert.equal(run.error, undefined);
        assert.equal(run.stdout, "");
    });
});

describe("the engine's packages", () => {
    /** dpkg-query, which knows of these, and tells of those that it is asked for. */
    const installed = (...lines: string[]) =>
        `for asked; do case $asked in\n${lines.map((line) => `${line.split(" ").at(-1)}) echo '${line}' ;;\n`).join("")}esac; done`;

    for (const [vendor, ...packages] of [
        ["Debian and Ubuntu", "docker.io", "docker-cli", "containerd", "runc"],
        ["Docker", "docker-ce", "docker-ce-cli", "containerd.io"],
        ["Microsoft", "moby-engine", "moby-cli", "moby-containerd", "moby-runc"],
    ]) {
        test(`those of ${vendor} are held`, () => {
            const run = harden("hold_engine", {
                "dpkg-query": installed(...packages.map((name) => `install installed ${name}`)),
                dpkg: `cat >${here("held")}`,
            });
            assert.deepEqual(run, quiet);
            assert.deepEqual(
                read("held").trimEnd().split("\n").sort(),
                packages.map((name) => `${name} hold`).sort(),
            );
        });
    }

    test("those that are there are held, and others are left alone", () => {
        const run = harden("hold_engine", {
            "dpkg-query": installed(
                "install installed docker-ce",
                "hold installed containerd.io",
                "unknown not-installed docker.io",
                "deinstall config-files runc",
                "install installed nginx",
            ),
            dpkg: `cat >${here("held")}`,
        });
        assert.deepEqual(run, quiet);
        assert.equal(read("held"), "docker-ce hold\n");
        assert.equal(log().at(-1), "dpkg --set-selections");
    });

    test("held already: dpkg is not asked", () => {
        const run = harden("hold_engine", {
            "dpkg-query": installed("hold installed docker.io"),
            dpkg: "exit 1",
        });
        assert.deepEqual(run, quiet);
        assert.ok(!log().some((line) => line.startsWith("dpkg ")));
    });

    test("while dpkg is at work elsewhere it is waited for", () => {
        const run = harden("hold_engine", {
            "dpkg-query": installed("install installed docker.io"),
            dpkg: `[ "$(grep -c '^dpkg ' ${here("log")})" = 3 ] && cat >${here("held")}`,
        });
        assert.deepEqual(run, quiet);
        assert.equal(read("held"), "docker.io hold\n");
    });

    test("dpkg at work for longer than a minute: said, and nothing fails", () => {
        const clock = `now() { ticks=$(cat ${here("ticks")} 2>/dev/null || echo 0); echo $((ticks + 20)) | tee ${here("ticks")}; }`;
        const run = harden(
            "hold_engine",
            {
                "dpkg-query": installed("install installed docker.io"),
                dpkg: "echo 'dpkg: error: dpkg frontend lock was locked by another process' >&2; exit 2",
            },
            clock,
        );
        assert.deepEqual(run, {
            ...quiet,
            stderr:
                "node3: its Docker could not be held at its version, still after 60 s: dpkg: error: dpkg frontend lock " +
                "was locked by another process\n",
        });
    });

    test("an engine of no known package: said", () => {
        const run = harden("hold_engine", { "dpkg-query": installed("unknown not-installed docker.io") });
        assert.deepEqual(run, {
            ...quiet,
            stderr: "node3: its Docker comes from no package that is known here, so nothing holds it at its version\n",
        });
    });

    test("unattended upgrades leave them alone and do not reboot; needrestart does not restart them", () => {
        assert.deepEqual(harden("tame_upgrades"), quiet);
        const apt = read("etc/apt/apt.conf.d/99swarm");
        assert.match(
            apt,
            /^Unattended-Upgrade::Package-Blacklist \{ "docker"; "containerd"; "runc"; "moby-"; \};$/m,
        );
        assert.match(apt, /^Unattended-Upgrade::Automatic-Reboot "false";$/m);
        assert.equal(
            read("etc/needrestart/conf.d/swarm.conf").split("\n").at(-2),
            "$nrconf{override_rc}->{qr(^(docker|containerd)\\b)} = 0;",
        );
    });

    test("a host without dpkg is hardened as far as it goes", () => {
        mkdirSync(here("run/systemd/system"), { recursive: true });
        const run = harden("harden", {}, `command() { [ "$2" != dpkg-query ]; }`);
        assert.deepEqual(run, {
            ...quiet,
            stderr: "node3: it has no dpkg, so its Docker is not held at its version here\n",
        });
        assert.ok(existsSync(here(GUARD)));
    });
});
