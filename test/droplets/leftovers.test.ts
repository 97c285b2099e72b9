import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { execa } from "execa";

const leftovers = path.resolve(import.meta.dirname, "../../lab/outerDocker/leftovers.ts");

/** As it is after a kill -9 of dockerd, containerd and all that ran in them, in namespaces of the test's own. */
const killed = `set -eu
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
ip link add swl0123abcd type bridge
ip address add 198.18.7.1/25 dev swl0123abcd
ip link add veth0 type veth peer name inside
ip link set veth0 master swl0123abcd
ip link set swl0123abcd up
ip link add br-mine type bridge
iptables -A FORWARD -i swl0123abcd -o swl0123abcd -j ACCEPT
iptables -A FORWARD -i br-mine -j ACCEPT
mkdir -p /run/swarm-lab-01234567/exec/netns /run/docker
touch /run/swarm-lab-01234567/exec/netns/c1
mount --bind /proc/self/ns/net /run/swarm-lab-01234567/exec/netns/c1
`;

const look = `
ip -brief link show type bridge | cut -d" " -f1
ip route
iptables -S FORWARD
ls -d /run/docker /run/swarm-lab-* 2>/dev/null || true
grep -c /run/swarm-lab-01234567 /proc/self/mountinfo || true
`;

test("what a killed engine left of a lab goes, and nothing else", async () => {
    const script = `
import { findLeftovers, removeLeftovers } from ${JSON.stringify(leftovers)};
const found = findLeftovers();
console.log(JSON.stringify({ found, problems: await removeLeftovers(found), after: findLeftovers() }));
`;
    const { stdout } = await execa(
        "unshare",
        ["--net", "--mount", "sh", "-c", `${killed}\n"$0" --input-type=module --eval "$1"\n${look}`].concat(
            process.execPath,
            script,
        ),
        { timeout: 60_000 },
    );
    const [json = "", ...rest] = stdout.split("\n");
    assert.deepEqual(JSON.parse(json), {
        found: { bridges: ["swl0123abcd"], cables: ["veth0"], runs: ["/run/swarm-lab-01234567"] },
        problems: [],
        after: { bridges: [], cables: [], runs: [] },
    });
    assert.deepEqual(rest, [
        "br-mine",
        "-P FORWARD ACCEPT",
        "-A FORWARD -i br-mine -j ACCEPT",
        "/run/docker",
        "0",
    ]);
});
