import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import Docker from "dockerode";
import ssh2 from "ssh2";
import { ensureImages, imageRefs } from "../../lab/droplets/images/ensure.ts";
import { createContainerMachines } from "../../lab/droplets/machines.ts";
import { removeAll } from "../../lab/droplets/removeAll.ts";
import type { MachineAddresses, Machines, PacketFilter, PacketRule } from "../../lab/machines.ts";

// A CommonJS module whose names Node cannot tell beforehand.
const { Client, utils } = ssh2;

/**
 * Droplets for real, in the Docker engine that LAB_DOCKER_HOST names (unix:///path/to/socket): one lab of
 * its own, removed at the end.
 */
const LAB = "droplets-test";
const PUBLIC_CIDR = "198.18.213.0/26";
const VPC = { id: "test-vpc", name: "test", ipRange: "10.213.7.0/24" };
const BOOT_SECONDS = 90;

const deployKey = utils.generateKeyPairSync("ed25519");
const hostKey = utils.generateKeyPairSync("ed25519");

const userData = `#cloud-config
ssh_keys:
  ed25519_private: |
${hostKey.private.trim().replace(/^/gm, "    ")}
  ed25519_public: ${hostKey.public}
write_files:
  - path: /etc/ssh/sshd_config.d/10-test.conf
    content: "AcceptEnv LAB_TEST_*\\n"
  - path: /etc/docker/daemon.json
    content: '{"labels": ["swarm.test=yes"]}'
`;

/** Keeps cloud-init's last stage from ending until somebody comes in by SSH. */
const waitingForVisitor = `${userData}runcmd:
  - timeout 60 sh -c 'until [ -e /root/visited ]; do sleep 0.1; done'
  - touch /root/runcmd-was-here
`;

const anywhere = ["0.0.0.0/0"];
const everyPort = { from: 1, to: 65535 };
const open: PacketRule[] = [
    { protocol: "tcp", ports: everyPort, cidrs: anywhere },
    { protocol: "udp", ports: everyPort, cidrs: anywhere },
    { protocol: "icmp", cidrs: anywhere },
];
const ssh: PacketRule = { protocol: "tcp", ports: { from: 22, to: 22 }, cidrs: anywhere };
const onlySsh: PacketFilter = { inbound: [ssh], outbound: open };

let docker: Docker;
let machines: Machines;
let cacheDir: string;
const droplets = new Map<number, MachineAddresses>();

before(async () => {
    const host = process.env.LAB_DOCKER_HOST;
    const socketPath = /^unix:\/\/(\/.+)$/.exec(host ?? "")?.[1];
    assert.ok(
        socketPath,
        `LAB_DOCKER_HOST is ${host ? `"${host}"` : "not set"}; these tests need a Docker engine there, as unix:///path/to/docker.sock.`,
    );
    docker = new Docker({ socketPath });
    cacheDir = mkdtempSync(path.join(os.tmpdir(), "droplets-test-"));
    await removeAll(docker, LAB);
    await ensureImages({ docker, cacheDir, faulty: true }, (progress) => console.log(progress));
    machines = await createContainerMachines({
        docker,
        lab: { name: LAB, publicCidr: PUBLIC_CIDR, cacheDir, bridgePrefix: "swt" },
        log: (line) => console.log(line),
    });
    await machines.createVpc(VPC);
});

after(async () => {
    if (cacheDir) rmSync(cacheDir, { recursive: true, force: true });
    if (docker) await removeAll(docker, LAB);
});

describe("one droplet", () => {
    test("boots with its user data, and SSH is open before cloud-init is done", async () => {
        const addresses = await create(1, imageRefs().droplet, onlySsh, waitingForVisitor);
        assert.deepEqual(addresses, {
            publicIp: "198.18.213.3",
            privateIp: "10.213.7.2",
            publicGateway: "198.18.213.1",
            publicNetmask: "255.255.255.192",
            privateNetmask: "255.255.255.0",
        });
        assert.equal(await eventually(1, "hostname"), "droplet1");
        await until("cloud-init's last stage runs", async () =>
            (await shell(1, "ps -eo args")).includes("until [ -e /root/visited ]"),
        );
        assert.equal(await shell(1, "cloud-init status || true"), "status: running");
        assert.equal(
            await shell(1, "touch /root/visited; cloud-init status --wait | tail -1"),
            "status: done",
        );
        assert.equal(await shell(1, "cat /etc/ssh/sshd_config.d/10-test.conf"), "AcceptEnv LAB_TEST_*");
        assert.equal(await shell(1, "ls /root/runcmd-was-here"), "/root/runcmd-was-here");
        const device = (name: string) => `ip -brief -4 address show ${name} | awk '{print $3}'`;
        assert.equal(
            await shell(1, `${device("eth0")}; ${device("eth1")}`),
            "198.18.213.3/26\n10.213.7.2/24",
        );
    });

    test("runs Docker with the user's own settings", async () => {
        assert.equal(await eventually(1, "docker info --format '{{json .Labels}}'"), '["swarm.test=yes"]');
        assert.equal(await shell(1, "docker run --rm busybox echo it runs", { quiet: true }), "it runs");
    });

    test("an image that the registry lacks fails at once", async () => {
        const started = performance.now();
        assert.equal(await shell(1, "docker pull -q nosuch:1 >/dev/null 2>&1; echo $?"), "1");
        assert.ok(performance.now() - started < 5000);
    });

    test("dockerd can be stopped and started, and comes back when it dies", async () => {
        await shell(1, "lab-service docker stop");
        assert.equal(await shell(1, "lab-service docker status || true"), "stopped");
        await shell(1, "lab-service docker start");
        await eventually(1, "docker version --format '{{.Server.Version}}'");
        const before = await shell(1, "cat /run/droplet/docker/pid");
        await shell(1, "kill -9 $(cat /run/droplet/docker/pid)");
        await until("dockerd has a new process", async () => {
            const now = await shell(1, "cat /run/droplet/docker/pid 2>/dev/null || true");
            return now !== "" && now !== before;
        });
        await eventually(1, "docker version --format '{{.Server.Version}}'");
    });

    test("power off and on keep disk and addresses; a reboot as well", async () => {
        const boot = await shell(1, "echo kept > /root/kept; cut -d' ' -f22 /proc/1/stat");
        await machines.powerOff(1);
        assert.equal(await reachable(addressOf(1), 22), false);
        await machines.powerOn(1);
        const second = await eventually(1, "cat /root/kept; cut -d' ' -f22 /proc/1/stat");
        assert.equal(second.split("\n")[0], "kept");
        assert.notEqual(second.split("\n")[1], boot);
        await machines.reboot(1);
        const third = await eventually(1, "cat /root/kept; cut -d' ' -f22 /proc/1/stat");
        assert.equal(third.split("\n")[0], "kept");
        assert.notEqual(third, second);
        assert.equal(await reachable(addressOf(1), 8000), false, "the filter is in force after a reboot");
    });

    test("a snapshot boots as a new machine with the old disk", async () => {
        const image = await machines.snapshot(1, { imageId: 4711, name: 'my "image"' });
        assert.deepEqual(image, {
            ref: "swarm-lab/snapshot-droplets-test:4711",
            slug: null,
            id: 4711,
            kind: "snapshot",
            name: 'my "image"',
            distribution: "Debian",
            sizeGigabytes: 1,
        });
        assert.deepEqual(
            (await machines.images()).filter(({ id }) => id === 4711),
            [image],
        );
        await create(2, image.ref, null);
        assert.equal(await eventually(2, "cat /root/kept; hostname"), "kept\ndroplet2");
        assert.equal(await shell(2, "cloud-init query instance_id"), "droplet-2");
        await machines.delete(2);
        await machines.deleteImage(image.ref);
        assert.deepEqual(
            (await machines.images()).filter(({ id }) => id === 4711),
            [],
        );
    });
});

/** The stand-in's decisions, where its Python is sure to be: in a droplet. */
describe("routing mesh stand-in", () => {
    // Records as dockerd 26 gave them: two tasks of nginx with -p 80:80, the second one leaving.
    const first =
        "CiFuZ2lueC4xLjFldXVjcTIyZ2IyYWszOHk0MzMydzJrd2gSBW5naW54GhlvYm14ajV5bzNzYzM3eHR4dWgzbHZ1Mmk5IggxMC4wLjAuNioIMTAuMC4wLjcyBBhQIFBCDDVmN2ZiZTA0YmMwZQ==";
    const second = Buffer.concat([
        Buffer.from(
            "CiFuZ2lueC4zLnlsbTk1ODR6dGFkNWprODB4MG9mNjlhZGQSBW5naW54GhlvYm14ajV5bzNzYzM3eHR4dWgzbHZ1Mmk5IggxMC4wLjAuNioJMTAuMC4wLjEyMgQYUCBQQgw0MzYwYzQ1M2Q5ODc=",
            "base64",
        ),
        Buffer.from([0x48, 1]),
    ]).toString("base64");
    const python = (lines: string) =>
        shell(
            1,
            `cd /usr/local/lib/droplet/mesh && python3 -B - <<'END'\nimport base64, records, rules\n${lines}\nEND`,
        );

    test("records", async () => {
        assert.equal(
            await python(
                `for text in ("${first}", "${second}"): print(records.endpoint(base64.b64decode(text)))`,
            ),
            [
                "Endpoint(service='nginx', virtual_address='10.0.0.6', address='10.0.0.7', ports=(('tcp', 80),), leaving=False)",
                "Endpoint(service='nginx', virtual_address='10.0.0.6', address='10.0.0.12', ports=(('tcp', 80),), leaving=True)",
            ].join("\n"),
        );
    });

    test("a record that ends too early is refused", async () =>
        assert.equal(
            await python(
                `for n in (1, 20):\n    try: records.endpoint(base64.b64decode("${first}")[:n])\n    except ValueError as error: print(error)`,
            ),
            "the record ends within a number\nfield 1 ends beyond the record",
        ));

    test("a task that leaves is not offered any more", async () =>
        assert.equal(
            await python(
                `found = [records.endpoint(base64.b64decode(text)) for text in ("${first}", "${second}")]\nprint(rules.ingress_ports(found), rules.virtual_addresses(found))`,
            ),
            "{('tcp', 80): ['10.0.0.7']} {'10.0.0.6': ['10.0.0.7']}",
        ));

    test("the sandbox's table", async () =>
        assert.equal(
            await python(
                `print(rules.ingress_text({("udp", 53): ["10.0.0.9"], ("tcp", 8080): ["10.0.0.7", "10.0.0.12"]}), end="")`,
            ),
            `add table ip lab_mesh
delete table ip lab_mesh
table ip lab_mesh {
    chain prerouting {
        type nat hook prerouting priority -110; policy accept;
        iifname "eth1" tcp dport 8080 dnat to numgen inc mod 2 map { 0 : 10.0.0.7, 1 : 10.0.0.12 }
        iifname "eth1" udp dport 53 dnat to 10.0.0.9
    }
    chain postrouting {
        type nat hook postrouting priority 90; policy accept;
        oifname "eth0" ct status dnat masquerade
    }
}`,
        ));

    test("the node's table", async () =>
        assert.equal(
            await python(`print(rules.node_text({("tcp", 80): []}, "172.18.0.2"), end="")`),
            `add table ip lab_mesh
delete table ip lab_mesh
table ip lab_mesh {
    chain prerouting {
        type nat hook prerouting priority -110; policy accept;
        fib daddr type local ip daddr != 127.0.0.0/8 tcp dport 80 dnat to 172.18.0.2
    }
    chain output {
        type nat hook output priority -110; policy accept;
        fib daddr type local ip daddr != 127.0.0.0/8 tcp dport 80 dnat to 172.18.0.2
    }
}`,
        ));
});

describe("packet filters and a swarm of two", () => {
    before(async () => {
        await Promise.all([3, 4].map((id) => create(id, imageRefs().droplet, onlySsh)));
        await Promise.all(
            [3, 4].map((id) => eventually(id, "docker version --format '{{.Server.Version}}'")),
        );
    });

    test("a closed port is closed from outside and between droplets, an open one open", async () => {
        await shell(3, "nohup python3 -m http.server 7001 >/dev/null 2>&1 & true");
        const knock = `curl -s -o /dev/null -m 2 http://${privateOf(3)}:7001/ && echo open || echo closed`;
        assert.equal(await reachable(addressOf(3), 7001), false);
        assert.equal(await shell(4, knock), "closed");

        const inside: PacketRule = { protocol: "tcp", ports: { from: 7001, to: 7001 }, cidrs: [VPC.ipRange] };
        await machines.setFilter(3, { inbound: [ssh, inside], outbound: open });
        assert.equal(await shell(4, knock), "open");
        assert.equal(await reachable(addressOf(3), 7001), false);

        await machines.setFilter(3, null);
        assert.equal(await reachable(addressOf(3), 7001), true);
    });

    test("outbound is closed for the droplet's processes and its containers", async () => {
        const target = `http://${privateOf(3)}:7001/`;
        const own = `curl -s -o /dev/null -m 2 ${target} && echo open || echo closed`;
        const contained = `docker run --rm busybox wget -q -T 2 -O /dev/null ${target} && echo open || echo closed`;
        assert.equal(await shell(4, own), "open");
        assert.equal(await shell(4, contained, { quiet: true }), "open");
        await machines.setFilter(4, { inbound: [ssh], outbound: [] });
        assert.equal(await shell(4, own), "closed");
        assert.equal(await shell(4, contained, { quiet: true }), "closed");
        await machines.setFilter(4, onlySsh);
    });

    test("a published port answers on both nodes, without a single failure while tasks go", async () => {
        const vpc = (protocol: "tcp" | "udp", port: number): PacketRule => ({
            protocol,
            ports: { from: port, to: port },
            cidrs: [VPC.ipRange],
        });
        const web: PacketRule = { protocol: "tcp", ports: { from: 8080, to: 8080 }, cidrs: anywhere };
        const inbound = [ssh, vpc("tcp", 2377), vpc("tcp", 7946), vpc("udp", 7946), vpc("udp", 4789), web];
        for (const id of [3, 4]) await machines.setFilter(id, { inbound, outbound: open });
        const [manager, worker] = [privateOf(3), privateOf(4)];
        const flags = (ip: string) => `--advertise-addr ${ip} --listen-addr ${ip} --data-path-addr ${ip}`;
        await shell(3, `docker swarm init ${flags(manager)}`);
        const token = await shell(3, "docker swarm join-token -q worker");
        await shell(4, `docker swarm join --token ${token} ${flags(worker)} ${manager}:2377`);
        await shell(3, "docker service create -q --name web --replicas 4 -p 8080:80 nginx");
        for (const id of [3, 4])
            await until(`nginx answers on droplet ${id}`, async () =>
                (await page(id)).includes("Welcome to nginx!"),
            );
        let requests = 0;
        let stop = false;
        const visitors = [3, 4].map(async (id) => {
            while (!stop) {
                assert.match(await page(id), /Welcome to nginx!/);
                requests++;
                await pause(10);
            }
        });
        await shell(3, "docker service scale -d web=1");
        await until("three tasks are gone", async () => {
            const left = await shell(3, "docker service ps web -q -f desired-state=running | wc -l");
            const running = await shell(4, "docker ps -q | wc -l");
            const own = await shell(3, "docker ps -q | wc -l");
            return left === "1" && Number(running) + Number(own) === 1;
        });
        stop = true;
        await Promise.all(visitors);
        assert.ok(requests > 50, `${requests} requests`);
    });

    test("a service is reached by its name on a network of the user", async () => {
        await shell(3, "docker network create -d overlay --attachable inner");
        await shell(3, "docker service create -q --name inner --network inner --replicas 2 nginx");
        const ask = "docker run --rm --network inner busybox wget -q -T 3 -O - http://inner/";
        await until("the service answers", async () =>
            (await shell(3, `${ask} || true`, { quiet: true })).includes("Welcome to nginx!"),
        );
    });
});

describe("droplets that are broken on purpose", () => {
    const symptoms: [string, string, string][] = [
        ["lab-no-docker", "command -v docker || echo none", "none"],
        ["lab-old-docker", "docker version --format '{{.Server.Version}}' | cut -d+ -f1", "1.11.2"],
        ["lab-dead-docker", "docker version >/dev/null 2>&1 || echo dead", "dead"],
        ["lab-please-wait", "echo nonce", "Please wait while we get your droplet ready..."],
        ["lab-forced-command", "echo nonce", "Please wait while we get your droplet ready..."],
    ];
    for (const [index, [target, command, expected]] of symptoms.entries())
        test(target, async () => {
            const id = 20 + index;
            await create(id, imageRefs().variant(target), null);
            assert.equal(await eventually(id, command), expected);
            if (target === "lab-forced-command")
                await until(
                    "the command is no longer forced",
                    async () => (await shell(id, command)) === "nonce",
                );
            await machines.delete(id);
        });

    test("lab-wrong-host-key", async () => {
        await create(30, imageRefs().variant("lab-wrong-host-key"), null);
        await until("SSH is open", () => reachable(addressOf(30), 22));
        await assert.rejects(shell(30, "true"), /host/i);
        await machines.delete(30);
    });

    test("lab-no-ssh and lab-slow-boot run Docker before SSH is open", async () => {
        await Promise.all([
            create(31, imageRefs().variant("lab-no-ssh"), null),
            create(32, imageRefs().variant("lab-slow-boot"), null),
        ]);
        const started = performance.now();
        await until("the slow one's SSH is open", () => reachable(addressOf(32), 22));
        assert.ok(performance.now() - started > 15_000);
        assert.equal(await reachable(addressOf(31), 22), false);
        await Promise.all([machines.delete(31), machines.delete(32)]);
    });
});

test("removeAll leaves nothing", async () => {
    await removeAll(docker, LAB);
    const filters = { label: [`swarm-lab=${LAB}`] };
    assert.deepEqual(await docker.listContainers({ all: true, filters }), []);
    assert.deepEqual(await docker.listNetworks({ filters }), []);
    assert.deepEqual((await docker.listVolumes({ filters })).Volumes ?? [], []);
    assert.deepEqual(await docker.listImages({ filters }), []);
});

async function create(
    id: number,
    image: string,
    filter: PacketFilter,
    data = userData,
): Promise<MachineAddresses> {
    const spec = {
        id,
        name: `droplet${id}`,
        image,
        userData: data,
        publicKeys: [deployKey.public],
        vpcId: VPC.id,
        memory: 512 * 1024 * 1024,
    };
    const addresses = await machines.reserve(spec);
    droplets.set(id, addresses);
    await machines.create(spec, filter);
    return addresses;
}

function addressOf(id: number): string {
    return droplets.get(id)?.publicIp ?? assert.fail(`no droplet ${id}`);
}

function privateOf(id: number): string {
    return droplets.get(id)?.privateIp ?? assert.fail(`no droplet ${id}`);
}

/** Runs a command over SSH with the injected host key pinned; `quiet` leaves standard error out. */
function shell(id: number, command: string, options: { quiet?: boolean } = {}): Promise<string> {
    const pinned = utils.parseKey(hostKey.public);
    assert.ok(!(pinned instanceof Error));
    return new Promise((resolve, reject) => {
        const client = new Client();
        let output = "";
        client.on("error", reject);
        client.on("ready", () =>
            client.exec(command, (error, channel) => {
                if (error) return reject(error);
                channel.on("data", (data: Buffer) => {
                    output += data;
                });
                channel.stderr.on("data", (data: Buffer) => {
                    if (!options.quiet) output += data;
                });
                channel.on("close", (status: number) => {
                    client.end();
                    if (status === 0) resolve(output.trim());
                    else
                        reject(
                            new Error(`"${command}" on droplet ${id}: status ${status}: ${output.trim()}`),
                        );
                });
            }),
        );
        client.connect({
            host: addressOf(id),
            username: "root",
            privateKey: deployKey.private,
            readyTimeout: 10_000,
            hostVerifier: (key: Buffer) => key.equals(pinned.getPublicSSH()),
        });
    });
}

/** What a command says once it succeeds. */
async function eventually(id: number, command: string): Promise<string> {
    let answer = "";
    await until(`"${command}" succeeds on droplet ${id}`, async () => {
        answer = await shell(id, command);
        return true;
    });
    return answer;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + BOOT_SECONDS * 1000;
    let last = "not yet";
    while (performance.now() < deadline) {
        try {
            if (await condition()) return;
            last = "not yet";
        } catch (error) {
            last = String(error);
        }
        await pause(100);
    }
    assert.fail(`Waited ${BOOT_SECONDS} s until ${what}; last: ${last}`);
}

/** Whether a port answers within a second and a half; a filter that drops lets a client wait. */
function reachable(host: string, port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = net.connect({ host, port, timeout: 1500 });
        const end = (answer: boolean) => {
            socket.destroy();
            resolve(answer);
        };
        socket.on("connect", () => end(true));
        socket.on("timeout", () => end(false));
        socket.on("error", () => end(false));
    });
}

async function page(id: number): Promise<string> {
    const answer = await fetch(`http://${addressOf(id)}:8080/`, {
        headers: { connection: "close" },
        signal: AbortSignal.timeout(5000),
    });
    return await answer.text();
}
