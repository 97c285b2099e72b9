/** The swarm command on a cluster where all is well: every command, also for a second person who has the state alone. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { root } from "../../../lab/instance.ts";
import { type CliCluster, PORT, type Status } from "../support/cliCluster.ts";
import {
    addFault,
    api,
    droplets,
    nginxAnswers,
    removeFaults,
    untilInDroplet,
    vpcId,
} from "../support/cloud.ts";
import { instance } from "../support/stack.ts";
import { swarmFile } from "../support/swarmCommand.ts";

/** Leaves the cluster with three replicas of nginx. */
export function healthyTests(cluster: CliCluster): void {
    test("healthy, for a second person from whom nothing is kept yet", async () => {
        rmSync(cluster.generated(), { recursive: true, force: true });
        const { status, out, err } = await cluster.swarm.run(["wait", "--timeout", "60"]);
        assert.deepEqual([status, out], [0, ""], err);
        const found = (await cluster.json(["status"])) as Status;
        assert.deepEqual([found.verdict, found.reasons], ["healthy", []]);
        assert.deepEqual([found.quorum?.members, found.quorum?.reachable, found.quorum?.bears], [3, 3, 1]);
        assert.equal(
            found.certificates?.nodes.filter(({ until }) => Date.parse(until ?? "") > Date.now()).length,
            4,
        );
        const text = await cluster.swarm.run(["status"]);
        assert.equal(text.status, 0, text.err);
        assert.match(text.out, /^managers +3 of 3 reachable; the quorum bears the loss of 1 more$/m);
        assert.match(text.out, /^services +nginx {2}2\/2 {2}8084:80\/tcp$/m);
    });

    test("the files are their owner's alone, and hold pinned host keys only", async () => {
        const { deployment } = JSON.parse(await cluster.stack.export()) as {
            deployment: { resources: { urn: string; outputs?: { publicKeyOpenssh?: string } }[] };
        };
        const pinned = cluster.outputs.nodes.map(({ name }) => {
            const key = deployment.resources.find(({ urn }) => urn.endsWith(`PrivateKey::${name}-host`));
            return `${name}.${cluster.tag} ${key?.outputs?.publicKeyOpenssh?.trim()}`;
        });
        assert.deepEqual(
            readFileSync(path.join(cluster.generated(), "known_hosts"), "utf8").trimEnd().split("\n").sort(),
            pinned.sort(),
        );
        assert.equal(statSync(cluster.generated()).mode & 0o777, 0o700);
        const files = readdirSync(cluster.generated());
        assert.deepEqual(files.sort(), [
            "backend",
            "config",
            "deploy_key",
            "deploy_key.pub",
            "hosts",
            "known_hosts",
        ]);
        for (const file of files)
            assert.equal(statSync(path.join(cluster.generated(), file)).mode & 0o777, 0o600, file);
        const { stdout } = await execa("git", ["status", "--porcelain", "--", ".swarm"], { cwd: root });
        assert.equal(stdout, "");
    });

    test("without the passphrase there are addresses, and a message where the key is needed", async () => {
        const kept = readFileSync(path.join(cluster.generated(), "deploy_key.pub"), "utf8");
        writeFileSync(path.join(cluster.generated(), "deploy_key.pub"), "another key\n");
        const none = { PULUMI_CONFIG_PASSPHRASE_FILE: undefined };
        assert.equal(
            (await cluster.swarm.run(["ip", "node1"], none)).out,
            `${cluster.node("node1").publicIp}\n`,
        );
        const missing = await cluster.swarm.run(["ssh", "node1", "--", "true"], none);
        assert.equal(missing.status, 3);
        assert.match(
            missing.err,
            /^swarm: the passphrase of the stack's secrets is missing; set PULUMI_CONFIG_PASSPHRASE/,
        );
        const wrong = await cluster.swarm.run(["ssh", "node1", "--", "true"], {
            ...none,
            PULUMI_CONFIG_PASSPHRASE: "wrong",
        });
        assert.equal(wrong.status, 3);
        assert.match(wrong.err, /^swarm: the passphrase is wrong for this stack/);
        assert.equal((await cluster.swarm.run(["ssh", "node1", "--", "true"])).status, 0);
        assert.equal(readFileSync(path.join(cluster.generated(), "deploy_key.pub"), "utf8"), kept);
    });

    test("ls: cloud and swarm side by side", async () => {
        const view = await cluster.json(["ls"]);
        assert.deepEqual(
            view.nodes.map((entry: Record<string, unknown>) => [
                entry.name,
                entry.nodeId,
                entry.role,
                entry.state,
                entry.dropletStatus,
                entry.origin,
            ]),
            cluster.outputs.nodes.map(({ name, nodeId, role }) => [
                name,
                nodeId,
                role,
                "ready",
                "active",
                "stack",
            ]),
        );
        const { status, out, err } = await cluster.swarm.run(["ls", "--stack", cluster.stack.name]);
        assert.deepEqual([status, err], [0, ""]);
        assert.match(
            out,
            new RegExp(
                `^${cluster.node("node4").nodeId} +node4 +${cluster.node("node4").publicIp} +${cluster.node("node4").privateIp} +worker +- +ready +active +active +s-1vcpu-1gb +`,
                "m",
            ),
        );
    });

    test("ip: at once", async () => {
        const { out } = await cluster.swarm.run(["ip", "node[2:4]"]);
        assert.equal(
            out,
            ["node2", "node3", "node4"].map((name) => `${cluster.node(name).publicIp}\n`).join(""),
        );
        // The best of three each: what else the machine does at the time is not the command's.
        const best = async (run: () => Promise<{ seconds: number }>) =>
            Math.min((await run()).seconds, (await run()).seconds, (await run()).seconds);
        const state = await best(() =>
            cluster.swarm.program("pulumi", ["stack", "export", "--non-interactive"]),
        );
        const whole = await best(() => cluster.swarm.run(["ip", "node1"]));
        assert.ok(whole - state < 0.5, `swarm ip took ${whole} s, of which reading the state is ${state} s`);
    });

    test("docker: on the active manager, on a node, on a range", async () => {
        const ids = await cluster.swarm.run(["docker", "node", "ls", "-q"]);
        assert.deepEqual(
            ids.out.trim().split("\n").sort(),
            cluster.outputs.nodes.map(({ nodeId }) => nodeId).sort(),
            ids.err,
        );
        const one = await cluster.swarm.run(["docker", "--node", "node4", "info", "--format", "{{.Name}}"]);
        assert.equal(one.out, "node4\n", one.err);
        const range = await cluster.swarm.run([
            "docker",
            "--on",
            "node[1:4]",
            "info",
            "--format",
            "{{.Name}}",
        ]);
        assert.deepEqual(range.out.trim().split("\n").sort(), [
            "node1 | node1",
            "node2 | node2",
            "node3 | node3",
            "node4 | node4",
        ]);
        // Only node4 has tasks, and so the image.
        const worst = await cluster.swarm.run([
            "docker",
            "--on",
            "node[3:4]",
            "image",
            "inspect",
            "nginx",
            "--format",
            "{{.Os}}",
        ]);
        assert.equal(worst.status, 1);
        assert.match(worst.err, /^node3 \| Error.*nginx/m);
    });

    test("docker, where this machine has no client: the node's own", async () => {
        const bin = path.join(cluster.folder, "few");
        mkdirSync(bin);
        for (const name of ["node", "pulumi", "ssh", "sh", "readlink"]) {
            const { stdout } = await execa("sh", ["-c", `command -v ${name}`], {
                env: cluster.swarm.env,
                extendEnv: false,
            });
            symlinkSync(stdout, path.join(bin, name));
        }
        const { status, out, err } = await cluster.swarm.run(
            ["docker", "service", "ls", "--format", "{{.Name}} {{.Replicas}}"],
            { PATH: bin },
        );
        assert.deepEqual([status, out], [0, "nginx 2/2\n"], err);
    });

    test("ssh: a line for the shell, a command with its words, its status", async () => {
        assert.equal((await cluster.swarm.run(["ssh", "node2", "--", "hostname; exit 7"])).status, 7);
        assert.equal(
            (await cluster.swarm.run(["ssh", "node2", "--", "printf", "%s|", "a  b", "$HOME"])).out,
            "a  b|$HOME|",
        );
        assert.equal((await cluster.swarm.run(["ssh", "node3", "hostname"])).out, "node3\n");
        const unknown = await cluster.swarm.run(["ssh", "node9"]);
        assert.deepEqual(
            [unknown.status, unknown.err],
            [64, "swarm: there is no node node9; there are: node[1:4]\n"],
        );
    });

    test("env: a plain docker talks to the cluster", async () => {
        const shell = async (lines: string) => {
            const ran = await cluster.swarm.program("sh", ["-ec", lines]);
            assert.equal(ran.status, 0, ran.err);
            return ran.out.trim().split("\n");
        };
        assert.equal((await shell(`eval "$('${swarmFile}' env)"; docker node ls -q`)).length, 4);
        assert.deepEqual(
            await shell(
                `eval "$('${swarmFile}' env --node node4)"; docker info --format '{{.Name}}'; '${swarmFile}' docker info --format '{{.Name}}'; ` +
                    `eval "$('${swarmFile}' env --unset)"; echo "\${DOCKER_HOST-none}"`,
            ),
            ["node4", "node4", "none"],
        );
    });

    test("logs: across the nodes", async () => {
        await nginxAnswers(cluster.node("node4").publicIp, PORT);
        const logs = await cluster.swarm.run(["logs", "nginx", "--tail", "20"]);
        assert.match(logs.out, /^nginx\.[12]\.\w+@node4 +\| .*"GET \/ HTTP\/1\.1" 200/m, logs.err);
        const unknown = await cluster.swarm.run(["logs", "nginks"]);
        assert.deepEqual(
            [unknown.status, unknown.err],
            [64, 'swarm: there is no service "nginks" in the swarm; there are: nginx\n'],
        );
    });

    test("scale: the config and the preview; with --up, the cluster", async () => {
        const running = async () =>
            (await cluster.json(["ls"])).tasks.filter(
                ({ desired }: { desired: string }) => desired === "running",
            ).length;
        const preview = await cluster.swarm.run(["scale", "nginx=3"]);
        assert.equal(preview.status, 0, preview.err);
        assert.match(preview.out, /~ 1 to update/);
        assert.equal(await running(), 2);
        const up = await cluster.swarm.run(["scale", "nginx=3", "--up", "--yes"]);
        assert.equal(up.status, 0, up.out + up.err);
        assert.equal(await running(), 3);
        assert.equal((await cluster.swarm.run(["scale", "nginks=3"])).status, 64);
    });

    test("orphans: found, held back, removed", async () => {
        assert.equal((await cluster.swarm.run(["orphans"])).status, 0);
        const template = {
            region: "sgp1",
            size: "s-1vcpu-1gb",
            image: "docker-22-04",
            vpc_uuid: await vpcId(cluster.tag),
        };
        const { status } = await api("POST", "/v2/droplets", {
            name: "node5",
            tags: [cluster.tag],
            ...template,
        });
        assert.equal(status, 202);
        const listed = await cluster.swarm.run(["orphans"]);
        assert.equal(listed.status, 1, listed.err);
        assert.match(listed.out, /^\d+ +node5 .* 6\.00$/m);
        const unasked = await cluster.swarm.run(["orphans", "--delete"]);
        assert.equal(unasked.status, 64);
        assert.match(unasked.err, /there is no terminal to ask on/);

        const locks = path.join(
            instance.state,
            ".pulumi",
            "locks",
            "organization",
            "swarm",
            cluster.stack.name,
        );
        mkdirSync(locks, { recursive: true });
        const lock = path.join(locks, "another.json");
        writeFileSync(
            lock,
            '{"pid":4711,"username":"ada","hostname":"build7","timestamp":"2026-11-26T21:00:00Z"}',
        );
        try {
            const locked = await cluster.swarm.run(["orphans", "--delete", "--yes"]);
            assert.equal(locked.status, 1);
            assert.match(
                locked.err,
                /is locked by ada@build7 \(process 4711\) since 2026-11-26T21:00:00Z: a droplet that is being made/,
            );
        } finally {
            rmSync(lock);
        }
        assert.equal((await droplets(cluster.tag)).length, 5);
        const deleted = await cluster.swarm.run(["orphans", "--delete", "--yes"]);
        assert.equal(deleted.status, 0, deleted.err);
        assert.match(deleted.err, /^deleted node5 \(droplet \d+\)$/m);
        assert.deepEqual(
            (await droplets(cluster.tag)).map(({ name }) => name).sort(),
            cluster.outputs.nodes.map(({ name }) => name).sort(),
        );
    });

    test("doctor: everything is tried, and found in order", async () => {
        const { checks } = (await cluster.json(["doctor"])) as {
            checks: { name: string; level: string; text: string }[];
        };
        assert.deepEqual(
            checks
                .filter(({ level }) => level !== "ok")
                .map(({ name, text }) => `${name}: ${text.replace(/^\S+/, "IP")}`),
            ["own address: IP gets to port 22, and so does everybody (swarm:sshFrom has 0.0.0.0/0)"],
        );
        for (const [name, text] of [
            ["login", "port 22 and the pinned host key of 4 of 4 nodes"],
            ["ports between nodes", "2377 of each manager and 7946 of each node by TCP, in 21 directions"],
            ["overlay and MTU", "full packets of 1450 bytes through 4789/udp, in 12 directions"],
        ]) {
            assert.equal(checks.find((check) => check.name === name)?.text, text);
        }
        await addFault({
            method: "GET",
            path: "/v2/vpcs",
            status: 403,
            message: "you are missing the scope",
            times: null,
        });
        const narrow = await cluster.swarm.run(["doctor"]);
        await removeFaults();
        assert.equal(narrow.status, 1);
        assert.match(narrow.out, /^fail +token +lacks the scopes vpc:read\n +→ add them to the token/m);
    });

    test("Ctrl-C leaves nothing behind", async () => {
        const child = execa(swarmFile, ["logs", "nginx", "--follow", "--tail", "1"], {
            cwd: root,
            env: cluster.swarm.env,
            extendEnv: false,
            reject: false,
            stdin: "ignore",
        });
        await new Promise((resolve) => child.stdout.once("data", resolve));
        child.kill("SIGINT");
        assert.equal((await child).exitCode, 130);
        // docker ends before the ssh that it has started, which hears of it by the end of its input.
        const deadline = Date.now() + 10_000;
        let left: string[];
        do {
            const { stdout } = await execa("ps", ["-eo", "args"]);
            left = stdout.split("\n").filter((line) => line.includes(cluster.generated()));
        } while (left.length > 0 && Date.now() < deadline);
        assert.deepEqual(left, []);
        for (const { dropletId } of cluster.outputs.nodes.slice(0, 3)) {
            await untilInDroplet(dropletId, "pgrep -fc '[d]ial-stdio' || true", /^0$/);
        }
    });
}
