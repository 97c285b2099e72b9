/**
 * What is lost and what breaks: droplets deleted behind Pulumi's back, daemons that do not run, a quorum that is gone.
 * Either the next `up --refresh` mends it, or the error says plainly what cannot be mended and what to type.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { api, containerOf, droplets, inDroplet, untilInDroplet, vpcId } from "./support/cloud.ts";
import { healthy, type Wanted } from "./support/oracle.ts";
import { LabStack, type Outputs } from "./support/stack.ts";

const settings = {
    managers: "m[1:3]",
    workers: "w1",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.124.3.0/24",
    // Long enough for a boot.
    nodeTimeout: 45,
    services: { nginx: { image: "nginx", replicas: 2, ports: ["80:80"] } },
};

const wanted: Wanted = { managers: ["m1", "m2", "m3"], workers: ["w1"], replicas: 2 };

/** Seconds for what is waited for in vain. */
const IMPATIENT = 30;

/** A stack, and what the tests do to it. */
class Victim {
    readonly stack: LabStack;
    now!: Outputs;

    constructor(stack: LabStack) {
        this.stack = stack;
    }

    droplet(name: string): string {
        const found = this.now.nodes.find((node) => node.name === name);
        assert.ok(found, `there is no ${name}`);
        return found.dropletId;
    }

    /** Deletes droplets as somebody would in the control panel. */
    async lose(...names: string[]): Promise<void> {
        for (const name of names) {
            const { status } = await api("DELETE", `/v2/droplets/${this.droplet(name)}`);
            assert.equal(status, 204);
        }
        const gone = names.map((name) => Number(this.droplet(name)));
        while ((await droplets()).some(({ id }) => gone.includes(id))) {
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    /** Another config, an up that has to fail with these texts and within the time. */
    async fails(
        config: Record<string, unknown>,
        texts: readonly RegExp[],
        options: readonly string[] = [],
        seconds = 240,
    ): Promise<string> {
        this.stack.configure(config);
        const ran = await this.stack.up(options);
        assert.notEqual(ran.status, 0, ran.text);
        for (const text of texts) assert.match(ran.text, text);
        assert.ok(ran.seconds < seconds, `it took ${ran.seconds} s`);
        return ran.text;
    }

    async mends(
        config: Record<string, unknown>,
        wish: Wanted,
        options: readonly string[] = [],
    ): Promise<string> {
        this.stack.configure(config);
        const { text } = await this.stack.upOrThrow(options);
        this.now = await healthy(this.stack, wish);
        return text;
    }
}

describe("loss, with three managers", () => {
    let victim: Victim;
    let clusterId: string;
    before(async () => {
        victim = new Victim(await LabStack.make("loss", settings));
        await victim.mends(settings, wanted);
        clusterId = victim.now.clusterId;
    });
    after(async () => {
        await victim.stack.remove();
    });

    for (const { what, names } of [
        { what: "a worker and a manager", names: ["w1", "m2"] },
        { what: "the seed", names: ["m1"] },
    ]) {
        test(`${what}: up --refresh makes new ones, and the swarm forgets the old ones`, async () => {
            const before = victim.now;
            await victim.lose(...names);
            await victim.mends(settings, wanted, ["--refresh"]);
            assert.equal(victim.now.clusterId, clusterId);
            assert.deepEqual(
                victim.now.nodes
                    .filter(({ nodeId }) => !before.nodes.some((node) => node.nodeId === nodeId))
                    .map(({ name }) => name)
                    .sort(),
                [...names].sort(),
            );
        });
    }

    test("a member that somebody joined by hand is left alone, and shown", async () => {
        const { all } = (await victim.stack.names()).tags;
        const made = await api("POST", "/v2/droplets", {
            name: "stranger",
            region: "sgp1",
            size: "s-1vcpu-1gb",
            image: "docker-22-04",
            vpc_uuid: await vpcId(all),
        });
        const { id } = (made.body as { droplet: { id: number } }).droplet;
        const opening = { protocol: "tcp", ports: "2377", sources: { droplet_ids: [id] } };
        const firewall = await api("POST", "/v2/firewalls", {
            name: "strangers",
            tags: [all],
            inbound_rules: [
                opening,
                { ...opening, ports: "7946" },
                { ...opening, protocol: "udp", ports: "7946" },
                { ...opening, protocol: "udp", ports: "4789" },
            ],
        });
        assert.equal(firewall.status, 202, JSON.stringify(firewall.body));
        await untilInDroplet(id, "docker info --format '{{.Swarm.LocalNodeState}}'", /^inactive$/);
        const [manager] = victim.now.nodes;
        const token = await inDroplet(manager?.dropletId ?? "", "docker swarm join-token -q worker");
        await inDroplet(id, `docker swarm join --token ${token} ${manager?.privateIp}:2377`);

        victim.stack.configure({ ...settings, workers: "w[1:2]" });
        const ran = await victim.stack.upOrThrow();
        assert.match(
            ran.text,
            /stranger \([a-z0-9]+\) is a member that this stack did not make; leaving it alone/,
        );
        victim.now = await healthy(victim.stack, { ...wanted, workers: ["w1", "w2"], foreign: 1 });

        await inDroplet(id, "docker swarm leave");
        const left = await untilInDroplet(
            manager?.dropletId ?? "",
            "docker node ls --format '{{.ID}} {{.Hostname}} {{.Status}}' | grep stranger",
            /Down/,
        );
        await inDroplet(manager?.dropletId ?? "", `docker node rm ${left.split(" ")[0]}`);
        await api("DELETE", `/v2/firewalls/${(firewall.body as { firewall: { id: string } }).firewall.id}`);
        await api("DELETE", `/v2/droplets/${id}`);
        await victim.mends(settings, wanted);
    });

    /** What has every join run again, and changes nothing on a node; none has to boot meanwhile. */
    function touch(): Record<string, unknown> {
        touched += 1;
        return { ...settings, nodeTimeout: IMPATIENT, minDockerVersion: `20.10.${24 + touched}` };
    }
    let touched = 0;

    test("a worker whose dockerd does not run: named, within the node's time; mended by its start", async () => {
        await inDroplet(victim.droplet("w1"), "lab-service docker stop");
        await untilInDroplet(victim.droplet("m1"), "docker node ls", /w1 +Down/);
        const config = touch();
        await victim.fails(config, [/waited 3\d s for Docker to answer on w1; last seen: Cannot connect/]);
        await inDroplet(victim.droplet("w1"), "lab-service docker start");
        await victim.mends(config, wanted);
    });

    test("a worker that is down: the roster names it, and the way to make it anew works", async () => {
        await inDroplet(victim.droplet("w1"), "lab-service docker stop");
        await untilInDroplet(victim.droplet("m1"), "docker node ls", /w1 +Down/);
        const config = { ...settings, minDockerVersion: `20.10.${24 + touched}` };
        await victim.fails({ ...config, nodeTimeout: IMPATIENT, managerAvailability: "active" }, [
            /waited \d+ s for all nodes to be ready; last seen: w1 is down/,
            /w1: is its droplet on, does its dockerd run .* make it anew: cli\/bin\/swarm replace w1/,
        ]);
        victim.stack.configure(config);
        const replaced = await victim.stack.swarm(["replace", "w1", "--yes"]);
        assert.equal(replaced.status, 0, replaced.text);
        victim.now = await healthy(victim.stack, wanted);
    });

    test("a worker whose SSH is closed: named, within the node's time; the others are not touched", async () => {
        await inDroplet(victim.droplet("w1"), "lab-service ssh stop");
        const members = "docker node ls --format '{{.ID}} {{.Status}} {{.Availability}} {{.ManagerStatus}}'";
        const before = await inDroplet(victim.droplet("m1"), members);
        const config = touch();
        await victim.fails(config, [
            /w1 \(\S+\): waited 3\d s for it to run commands over SSH; last seen: connection refused/,
        ]);
        assert.equal(await inDroplet(victim.droplet("m1"), members), before);
        await inDroplet(victim.droplet("w1"), "lab-service ssh start");
    });

    test("the seed's SSH is closed: another manager is asked what was changed by hand", async () => {
        await inDroplet(victim.droplet("m1"), "docker service scale --detach nginx=3");
        await inDroplet(victim.droplet("m1"), "lab-service ssh stop");
        const preview = await victim.stack.pulumi(["preview"]);
        assert.match(preview.text, /nginx: 3 replicas in the swarm, 2 in the config/);
        await inDroplet(victim.droplet("m1"), "lab-service ssh start");
    });

    test("a worker whose disk is full: named, with what to do", async () => {
        // The container shares the machine's disk: a small one in the place of the login's home is full soon.
        await inDroplet(
            victim.droplet("w1"),
            "cp -a /root /tmp/home && mount -t tmpfs -o size=4m full /root && cp -a /tmp/home/. /root/",
        );
        const config = touch();
        await victim.fails(config, [/w1: its disk is full: \d MB are left at \/root\. On it, free some/]);
        await inDroplet(victim.droplet("w1"), "umount -l /root");
    });

    test("a member of a swarm that somebody made by hand on it: named, and not taken out of it", async () => {
        await inDroplet(
            victim.droplet("w1"),
            "docker swarm leave && docker swarm init --advertise-addr eth1",
        );
        const config = touch();
        await victim.fails(config, [
            /w1: it is a member of another swarm already \(node \w+ at \S+, cluster \w+\)/,
        ]);
        assert.match(await inDroplet(victim.droplet("w1"), "docker node ls"), /Leader/);
        await inDroplet(victim.droplet("w1"), "docker swarm leave --force");
        // Of all that was in its way since the last one that went well, nothing is left.
        await victim.mends(config, wanted);
    });

    test("a machine with a member's swarm state, as an image made from it has: named, and the member stays", async () => {
        const two = { ...settings, workers: "w[1:2]" };
        await victim.mends(two, { ...wanted, workers: ["w1", "w2"] });
        // The lab's snapshots leave Docker's data out; the cloud's do not.
        await inDroplet(victim.droplet("w2"), "lab-service docker stop && rm -r /var/lib/docker/swarm");
        const [original, copy] = await Promise.all(
            ["w1", "w2"].map((name) => containerOf(victim.droplet(name))),
        );
        const state = await original?.getArchive({ path: "/var/lib/docker/swarm" });
        assert.ok(state && copy);
        await copy.putArchive(state, { path: "/var/lib/docker" });
        await inDroplet(victim.droplet("w2"), "lab-service docker start");
        await untilInDroplet(
            victim.droplet("w2"),
            "docker info --format '{{.Swarm.LocalNodeState}}'",
            /^active$/,
        );
        await victim.fails({ ...two, minDockerVersion: "20.10.1" }, [
            /w2: the swarm has it \(node \w+\) at \S+ instead of its private address .* two machines with one node ID/,
        ]);
        const { nodeId } = victim.now.nodes.find(({ name }) => name === "w1") ?? assert.fail();
        victim.stack.configure({ ...settings, minDockerVersion: "20.10.1" });
        await victim.stack.upOrThrow();
        // Two machines with its ID have been in each other's way.
        await untilInDroplet(victim.droplet("m1"), `docker node ls | grep ${nodeId}`, /w1 +Ready/);
        const replicas = "docker service ls --filter name=nginx --format '{{.Replicas}}'";
        await untilInDroplet(victim.droplet("m1"), replicas, /^2\/2/);
        victim.now = await healthy(victim.stack, wanted);
    });

    test("two of three managers: no quorum, said plainly; the named survivor goes on with services and secrets", async () => {
        await inDroplet(victim.droplet("m1"), "echo hush | docker secret create kept -");
        await victim.lose("m1", "m3");
        await victim.fails(
            settings,
            [
                /Managers without a majority let nobody in|More than half of the managers are lost/,
                /pulumi config set swarm:recoverFrom NAME/,
            ],
            ["--refresh"],
        );
        // The worker looks for managers that its gossip has lost once a minute (docs/operations.md).
        const patient = { ...wanted, patience: 150 };
        const text = await victim.mends({ ...settings, recoverFrom: "m2" }, patient, ["--refresh"]);
        assert.match(text, /The swarm could not be looked at.* m2: .*The swarm does not have a leader/);
        assert.equal(victim.now.clusterId, clusterId);
        assert.equal(await inDroplet(victim.droplet("m1"), "docker secret ls --format '{{.Name}}'"), "kept");
        await victim.mends(settings, { ...wanted, settled: true });
    });

    test("destroy with parts of the cluster dead takes its usual time", async () => {
        await inDroplet(victim.droplet("m1"), "lab-service docker stop");
        await inDroplet(victim.droplet("w1"), "lab-service ssh stop");
        await victim.lose("m2");
        // As docs/operations.md says: what is gone, the plugin cannot delete.
        await assert.rejects(
            victim.stack.destroyOrThrow("--target", "**:Droplet::m2", "--target-dependents"),
            /waiting for droplet to be unlocked for destroy \(\d+\): unexpected state 'Not Found'/,
        );
        const ran = await victim.stack.destroyOrThrow("--refresh");
        assert.ok(ran.seconds < 45, `it took ${ran.seconds} s`);
    });
});

describe("loss, with one manager", () => {
    const single = { ...settings, managers: "m1", workers: "w[1:2]", vpcIpRange: "10.124.4.0/24" };
    const wish: Wanted = { managers: ["m1"], workers: ["w1", "w2"], replicas: 2 };
    let victim: Victim;
    before(async () => {
        victim = new Victim(await LabStack.make("alone", single));
        await victim.mends(single, wish);
    });
    after(async () => {
        await victim.stack.remove();
    });

    test("the manager: nothing is initialised by itself; once the person says so, a new swarm takes everyone in", async () => {
        const before = victim.now;
        await victim.lose("m1");
        await victim.fails(
            single,
            [
                /m1: no manager of cluster \w+ let it in:/,
                /start a new one with: pulumi up --replace '\*\*:Command::swarm'/,
            ],
            ["--refresh"],
        );
        const { all } = (await victim.stack.names()).tags;
        const made = (await droplets(all)).find(({ name }) => name === "m1");
        const state = "docker info --format '{{.Swarm.LocalNodeState}}'";
        assert.equal(await inDroplet(made?.id ?? "", state), "inactive");
        await victim.mends(single, { ...wish, settled: true }, ["--replace", "**:Command::swarm"]);
        assert.notEqual(victim.now.clusterId, before.clusterId);
        const droplet = (outputs: Outputs) => outputs.nodes.slice(1).map(({ dropletId }) => dropletId);
        assert.deepEqual(droplet(victim.now), droplet(before));
    });
});
