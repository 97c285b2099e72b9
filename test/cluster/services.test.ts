/**
 * What services declare, by whole ups on a cluster of a manager and three workers: private images, secrets that are
 * exchanged, an order, labels of nodes, networks, and ports of what is deployed beside the config.
 *
 * One cluster serves all of it, in this order.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { LOGINS, startPrivateRegistry } from "../../lab/registry/privateRegistry.ts";
import { docker, inDroplet, nginxAnswers, untilInDroplet } from "./support/cloud.ts";
import { formsOf } from "./support/secrets.ts";
import { instance, LabStack, type Outputs } from "./support/stack.ts";
import { SwarmCommand } from "./support/swarmCommand.ts";

const sleeper = { image: "busybox", args: ["sleep", "100000"], stopGracePeriod: "0s" };
const TOKENS = { first: "plover-5-gantry-wicket", second: "teasel-8-rampart-cooper" } as const;
const sumOf = (token: string) => createHash("sha256").update(token).digest("hex");

/** The checksum that the service answers with, or why there is none. */
async function answerOf(address: string): Promise<string> {
    try {
        const answer = await fetch(`http://${address}:8080/`, {
            signal: AbortSignal.timeout(5_000),
            headers: { connection: "close" },
        });
        return (await answer.text()).split(" ")[0] ?? "";
    } catch (error) {
        return `${(error as Error).cause ?? error}`;
    }
}

describe("services by whole ups", () => {
    let stack: LabStack;
    let outputs: Outputs;
    let services: Record<string, object>;
    before(async () => {
        const host = await startPrivateRegistry(docker, instance, instance.publicCidr, "first");
        services = {
            app: {
                image: `${host}/lab/checksum`,
                replicas: 3,
                maxReplicasPerNode: 1,
                constraints: ["node.role==worker"],
                ports: ["8080:8080"],
                secrets: ["token"],
                configs: [{ source: "motd", target: "/etc/motd" }],
                healthcheck: { test: "wget -qO- http://127.0.0.1:8080/", interval: "500ms", retries: 20 },
                stopGracePeriod: "2s",
                update: { monitor: "1s" },
            },
            // Which is ready 5 s after it has begun.
            slow: {
                image: "lab/slow",
                constraints: ["node.role==manager"],
                healthcheck: { test: "wget -qO- http://127.0.0.1:8080/", interval: "500ms", retries: 60 },
                stopGracePeriod: "0s",
            },
            behind: { ...sleeper, after: "slow" },
        };
        stack = await LabStack.make("services", {
            managers: "m1",
            workers: "w[1:3]",
            sshFrom: ["0.0.0.0/0"],
            vpcIpRange: "10.154.0.0/24",
            configs: { motd: "Welcome.\n" },
            registries: { [host]: { username: "deploy", password: { secret: "login" } } },
            services,
        });
        await setSecret("login", LOGINS.first);
        await setSecret("token", TOKENS.first);
    });
    after(() => stack?.remove());

    async function setSecret(name: string, value: string): Promise<void> {
        const ran = await stack.pulumi([
            "config",
            "set",
            "--secret",
            "--path",
            `swarm:secrets.${name}`,
            value,
        ]);
        assert.equal(ran.status, 0, ran.text);
    }
    const node = (name: string) => {
        const found = outputs.nodes.find((one) => one.name === name);
        assert.ok(found, `there is no ${name}`);
        return found;
    };
    const onManager = async (command: string) =>
        (await inDroplet(node("m1").dropletId, `docker ${command}`)).trim();
    /** The service's tasks, those of before included, as `web.1 w2`. */
    const tasks = async (service: string) =>
        (await onManager(`service ps --format '{{.Name}} {{.Node}}' ${service}`)).split("\n").sort();
    async function up(): Promise<void> {
        await stack.upOrThrow();
        outputs = await stack.outputs();
    }
    /** And then there is nothing left to do. */
    async function upAndDone(): Promise<void> {
        await up();
        assert.deepEqual(await stack.preview(), []);
    }

    /** Asks the service through each node in turn, without pause; every answer, or why there is none. */
    function asking(): { stop: () => Promise<{ through: string; answer: string }[]> } {
        const stopped = new AbortController();
        const answers: { through: string; answer: string }[] = [];
        const work = (async () => {
            while (!stopped.signal.aborted)
                for (const { name, publicIp } of outputs.nodes)
                    answers.push({ through: name, answer: await answerOf(publicIp) });
        })();
        return {
            stop: async () => {
                stopped.abort();
                await work;
                return answers;
            },
        };
    }

    test("a private image on three workers, with a secret and a config; a service behind one that begins slowly", async () => {
        await up();
        assert.deepEqual((await tasks("app")).map((task) => task.split(" ")[1]).sort(), ["w1", "w2", "w3"]);
        assert.equal(await answerOf(node("m1").publicIp), sumOf(TOKENS.first));
        const times = await Promise.all(
            ["slow", "behind"].map((name) =>
                onManager(`service inspect --format '{{.CreatedAt.Unix}}' ${name}`),
            ),
        );
        assert.ok(Number(times[1]) - Number(times[0]) >= 5, `created at ${times.join(", ")}`);
    });

    test("another value of the secret: its service alone restarts, and has one or the other at any moment", async () => {
        const [former, beside] = [await onManager("secret ls -q"), await tasks("slow")];
        await setSecret("token", TOKENS.second);
        assert.deepEqual((await stack.preview()).sort(), [
            "update app",
            "update secrets",
            // What is shown of app, whose own input is secret for the login that it holds.
            "update services",
            "update unused",
        ]);
        const app = asking();
        await upAndDone();
        const answers = await app.stop();
        // A node that misses a message of Docker's gossip refuses for a while: one at most.
        const refused = answers.filter(({ answer }) => answer.includes("ECONNREFUSED"));
        assert.ok(new Set(refused.map(({ through }) => through)).size <= 1, JSON.stringify(refused));
        assert.deepEqual(
            [...new Set(answers.filter((one) => !refused.includes(one)).map(({ answer }) => answer))],
            [sumOf(TOKENS.first), sumOf(TOKENS.second)],
        );
        assert.match(await onManager("secret ls -q"), new RegExp(`^(?!${former})\\w+$`));
        assert.deepEqual(await tasks("slow"), beside);
    });

    test("nothing of the secrets is in clear in the state, or in what was printed", async () => {
        for (const [what, text] of [
            ["state", await stack.export()],
            ["output", stack.log.join("\n")],
        ] as const)
            for (const secret of [...Object.values(TOKENS), LOGINS.first])
                for (const form of formsOf(secret)) assert.ok(!text.includes(form), what);
        // It is the right search.
        const shown = await stack.export(true);
        assert.ok(formsOf(TOKENS.second).some((form) => shown.includes(form)));
    });

    test("a new node has its labels before a task lands on it", async () => {
        stack.set({
            workers: "w[1:4]",
            nodeLabels: { w4: { disk: "ssd" } },
            services: {
                ...services,
                pinned: { ...sleeper, constraints: ["node.labels.disk==ssd"], networks: ["back"] },
                elsewhere: { ...sleeper, global: true, constraints: ["node.labels.disk!=ssd"] },
            },
            networks: { back: { attachable: true }, beside: {} },
        });
        await up();
        assert.deepEqual(await tasks("pinned"), ["pinned.1 w4"]);
        assert.equal(await onManager("node ps --format '{{.Name}}' w4"), "pinned.1");
    });

    test("a network with other options is made anew, with the services on it", async () => {
        const ids = async () => [
            await onManager("network inspect --format '{{.ID}}' back"),
            await onManager("service inspect --format '{{.ID}}' pinned"),
        ];
        const had = await ids();
        const driverOptions = { "com.docker.network.driver.mtu": "1400" };
        stack.set({ networks: { back: { attachable: true, driverOptions }, beside: {} } });
        const preview = await stack.pulumi(["preview"]);
        for (const text of [
            "the network back has other options in the swarm than in the config",
            "pinned: it is made anew with its network back",
        ])
            assert.ok(preview.text.includes(`- ${text}`), preview.text);
        await upAndDone();
        const has = await ids();
        assert.ok(
            had.every((id, index) => id !== has[index]),
            `${had}, ${has}`,
        );
        assert.match(
            await onManager("network inspect --format '{{json .Options}}' back"),
            /driver\.mtu":"1400"/,
        );
    });

    test("a stack that is deployed beside the config: its network is there, its port is named while it is closed, and opened", async () => {
        const swarm = new SwarmCommand(stack.name);
        const file = JSON.stringify({
            version: "3.8",
            services: { web: { image: "nginx", ports: ["9443:80"], networks: ["beside"] } },
            networks: { beside: { external: true } },
        });
        const deployed = await swarm.run(["docker", "stack", "deploy", "-c", "-", "other"], {}, file);
        assert.equal(deployed.status, 0, deployed.err);
        const manager = node("m1").dropletId;
        const list = "docker service ls --format '{{.Name}} {{.Replicas}}'";
        await untilInDroplet(manager, list, /^other_web 1\/1$/m);
        const closed =
            /other_web publishes 9443\/tcp, which the firewall does not let in; to open it: (?<set>pulumi .*), then pulumi up/;
        const before = (await swarm.run(["status"])).out;
        const { set = "" } = closed.exec(before)?.groups ?? {};
        assert.notEqual(set, "", before);
        const { publicIp } = node("w1");
        await assert.rejects(fetch(`http://${publicIp}:9443/`, { signal: AbortSignal.timeout(2_000) }));

        // As it is typed.
        const ran = await swarm.program("sh", ["-c", `${set} --stack ${stack.name}`]);
        assert.equal(ran.status, 0, ran.err);
        await up();
        for (const { publicIp } of outputs.nodes) await nginxAnswers(publicIp, 9443);
        assert.doesNotMatch((await swarm.run(["status"])).out, closed);

        await onManager("stack rm other");
        await untilInDroplet(manager, "docker ps -aq --filter label=com.docker.stack.namespace=other", /^$/);
        stack.set({ networks: {} });
        await upAndDone();
        assert.doesNotMatch(await onManager("network ls --format '{{.Name}}'"), /^beside$/m);
    });
});
