/** What containers on a node cannot reach, and what a node is hardened by. */
import assert from "node:assert/strict";
import { test } from "node:test";
import ssh2 from "ssh2";
import { untilInDroplet } from "../support/cloud.ts";
import type { Guarded } from "../support/guarded.ts";
import { benchRows, listeners, unexpected } from "../support/hardening.ts";
import { searched } from "../support/secrets.ts";

const METADATA = "http://169.254.169.254/metadata/v1";

/** Leaves the cluster as it is, its worker restarted. */
export function nodeTests(guarded: Guarded): void {
    /** What the tasks on a node get from an address, in the network of one of them and in that of a container. */
    async function fromContainers(name: string, url: string): Promise<string[]> {
        const task = `pid=$(docker inspect -f '{{.State.Pid}}' $(docker ps -q --filter name=nginx | head -n 1))`;
        const ask = `-T 2 -q -O - ${url} 2>&1 || true`;
        return [
            await guarded.on(name, `${task}; nsenter -t "$pid" -n curl -s -m 2 ${url} 2>&1 || true`),
            await guarded.on(name, `docker run --rm busybox timeout 4 wget ${ask}`),
        ];
    }

    test("containers cannot reach the metadata; the host can, also after a restart of Docker and a reboot", async () => {
        const isHidden = async () => {
            for (const text of await fromContainers("w1", `${METADATA}/id`)) {
                assert.ok(!text.includes(guarded.droplet("w1")), text);
            }
            assert.equal(await guarded.on("w1", `curl -s -m 5 ${METADATA}/id`), guarded.droplet("w1"));
        };
        await guarded.on("w1", "docker pull -q busybox");
        await isHidden();
        await guarded.on("w1", "lab-service docker restart");
        await untilInDroplet(guarded.droplet("w1"), "docker ps --format '{{.Names}}'", /nginx/);
        await isHidden();
        // What shares the host's network is no other than the host, as docs/security.md says.
        const shared = `docker run --rm --network host busybox timeout 4 wget -q -O - ${METADATA}/id`;
        assert.equal(await guarded.on("w1", shared), guarded.droplet("w1"));
        // The way is open but for the rule, and the search sees what is there.
        await guarded.on("w1", "iptables -t raw -F PREROUTING");
        for (const text of await fromContainers("w1", `${METADATA}/user-data`)) {
            assert.deepEqual(searched(text, await guarded.secrets()), ["a private key"]);
        }
        await guarded.reboot("w1");
        await untilInDroplet(guarded.droplet("w1"), "docker ps --format '{{.Names}}'", /nginx/);
        await isHidden();
    });

    test("sshd takes keys alone and shows the pinned kind of host key", async () => {
        for (const { name, publicIp } of guarded.now.nodes) {
            const effective = await guarded.on(name, "sshd -T");
            for (const line of [
                "passwordauthentication no",
                "kbdinteractiveauthentication no",
                "hostkey /etc/ssh/ssh_host_ed25519_key",
                "hostkeyalgorithms ssh-ed25519",
            ]) {
                assert.ok(effective.split("\n").includes(line), `${name}: ${line}`);
            }
            assert.equal(effective.match(/^hostkey /gm)?.length, 1);
            assert.deepEqual(await waysIn(publicIp, ["ssh-ed25519"]), ["publickey"]);
            await assert.rejects(
                waysIn(publicIp, ["rsa-sha2-512", "ecdsa-sha2-nistp256"]),
                /no matching host key/,
            );
        }
    });

    test("Docker's packages are held, and neither unattended upgrades nor needrestart restart it", async () => {
        for (const { name } of guarded.now.nodes) {
            assert.deepEqual((await guarded.on(name, "apt-mark showhold")).split("\n"), [
                "containerd",
                "docker-cli",
                "docker.io",
                "runc",
            ]);
        }
        const apt = await guarded.on("m1", "apt-config dump | grep ^Unattended-Upgrade");
        assert.match(apt, /Package-Blacklist:: "docker";[\s\S]*Package-Blacklist:: "containerd";/);
        assert.match(apt, /Automatic-Reboot "false";/);
        const restarts = `our %nrconf = (override_rc => { qr(^dbus) => 0 });
            do "/etc/needrestart/conf.d/swarm.conf" // die $@;
            for my $unit (qw(docker.service containerd.service ssh.service)) {
                my ($rule) = grep { $unit =~ /$_/ } keys %{$nrconf{override_rc}};
                print "$unit ", defined $rule ? $nrconf{override_rc}{$rule} : "as ever", "\\n";
            }`;
        // needrestart evaluates the file, which shares its variables then.
        const evaluated = restarts.replace('do "/etc/needrestart/conf.d/swarm.conf" // die $@;', "FILE");
        const file = await guarded.on("m1", "cat /etc/needrestart/conf.d/swarm.conf");
        assert.equal(
            await guarded.on("m1", `perl -e '${evaluated.replace("FILE", () => `${file}\n`)}'`),
            "docker.service 0\ncontainerd.service 0\nssh.service as ever",
        );
    });

    test("sockets listen only where they are meant to", async () => {
        for (const node of guarded.now.nodes) {
            const found = listeners(await guarded.on(node.name, "ss -Hltnup"))
                // Of the lab's stand-in for the routing mesh; on loopback, as those of Docker's resolver.
                .filter(({ address, port }) => !(address === "127.0.0.1" && port === 2999));
            assert.deepEqual(unexpected(found, node, [80]), [], node.name);
            assert.ok(found.some(({ port, address }) => port === 7946 && address === node.privateIp));
        }
    });

    for (const row of benchRows()) {
        test(`CIS ${row.number}, ${row.verdict}: ${row.command}`, async () => {
            assert.match(await guarded.on("m1", `${row.command} 2>&1 || true`), row.prints);
        });
    }
}

/** By which ways sshd lets somebody try to log in who has none. @throws Error where no host key of these kinds is shown. */
function waysIn(host: string, hostKeys: ssh2.ServerHostKeyAlgorithm[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
        const client = new ssh2.Client();
        client.on("error", reject);
        client.connect({
            host,
            username: "root",
            readyTimeout: 10_000,
            algorithms: { serverHostKey: hostKeys },
            authHandler: (left, _partial, next) => {
                if (left) {
                    client.end();
                    resolve(left as unknown as string[]);
                } else next({ type: "none", username: "root" });
            },
        });
    });
}
