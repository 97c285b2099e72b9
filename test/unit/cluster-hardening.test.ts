/** The list of sockets and the table of docs/security.md are read rightly; what is not meant is seen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { benchRows, listeners, unexpected } from "../cluster/support/hardening.ts";

const printed = `
udp   UNCONN 0      0         10.128.0.5:7946       0.0.0.0:*    users:(("dockerd",pid=52,fd=33))
udp   UNCONN 0      0            0.0.0.0:4789       0.0.0.0:*
tcp   LISTEN 0      128          0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=50,fd=6))
tcp   LISTEN 0      4096      127.0.0.11:35643      0.0.0.0:*
tcp   LISTEN 0      4096      10.128.0.5:2377       0.0.0.0:*    users:(("dockerd",pid=52,fd=26))
tcp   LISTEN 0      4096      10.128.0.5:7946       0.0.0.0:*    users:(("dockerd",pid=52,fd=31))
tcp   LISTEN 0      4096               *:80               *:*    users:(("dockerd",pid=52,fd=40))
tcp   LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=50,fd=7))
`;
const manager = { privateIp: "10.128.0.5", role: "manager" };

test("a manager's sockets as ss shows them are all meant", () => {
    assert.equal(listeners(printed).length, 8);
    assert.deepEqual(unexpected(listeners(printed), manager, [80]), []);
});

for (const [what, line, node] of [
    [
        "the swarm's port on every address",
        'tcp LISTEN 0 4096 *:2377 *:* users:(("dockerd",pid=5,fd=2))',
        manager,
    ],
    [
        "the swarm's port on the public address",
        'tcp LISTEN 0 4096 198.18.4.7:2377 0.0.0.0:* users:(("dockerd",pid=5,fd=2))',
        manager,
    ],
    [
        "the managers' port on a worker",
        'tcp LISTEN 0 4096 10.128.0.5:2377 0.0.0.0:* users:(("dockerd",pid=5,fd=2))',
        { ...manager, role: "worker" },
    ],
    ["Docker's API", 'tcp LISTEN 0 4096 *:2375 *:* users:(("dockerd",pid=5,fd=2))', manager],
    ["a port that nobody publishes", 'tcp LISTEN 0 4096 *:8080 *:* users:(("dockerd",pid=5,fd=2))', manager],
    [
        "a process of somebody's own",
        'udp UNCONN 0 0 0.0.0.0:53 0.0.0.0:* users:(("dnsmasq",pid=5,fd=2))',
        manager,
    ],
    ["something else on sshd's port", 'tcp LISTEN 0 4096 *:22 *:* users:(("nc",pid=5,fd=2))', manager],
] as const) {
    test(`not meant: ${what}`, () => {
        assert.deepEqual(unexpected(listeners(line), node, [80]), listeners(line));
    });
}

test("the table of the benchmark has each of its ten rows once, each with a command and a reason", () => {
    const rows = benchRows();
    assert.deepEqual(
        rows.map(({ number }) => number),
        Array.from({ length: 10 }, (_, index) => `7.${index + 1}`),
    );
    for (const { number, command, why } of rows) {
        assert.match(command, /^(docker|ss) /, number);
        assert.ok(why.length > 10, number);
    }
});

test("what a row says that its command prints is taken to the letter, but for what it leaves open", () => {
    const row = (prints: string) =>
        benchRows(`| 7.3 | bound | met | \`ss -ltn\` | ${prints} | since it is |`)[0];
    assert.match("LISTEN 10.1.2.3:2377 0.0.0.0:*", row("`LISTEN …10.…:2377 …`")?.prints ?? /^$/);
    assert.doesNotMatch("LISTEN *:2377 *:*", row("`LISTEN …10.…:2377 …`")?.prints ?? /.*/);
    assert.match("", row("nothing")?.prints ?? /x/);
    assert.doesNotMatch("something", row("nothing")?.prints ?? /.*/);
    assert.throws(() => benchRows("| 7.1 | swarm | maybe | `docker info` | nothing | why |"), {
        message: 'row 7.1 of docs/security.md has the verdict "maybe"',
    });
});
