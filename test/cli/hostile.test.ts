/** What a host, a state or a command on a node may say, and what must not come of it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Access } from "../../cli/access.ts";
import { type Probe, parseProbe } from "../../cli/doctor/probe.ts";
import { login, onNode } from "../../cli/ssh.ts";
import { hostsText, knownHostsText, sshFiles } from "../../cli/sshFiles.ts";
import { nameIn, readState, type StackNode, type StackState } from "../../cli/stackState.ts";
import { type SshHost, startSshHost } from "../plugins/sshServer.ts";
import { recorded, sources } from "./recordings.ts";

describe("a node that answers the doctor with something else than was asked", () => {
    const evil = ["$(id)", ";id", "`id`", "|id", "&id", "'", '"', "\u001b[2J", "-oProxyCommand=id", ""];
    const probe = (line: string): Probe => parseProbe("node1", `${line}\n`, 1, 2);
    const nothing = parseProbe("node1", "", 1, 2);

    for (const [key, value] of [
        ["from", "10.0.0.9"],
        ["docker", "26.1.5"],
        ["swarm", "active"],
        ["disk", "23"],
        ["inodes", "5"],
        ["ingress", "10.0.0.9"],
        ["begin", "1795731436.98"],
    ] as const) {
        test(key, () => {
            if (key !== "begin") assert.notDeepEqual(probe(`${key} ${value}`), nothing);
            for (const more of evil) {
                const { diskFreeKb, ...rest } = probe(`${key} ${value}${more === "" ? ";id" : more}`);
                assert.deepEqual(
                    { ...rest, diskFreeKb: undefined },
                    { ...nothing, diskFreeKb: undefined },
                    more,
                );
            }
        });
    }

    test("ports and addresses that nobody can have, states that there are none of", () => {
        for (const line of [
            "tcp 10.0.0.9;id:7946 open",
            "tcp 10.0.0.9:7946;id open",
            "tcp 10.0.0.9:7946 \u001b[2J",
            "tcp 10.0.0.9:7946",
            "overlay 10.0.0.9;id full",
            "overlay 10.9 full",
            "overlay 10.0.0.9 fine",
            "__proto__ x",
            "constructor x",
        ])
            assert.deepEqual(probe(line), nothing, line);
    });
});

describe("a state that somebody else has written to", () => {
    const { state } = recorded("healthy");
    /** The state with a text in it replaced. */
    const read = (from: RegExp, to: string) => {
        const text = JSON.stringify(state);
        assert.match(text, from);
        return readState(JSON.parse(text.replace(from, () => to)), nameIn(state) as string);
    };
    const cases: [what: string, from: RegExp, to: string, message: RegExp][] = [
        [
            "a user with a line break and a ProxyCommand",
            /"sshUser":"root"/,
            '"sshUser":"root\\n    ProxyCommand id"',
            /sshUser is "root\\n {4}ProxyCommand id", allowed: the name of a Linux user/,
        ],
        [
            "an address with another line",
            /"ipv4Address":"198.18.12.5"/,
            '"ipv4Address":"198.18.12.5\\n  ProxyCommand id"',
            /node1: the public address is ".*ProxyCommand id", allowed: an IPv4 address/,
        ],
        [
            "a private address with a command",
            /"ipv4AddressPrivate":"10.144.0.4"/,
            '"ipv4AddressPrivate":"10.144.0.4;id"',
            /node1: the private address is "10.144.0.4;id"/,
        ],
        [
            "a host key with another line",
            /"publicKeyOpenssh":"ssh-ed25519 /,
            '"publicKeyOpenssh":"x\\n* ssh-ed25519 ',
            /(the host key|the key that logs in) is "x\\n\* ssh-ed25519 /,
        ],
        [
            "a droplet's ID",
            /"id":"\d+"/,
            '"id":"1/../2"',
            /the droplet's ID is "1\/\.\.\/2", allowed: a number/,
        ],
        [
            "a name that is no host's",
            /Droplet::node4"/,
            'Droplet::node4 *"',
            /the name of a droplet is "node4 \*", allowed: a host name/,
        ],
    ];
    for (const [what, from, to, message] of cases) {
        test(what, () => assert.throws(() => read(from, to), { message, status: 3 }));
    }
});

test("a droplet without an address is left out of the file, which ssh takes; the command for it says so", async () => {
    const { state } = sources("healthy");
    const [first, ...others] = state.nodes as [StackNode, ...StackNode[]];
    const half = { ...state, nodes: [{ ...first, publicIp: "" }, ...others] };
    const folder = mkdtempSync(path.join(tmpdir(), "swarm-hosts-"));
    try {
        const files = sshFiles(folder);
        writeFileSync(files.hosts, hostsText(half, files));
        const shown = (node: string) =>
            execFileSync("ssh", ["-G", "-F", files.hosts, `${node}.swarm-lab-cli-a797d56a`], {
                encoding: "utf8",
            });
        assert.match(shown("node2"), /^hostname 198\.18\.12\.6$/m);
        await assert.rejects(onNode({ state: half, files }, half.nodes[0] as StackNode, "true"), {
            message: "node1 has no address in the state; say: pulumi up --refresh",
            status: 2,
        });
    } finally {
        rmSync(folder, { recursive: true });
    }
});

describe("a command on a node that says what ssh says", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "swarm-words-"));
    const files = sshFiles(folder);
    let host: SshHost;
    let access: Access;
    let node: StackNode;

    const write = (state: StackState) => {
        writeFileSync(files.hosts, `${hostsText(state, files)}\nHost *\n    Port ${host.port}\n`);
        writeFileSync(files.knownHosts, knownHostsText(state));
    };

    before(async () => {
        host = await startSshHost();
        const { state } = sources("healthy");
        node = { ...(state.nodes[0] as StackNode), publicIp: "127.0.0.1", hostKey: host.hostKey };
        access = { state: { ...state, nodes: [node] }, files };
        writeFileSync(files.key, host.privateKey, { mode: 0o600 });
        write(access.state);
    });
    after(async () => {
        await host.close();
        rmSync(folder, { recursive: true });
    });

    for (const words of ["Host key verification failed.", "Permission denied (publickey)."]) {
        for (const status of [1, 255]) {
            test(`${words} and status ${status}`, async () => {
                const command = `echo '${words}' >&2; exit ${status}`;
                const ran = await onNode(access, node, command);
                assert.deepEqual(ran, { status, stdout: "", stderr: `${words}\n` });
                assert.equal(await login(access, node, [command]), status);
            });
        }
    }

    test("another host key is ssh's own word, and nothing was run", async () => {
        const other = recorded("healthy").state;
        const { nodes } = readState(other, nameIn(other) as string);
        write({ ...access.state, nodes: [{ ...node, hostKey: nodes[1]?.hostKey ?? "" }] });
        const before = host.commands.length;
        await assert.rejects(onNode(access, node, "true"), { wrongHostKey: true });
        await assert.rejects(login(access, node, ["true"]), { wrongHostKey: true });
        assert.equal(host.commands.length, before);
        write(access.state);
    });

    test("a connection that breaks is no status of the command", async () => {
        const asked = onNode(access, node, "sleep 30");
        const running = setInterval(() => host.running.size > 0 && host.hangUp(), 50);
        try {
            await assert.rejects(asked, {
                message:
                    /^node1 \(127\.0\.0\.1\): no SSH: (Connection to \S+ closed by remote host\.|client_loop: send disconnect)/,
            });
        } finally {
            clearInterval(running);
        }
    });
});
