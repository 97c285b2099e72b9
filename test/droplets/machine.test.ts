/** The life of one droplet: first boot, Docker in it, power, snapshots, and the end of its lab. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { containerName } from "../../lab/droplets/containerConfig.ts";
import { imageRefs } from "../../lab/droplets/images/ensure.ts";
import { labFilter, namePrefix } from "../../lab/droplets/lab.ts";
import { removeAll } from "../../lab/droplets/removeAll.ts";
import { onlySsh } from "./support/filters.ts";
import { TestLab, userData } from "./support/lab.ts";
import { reachable, until } from "./support/wait.ts";

const lab = new TestLab("machine", 0);

/** Keeps cloud-init's last stage from ending until somebody comes in by SSH. */
const waitingForVisitor = `${userData}runcmd:
  - timeout 60 sh -c 'until [ -e /root/visited ]; do sleep 0.1; done'
  - touch /root/runcmd-was-here
`;

const SERVER_VERSION = "docker version --format '{{.Server.Version}}'";
const BOOT_TIME = "cut -d' ' -f22 /proc/1/stat";

before(async () => {
    await lab.start();
    const addresses = await lab.create(1, imageRefs().droplet, onlySsh, waitingForVisitor);
    assert.deepEqual(addresses, {
        publicIp: "198.18.213.3",
        privateIp: "10.213.0.2",
        publicGateway: "198.18.213.1",
        publicNetmask: "255.255.255.192",
        privateNetmask: "255.255.255.0",
    });
});

after(() => lab.remove());

test("boots with its user data, and SSH is open before cloud-init is done", async () => {
    assert.equal(await lab.eventually(1, "hostname"), "droplet1");
    await until("cloud-init's last stage runs", async () =>
        (await lab.shell(1, "ps -eo args")).includes("until [ -e /root/visited ]"),
    );
    assert.equal(await lab.shell(1, "cloud-init status || true"), "status: running");
    assert.equal(
        await lab.shell(1, "touch /root/visited; cloud-init status --wait | tail -1"),
        "status: done",
    );
    assert.equal(await lab.shell(1, "cat /etc/ssh/sshd_config.d/10-test.conf"), "AcceptEnv LAB_TEST_*");
    assert.equal(await lab.shell(1, "ls /root/runcmd-was-here"), "/root/runcmd-was-here");
    const device = (name: string) => `ip -brief -4 address show ${name} | awk '{print $3}'`;
    assert.equal(
        await lab.shell(1, `${device("eth0")}; ${device("eth1")}`),
        "198.18.213.3/26\n10.213.0.2/24",
    );
});

test("runs Docker with the user's own settings", async () => {
    assert.equal(await lab.eventually(1, "docker info --format '{{json .Labels}}'"), '["swarm.test=yes"]');
    assert.equal(await lab.shell(1, "docker run --rm busybox echo it runs", { quiet: true }), "it runs");
});

test("the metadata service answers the droplet and its containers, as the vendor documents it", async () => {
    const get = async (path: string) =>
        (
            await lab.shell(
                1,
                `curl -s -m 5 -w '\\n%{http_code} %{redirect_url}' http://169.254.169.254${path}`,
            )
        ).split("\n");
    const v1 = "/metadata/v1";
    const index = [
        "id",
        "hostname",
        "user-data",
        "vendor-data",
        "public-keys",
        "region",
        "interfaces/",
        "dns/",
    ];
    assert.deepEqual(await get(`${v1}/`), [...index, "floating_ip/", "reserved_ip/", "200"]);
    for (const [path, content] of [
        ["id", "1"],
        ["hostname", "droplet1"],
        ["region", "sgp1"],
        ["interfaces/public/0/ipv4/address", "198.18.213.3"],
        ["interfaces/private/0/ipv4/address", "10.213.0.2"],
        ["floating_ip/ipv4/active", "false"],
    ]) {
        assert.deepEqual(await get(`${v1}/${path}`), [content, "200"]);
    }
    assert.deepEqual(await get(`${v1}/interfaces`), [`301 http://169.254.169.254${v1}/interfaces/`]);
    assert.deepEqual(await get(`${v1}/nothing`), ["not found", "404"]);
    const all = JSON.parse((await get(`${v1}.json`))[0] ?? "");
    assert.equal(all.user_data, waitingForVisitor);
    assert.equal(all.interfaces.private[0].mac, await lab.shell(1, "cat /sys/class/net/eth1/address"));
    const url = `http://169.254.169.254${v1}/id`;
    assert.equal(
        await lab.shell(1, `docker run --rm busybox wget -q -T 5 -O - ${url}`, { quiet: true }),
        "1",
    );
});

test("an image that the registry lacks fails at once", async () => {
    const started = performance.now();
    assert.equal(await lab.shell(1, "docker pull -q nosuch:1 >/dev/null 2>&1; echo $?"), "1");
    assert.ok(performance.now() - started < 5000);
});

test("dockerd can be stopped and started, and comes back when it dies", async () => {
    await lab.shell(1, "lab-service docker stop");
    assert.equal(await lab.shell(1, "lab-service docker status || true"), "stopped");
    await lab.shell(1, "lab-service docker start");
    await lab.eventually(1, SERVER_VERSION);
    const first = await lab.shell(1, "cat /run/droplet/docker/pid");
    await lab.shell(1, "kill -9 $(cat /run/droplet/docker/pid)");
    await until("dockerd has a new process", async () => {
        const now = await lab.shell(1, "cat /run/droplet/docker/pid 2>/dev/null || true");
        return now !== "" && now !== first;
    });
    await lab.eventually(1, SERVER_VERSION);
});

test("power off and on keep disk and addresses; a reboot as well", async () => {
    const boot = await lab.shell(1, `echo kept > /root/kept; ${BOOT_TIME}`);
    await lab.machines.powerOff(1);
    assert.equal(await reachable(lab.publicIp(1), 22), false);
    await lab.machines.powerOn(1);
    const second = await lab.eventually(1, `cat /root/kept; ${BOOT_TIME}`);
    assert.equal(second.split("\n")[0], "kept");
    assert.notEqual(second.split("\n")[1], boot);
    await lab.machines.reboot(1);
    const third = await lab.eventually(1, `cat /root/kept; ${BOOT_TIME}`);
    assert.equal(third.split("\n")[0], "kept");
    assert.notEqual(third, second);
    assert.equal(await reachable(lab.publicIp(1), 8000), false, "the filter is in force after a reboot");
});

test("one that has failed by itself runs again by its next filter; one that was switched off does not", async () => {
    const container = lab.docker.getContainer(containerName(lab.id, 1));
    await container.kill();
    await lab.machines.setFilter(1, onlySsh);
    assert.equal(await lab.eventually(1, "cat /root/kept"), "kept");
    await lab.machines.powerOff(1);
    await lab.machines.setFilter(1, onlySsh);
    assert.equal((await container.inspect()).State.Running, false);
    await lab.machines.powerOn(1);
    await lab.eventually(1, "true");
});

test("a snapshot boots as a new machine with the old disk", async () => {
    const image = await lab.machines.snapshot(1, { imageId: 4711, name: 'my "image"' });
    assert.deepEqual(image, {
        ref: `swarm-lab/snapshot-${namePrefix(lab.id)}:4711`,
        slug: null,
        id: 4711,
        kind: "snapshot",
        name: 'my "image"',
        distribution: "Debian",
        sizeGigabytes: 1,
    });
    const taken = async () => (await lab.machines.images()).filter(({ id }) => id === 4711);
    assert.deepEqual(await taken(), [image]);
    await lab.create(2, image.ref, null);
    assert.equal(await lab.eventually(2, "cat /root/kept; hostname"), "kept\ndroplet2");
    assert.equal(await lab.shell(2, "cloud-init query instance_id"), "droplet-2");
    await lab.machines.delete(2);
    await lab.machines.deleteImage(image.ref);
    assert.deepEqual(await taken(), []);
});

test("removeAll leaves nothing", async () => {
    await lab.machines.snapshot(1, { imageId: 4712, name: "left behind" });
    const filters = labFilter(lab.id);
    const left = async () => ({
        containers: (await lab.docker.listContainers({ all: true, filters })).length,
        networks: (await lab.docker.listNetworks({ filters })).length,
        images: (await lab.docker.listImages({ filters })).length,
    });
    // A droplet and the registry; the public network and the VPC's.
    assert.deepEqual(await left(), { containers: 2, networks: 2, images: 1 });
    await removeAll(lab.docker, lab.id);
    assert.deepEqual(await left(), { containers: 0, networks: 0, images: 0 });
    assert.deepEqual((await lab.docker.listVolumes({ filters })).Volumes ?? [], []);
});
