/** The swarm command where it goes to tasks, nodes and images of a cluster that is well. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { execa } from "execa";
import type { CliCluster, Status } from "../support/cliCluster.ts";
import { swarmFile } from "../support/swarmCommand.ts";

/** They expect three replicas of nginx, the last change of which was that from two, and leave them so. */
export function reachTests(cluster: CliCluster): void {
    test("exec: in a task, with what is piped in and the status", async () => {
        const ran = await cluster.swarm.program("sh", [
            "-c",
            `echo piped | '${swarmFile}' exec nginx.2 -- sh -c 'cat; test -e /etc/nginx/nginx.conf && exit 7'`,
        ]);
        assert.deepEqual([ran.status, ran.out, ran.err], [7, "piped\n", ""]);
        const none = await cluster.swarm.run(["exec", "nginx.node1", "--", "true"]);
        assert.equal(none.status, 1);
        assert.match(none.err, /^swarm: no task nginx\.node1 runs; there are: nginx\.1 on node4, /);
    });

    test("forward: nginx through a local port; what is refused, and a port that is taken", async () => {
        const forward = (...args: string[]) =>
            execa(swarmFile, ["forward", "nginx.2", ...args], {
                env: cluster.swarm.env,
                extendEnv: false,
                reject: false,
                stdin: "ignore",
                timeout: 60_000,
            });
        const opened = async (child: ReturnType<typeof forward>) => {
            const lines = createInterface({ input: child.stderr });
            const [line] = (await once(lines, "line", { signal: AbortSignal.timeout(30_000) })) as string[];
            const [, port] =
                /^127\.0\.0\.1:(\d+) leads to port \d+ of nginx\.2 on node4,/.exec(line ?? "") ?? [];
            assert.ok(port, line);
            return { address: `http://127.0.0.1:${port}/`, lines };
        };
        const good = forward("80");
        const { address } = await opened(good);
        const answer = await fetch(address, { headers: { connection: "close" } });
        assert.match(await answer.text(), /Welcome to nginx!/);
        good.kill("SIGINT");
        assert.equal((await good).exitCode, 130);

        const bad = forward("81");
        const { address: nothing, lines } = await opened(bad);
        const refused = once(lines, "line", { signal: AbortSignal.timeout(30_000) });
        await assert.rejects(fetch(nothing));
        assert.match(String(await refused), /^[\d.]+:81 on node4: connect failed: Connection refused$/);
        bad.kill("SIGINT");
        assert.equal((await bad).exitCode, 130);

        const server = createServer().listen(0, "127.0.0.1");
        await once(server, "listening");
        const { port } = server.address() as { port: number };
        const taken = await forward("80", "--local", `${port}`);
        server.close();
        assert.deepEqual(
            [taken.exitCode, taken.stderr],
            [1, `swarm: 127.0.0.1:${port}: Address already in use; choose another port: --local PORT`],
        );
    });

    test("push: an image that no node has, onto each of them", async () => {
        const image = "swarm-cli-test:pushed";
        const env = { DOCKER_HOST: process.env.LAB_DOCKER_HOST };
        const archive = await execa("tar", ["-c", "-C", import.meta.dirname, "reach.ts"], {
            encoding: "buffer",
        });
        const made = await execa("docker", ["import", "-", image], { env, input: archive.stdout });
        try {
            const pushed = await cluster.swarm.run(["push", image], env);
            assert.equal(pushed.status, 0, pushed.err);
            const ids = await cluster.swarm.run([
                "docker",
                "--on",
                "node[1:4]",
                "image",
                "inspect",
                "--format",
                "{{.Id}}",
                image,
            ]);
            assert.deepEqual(
                ids.out.trim().split("\n").sort(),
                ["node1", "node2", "node3", "node4"].map((node) => `${node} | ${made.stdout.trim()}`),
            );
        } finally {
            await execa("docker", ["image", "rm", image], { env });
        }
    });

    test("rollback: what keeps it in the config is said, and the next preview shows that the config differs", async () => {
        const back = await cluster.swarm.run(["rollback", "nginx"]);
        assert.equal(back.status, 0, back.err);
        assert.match(
            back.err,
            /the next pulumi up sets it again, unless the config is changed:\n {4}pulumi config set --path swarm:services\.nginx\.replicas 2 {3}\(now 3\)\n$/,
        );
        const preview = await cluster.swarm.program("pulumi", ["preview", "--non-interactive"]);
        assert.match(preview.out, /nginx: 2 replicas in the swarm, 3 in the config/, preview.err);
        const again = await cluster.swarm.run(["rollback", "nginx"]);
        assert.match(again.err, /swarm:services\.nginx\.replicas 3 {3}\(now 2\)\n$/);
    });

    test("top: every node, and every task on its own", async () => {
        const { nodes, tasks } = await cluster.json(["top"]);
        assert.deepEqual(
            nodes.map(({ name, problem }: { name: string; problem?: string }) => [name, problem]),
            ["node1", "node2", "node3", "node4"].map((name) => [name, undefined]),
        );
        assert.deepEqual(
            tasks.map(({ task, node }: { task: string; node: string }) => [task, node]),
            ["nginx.1", "nginx.2", "nginx.3"].map((task) => [task, "node4"]),
        );
    });

    test("drain: on purpose, by the words of status; activate takes it back", async () => {
        const drained = await cluster.swarm.run(["drain", "node4"]);
        assert.equal(drained.status, 0, drained.err);
        const text = (await cluster.swarm.run(["status"])).out;
        assert.match(
            text,
            /^. node4 is drained on purpose, by swarm drain; pulumi up or cli\/bin\/swarm activate node4 opens it again$/m,
        );
        assert.equal((await cluster.swarm.run(["activate", "node4"])).status, 0);
        await cluster.statusBecomes("nginx to run again", ({ verdict }: Status) => verdict === "healthy");
        assert.doesNotMatch((await cluster.swarm.run(["status"])).out, /drained/);
    });
}
