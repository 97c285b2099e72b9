/**
 * The life of a stack of four nodes, from the first up to the last destroy, each step on the cluster that the step
 * before has left. In the lab: the real program and engine, real machines as far as a container is one. What this
 * does not prove: anything about DigitalOcean beyond what its API documents.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { attempt } from "../../components/reach.ts";
import { makeKeys } from "../keys.ts";
import { api, dropletContainers, droplets, inDroplet, leftovers, untilInDroplet } from "./support/cloud.ts";
import { healthy, type Wanted } from "./support/oracle.ts";
import { secretsIn } from "./support/secrets.ts";
import { instance, LabStack, type NodeOutput, type Outputs } from "./support/stack.ts";

const config = (more: Record<string, unknown> = {}, replicas = 2) => ({
    managers: "node1",
    workers: "node[2:4]",
    sshFrom: ["0.0.0.0/0"],
    // Not the default, which a person's own lab on the same machine may be using.
    vpcIpRange: "10.121.0.0/20",
    services: { nginx: { image: "nginx", replicas, ports: ["80:80"] } },
    ...more,
});

const four: Wanted = { managers: ["node1"], workers: ["node2", "node3", "node4"], replicas: 2 };

describe("the life of a stack", () => {
    let stack: LabStack;
    let first: Outputs;
    before(async () => {
        stack = await LabStack.make("life", config());
    });
    after(async () => {
        await stack.remove();
    });

    test("the first up makes a healthy swarm", async () => {
        await stack.upOrThrow();
        first = await healthy(stack, four);
    });

    test("another up changes nothing", async () => {
        await stack.upOrThrow(["--expect-no-changes"]);
        assert.deepEqual(await stack.outputs(), first);
    });

    test("a refresh finds no difference", async () => {
        const ran = await stack.pulumi(["refresh", "--yes", "--skip-preview", "--expect-no-changes"]);
        assert.equal(ran.status, 0, ran.text);
    });

    test("a colleague's key more, and fewer: lets them in or not, and replaces no droplet", async () => {
        const colleague = makeKeys();
        const made = await api("POST", "/v2/account/keys", { name: "ada", public_key: colleague.public });
        const { id } = (made.body as { ssh_key: { id: number } }).ssh_key;
        const { publicIp, dropletId } = first.nodes[2] as NodeOutput;
        const hostKey = await inDroplet(dropletId, "cat /etc/ssh/ssh_host_ed25519_key.pub");
        const knock = () => attempt({ host: publicIp, user: "root", privateKey: colleague.private, hostKey });

        stack.configure(config({ sshKeys: [id] }));
        assert.deepEqual((await stack.preview()).sort(), [
            "update node1-join",
            "update node2-join",
            "update node3-join",
            "update node4-join",
            "update roster",
        ]);
        await stack.upOrThrow();
        assert.deepEqual(await knock(), { ok: true });
        assert.deepEqual(await stack.outputs(), first);

        stack.configure(config());
        await stack.upOrThrow();
        assert.deepEqual(await knock(), { ok: false, why: "login refused" });
        assert.deepEqual(await healthy(stack, four), first);
        await api("DELETE", `/v2/account/keys/${id}`);
    });

    test("more replicas: one update, and only the new tasks start", async () => {
        const tasks = () => inDroplet(first.nodes[0]?.dropletId ?? "", "docker service ps -q nginx");
        const old = (await tasks()).split("\n");
        stack.configure(config({}, 4));
        assert.deepEqual(await stack.preview(), ["update nginx"]);
        await stack.upOrThrow();
        assert.deepEqual(await healthy(stack, { ...four, replicas: 4 }), first);
        const now = (await tasks()).split("\n");
        assert.equal(now.length, 4);
        assert.deepEqual(
            old.filter((task) => !now.includes(task)),
            [],
        );
    });

    test("a worker more: three creates and the roster's update, no other node is touched", async () => {
        stack.configure(config({ workers: "node[2:5]" }, 4));
        assert.deepEqual((await stack.preview()).sort(), [
            "create node5",
            "create node5-host",
            "create node5-join",
            "update roster",
        ]);
        await stack.upOrThrow();
        const outputs = await healthy(stack, {
            ...four,
            workers: [...four.workers, "node5"],
            replicas: 4,
        });
        assert.deepEqual(outputs.nodes.slice(0, 4), first.nodes);
    });

    test("two workers and two replicas fewer: their tasks run elsewhere first, then one update and six deletes", async () => {
        stack.configure(config({ workers: "node[2:3]" }, 2));
        assert.deepEqual((await stack.preview()).sort(), [
            "delete node4",
            "delete node4-host",
            "delete node4-join",
            "delete node5",
            "delete node5-host",
            "delete node5-join",
            "update nginx",
            "update roster",
        ]);
        await stack.upOrThrow();
        const outputs = await healthy(stack, { ...four, workers: ["node2", "node3"] });
        assert.deepEqual(outputs.nodes, first.nodes.slice(0, 3));
    });

    test("the stack renamed, and a worker fewer: the same cluster under another name", async () => {
        const before = await stack.outputs();
        const seed = before.nodes[0]?.dropletId as string;
        const tasks = async () =>
            (
                await inDroplet(
                    seed,
                    "docker service ps --filter desired-state=running --format '{{.ID}} {{.Node}}' nginx",
                )
            ).split("\n");
        const had = (await tasks()).filter((task) => !task.endsWith(" node3"));
        await stack.rename("afterlife");
        stack.set({ workers: "node2" });
        assert.deepEqual(
            (await stack.preview()).filter((step) => /^(create|delete|replace) /.test(step)).sort(),
            [
                "delete node3",
                "delete node3-host",
                "delete node3-join",
                "replace all",
                "replace all",
                "replace manager",
                "replace worker",
            ],
            "all, manager and worker are tags, all is the firewall as well",
        );
        const { text } = await stack.upOrThrow();
        assert.match(
            text,
            /differ; pulumi up makes [^\n]*\n +- the swarm is labelled \S+-life-(\w{8}), as the stack was called, not \S+-afterlife-\1\n +- node3 \(\w+\) is a member, and not in the config\n/,
        );
        // The swarm hears of an engine's labels within some 20 s.
        await untilInDroplet(
            seed,
            "docker node inspect $(docker node ls -q) --format '{{index .Description.Engine.Labels \"swarm.stack\"}}'",
            /^(\S+-afterlife-[0-9a-f]{8}\n?){2}$/,
        );
        const outputs = await healthy(stack, {
            managers: ["node1"],
            workers: ["node2"],
            replicas: 2,
            settled: true,
        });
        assert.equal(outputs.clusterId, before.clusterId);
        assert.deepEqual(outputs.nodes, before.nodes.slice(0, 2));
        const now = await tasks();
        assert.deepEqual(
            had.filter((task) => !now.includes(task)),
            [],
        );
        const ids = outputs.nodes.map(({ dropletId }) => dropletId);
        const own = (await droplets()).filter(({ id }) => ids.includes(`${id}`));
        assert.equal(own.length, 2);
        assert.deepEqual(
            own.flatMap(({ tags }) => tags).filter((tag) => !tag.includes("afterlife")),
            [],
        );
    });

    test("a service renamed: the old one goes first, so that the port is free", async () => {
        stack.configure(
            config({
                workers: "node2",
                services: { web: { image: "nginx", replicas: 1, ports: ["80:80"], networks: ["front"] } },
            }),
        );
        await stack.upOrThrow();
        const services = await inDroplet(
            first.nodes[0]?.dropletId ?? "",
            "docker service ls --format '{{.Name}} {{.Replicas}}'",
        );
        assert.equal(services, "web 1/1");
    });

    test("no service any more: the last one takes its network with it", async () => {
        const seed = first.nodes[0]?.dropletId ?? "";
        const networks = "docker network ls --filter label=swarm.stack --format '{{.Name}}'";
        assert.equal(await inDroplet(seed, networks), "front");
        stack.configure(config({ workers: "node2", services: {} }));
        await stack.upOrThrow();
        assert.equal(await inDroplet(seed, `docker service ls -q; ${networks}`), "");
    });

    test("nothing secret is in clear in the exported state or in anything that was printed", async () => {
        const plain = await stack.export();
        const secrets = secretsIn(await stack.export(true));
        // Deploy key, two host keys, two join tokens, in this order of kinds at the least.
        assert.ok(secrets.length >= 5, `${secrets.length} secrets found`);
        const printed = [stack.log.join("\n"), ...(await logs())].join("\n");
        for (const secret of secrets) {
            assert.ok(!plain.includes(secret.text), `${secret.kind} stands in the exported state`);
            assert.ok(!printed.includes(secret.text), `${secret.kind} was printed`);
        }
    });

    test("destroy leaves nothing in the API, in Docker or in the state", async () => {
        await stack.destroyOrThrow();
        assert.deepEqual(await leftovers(), { droplets: 0, vpcs: 0, firewalls: 0, tags: 0, keys: 0 });
        assert.equal((await droplets()).length, 0);
        assert.equal(await dropletContainers(), 0);
        assert.deepEqual(await stack.resources(), []);
    });
});

/** What the lab's daemon and the engine have written beside what they printed; the engine's logs are gzip files. */
async function logs(): Promise<string[]> {
    const requests = await api("GET", "/lab/requests");
    const folder = path.join(instance.pulumiHome, "logs");
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
    const texts = files
        .map((name) => path.join(folder, name))
        .filter((file) => statSync(file).isFile())
        .map((file) =>
            (file.endsWith(".gz") ? gunzipSync(readFileSync(file)) : readFileSync(file)).toString(),
        );
    return [JSON.stringify(requests.body), readFileSync(instance.log, "utf8"), ...texts];
}
