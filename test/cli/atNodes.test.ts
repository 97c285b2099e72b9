/** The commands on tasks, nodes and images at work, with stand-ins for `pulumi`, `docker`, `ssh` and the API. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { parse } from "yaml";
import { sendImage } from "../../cli/dockerClient.ts";
import { pickNode } from "../../cli/nodeRange.ts";
import { projectFolder } from "../../cli/pulumi.ts";
import { sshFiles } from "../../cli/sshFiles.ts";
import { readState } from "../../cli/stackState.ts";
import { answer, env, file, folder, local, run, said, swarmIs } from "./nodeStandIns.ts";
import { previewText } from "./plans.ts";
import { swarm } from "./process.ts";
import { type Recording, recorded } from "./recordings.ts";

describe("exec", () => {
    test("docker on the node of the task, with its status and what is piped in", async () => {
        const { status, out, err } = await run(["exec", "nginx.2", "--", "sh", "-c", "exit 7"], "piped\n");
        assert.deepEqual([status, out, err], [7, "piped\n", ""]);
        const container = "feda336dc7e93c13265632aca518c1d053989caff2001e11303d8aad17600b60";
        assert.deepEqual(said("docker"), [`ssh://node4.${local} exec -i ${container} sh -c exit 7`]);
    });

    test("a shell where nothing else is said; a task that there is none of", async () => {
        assert.equal((await run(["exec", "nginx"])).status, 7);
        assert.match(said("docker").join(), / exec -i [0-9a-f]{64} sh$/);
        const { status, err } = await run(["exec", "nginx.7"]);
        assert.deepEqual(
            [status, err],
            [
                1,
                "swarm: no task nginx.7 runs; there are: nginx.1 on node4, nginx.2 on node4; see: cli/bin/swarm status\n",
            ],
        );
    });
});

describe("forward", () => {
    const found = `printf '%s\\n' '{"ingress":{}}' '{"feda336dc7e93c13265632aca518c1d053989caff2001e11303d8aad17600b60":{"IPv4Address":"172.18.0.3/16"}}'`;
    const forwards = (then: string) => answer(`case $2 in "docker inspect"*) ${found} ;; *) ${then} ;; esac`);

    test("says where the port is once ssh has it, and what is refused there", async () => {
        forwards(
            `shift 2; echo "$*" >>'${folder}/args'; echo 'the port is open' >&2; ` +
                "echo 'channel 2: open failed: connect failed: Connection refused' >&2",
        );
        const { status, err } = await run(["forward", "nginx.2", "81", "--local", "15432"]);
        assert.equal(status, 0);
        assert.equal(
            err,
            "127.0.0.1:15432 leads to port 81 of nginx.2 on node4, until Ctrl-C\n" +
                "172.18.0.3:81 on node4: connect failed: Connection refused\n",
        );
        assert.match(
            said("args").join(),
            /-o ExitOnForwardFailure=yes -L 127\.0\.0\.1:15432:172\.18\.0\.3:81 /,
        );
    });

    test("a free port is chosen where none is said", async () => {
        forwards("echo 'the port is open' >&2");
        const { err } = await run(["forward", "nginx.2", "80"]);
        const [, port] =
            /^127\.0\.0\.1:(\d+) leads to port 80 of nginx\.2 on node4, until Ctrl-C\n$/.exec(err) ?? [];
        const server = createServer();
        await new Promise<void>((resolve, reject) => {
            server.on("error", reject).listen(Number(port), "127.0.0.1", resolve);
        });
        server.close();
    });

    for (const [what, words, text] of [
        [
            "a port that is taken",
            "bind [127.0.0.1]:80: Address already in use",
            "127.0.0.1:80: Address already in use; choose another port: --local PORT",
        ],
        [
            "a port that is root's alone is no login that was refused",
            "bind [127.0.0.1]:80: Permission denied",
            "127.0.0.1:80: Permission denied; choose another port: --local PORT",
        ],
        [
            "a node that does not answer",
            "ssh: connect to host 198.18.12.4 port 22: No route to host",
            "node4 (198.18.12.4): no SSH: No route to host; does the droplet run, and does swarm:sshFrom let this machine in?",
        ],
    ] as const) {
        test(what, async () => {
            forwards(`echo '${words}' >&2; echo 'Could not request local forwarding.' >&2; exit 255`);
            // ssh's last word is the reason where it says nothing of the port.
            if (!words.startsWith("bind")) forwards(`echo '${words}' >&2; exit 255`);
            const { status, err } = await run(["forward", "nginx.2", "80", "--local", "80"]);
            assert.equal(err, `swarm: ${text}\n`);
            assert.equal(status, words.startsWith("bind") ? 1 : 2);
        });
    }

    test("a port that there is none of", async () => {
        const { status, err } = await run(["forward", "nginx", "0"]);
        assert.equal(status, 64);
        assert.match(err, /Allowed: a whole number from 1 to 65535/);
    });
});

describe("push", () => {
    test("the image, whole, to each node of a range", async () => {
        answer(`case $2 in "docker load -q") wc -c >>'${folder}/loaded' ;; *) exit 1 ;; esac`);
        const { status, err } = await run(["push", "api:7", "--on", "node[3:4]"]);
        assert.deepEqual(
            [status, err.split("\n").sort().join("\n")],
            [0, "\nnode3: has api:7\nnode4: has api:7"],
        );
        assert.deepEqual(said("loaded"), ["3000000", "3000000"]);
        assert.deepEqual(said("asked").sort(), ["node3: docker load -q", "node4: docker load -q"]);
        assert.equal(said("docker")[0], "here image inspect --format {{.Id}} -- api:7");
    });

    test("a node that does not take it has its own reason, and the others get it", async () => {
        answer(
            `case $1 in
                node2) exit 255 ;;
                node3) echo 'no space left on device' >&2; exit 1 ;;
                *) cat >/dev/null ;;
            esac`,
        );
        writeFileSync(file("strangers"), "node1\n");
        try {
            const { status, err } = await run(["push", "api:7"]);
            assert.equal(status, 1);
            assert.match(err, /^node1: WRONG HOST KEY: another machine answers at node1 /m);
            assert.match(err, /^node2: status 255$/m);
            assert.match(err, /^node3: no space left on device$/m);
            assert.match(err, /^node4: has api:7$/m);
        } finally {
            writeFileSync(file("strangers"), "");
        }
    });

    test("an image that this machine has not is said once, and no node is asked", async () => {
        const { status, err } = await run(["push", "none"]);
        assert.deepEqual([status, err], [1, "swarm: docker of this machine: Error: No such image: none\n"]);
        assert.deepEqual(said("asked"), []);
    });
});

test("push: a node that takes nothing on is given up, with how much was sent", async () => {
    answer("exec sleep 30 </dev/null >/dev/null 2>&1");
    const state = readState(recorded("healthy").state, "lab-cli");
    const files = sshFiles(folder);
    const PATH = process.env.PATH;
    process.env.PATH = `${file("bin")}:${path.dirname(process.execPath)}:/usr/bin:/bin`;
    try {
        const sending = sendImage(
            { state, files },
            pickNode(state.nodes, "node4"),
            "api:7",
            AbortSignal.timeout(20_000),
            500,
        );
        await assert.rejects(
            sending,
            /^CliError: waited 0\.5 s for it to take the image on; [\d.]+ MiB were sent$/,
        );
    } finally {
        process.env.PATH = PATH;
    }
});

describe("drain and activate", () => {
    const worker = "adw9hzkpdiqtbljqr7rlj3zv6";

    test("what the swarm is told", async () => {
        answer("exit 0");
        const drained = await run(["drain", "node4"]);
        assert.deepEqual(
            [drained.status, drained.err],
            [
                0,
                "node4 takes no tasks any more; those that it has move elsewhere. Open it again: cli/bin/swarm activate node4; the next pulumi up does so, too\n",
            ],
        );
        const activated = await run(["activate", "node4"]);
        assert.deepEqual([activated.status, activated.err], [0, "node4 takes tasks again\n"]);
        assert.deepEqual(said("asked"), [
            `node1: docker node update --availability drain --label-add swarm.drained=yes ${worker}`,
            `node1: docker node update --availability active --label-add swarm.drained=no ${worker}`,
        ]);
    });

    test("a manager that the config drains is not opened, and which key opens it is said", async () => {
        answer("exit 0");
        const { status, err } = await run(["activate", "node1"]);
        assert.deepEqual(
            [status, err],
            [
                1,
                "swarm: node1 is a manager, and the config has those take no tasks; to open them: pulumi config set swarm:managerAvailability active, then pulumi up\n",
            ],
        );
        assert.deepEqual(said("asked"), []);
    });

    test("docker's own words where it refuses", async () => {
        answer("echo 'Error response from daemon: node not found' >&2; exit 1");
        const { status, err } = await run(["drain", "node4"]);
        assert.deepEqual([status, err], [1, "swarm: node1: Error response from daemon: node not found\n"]);
    });

    test("status says that it is on purpose; by another's hand it is not", async () => {
        const drained = (label: string) => (found: Recording["swarm"]) => ({
            nodes: found.nodes.map((node) =>
                node.ID !== worker
                    ? node
                    : {
                          ...node,
                          Spec: {
                              ...node.Spec,
                              Availability: "drain",
                              Labels: { ...node.Spec.Labels, "swarm.drained": label },
                          },
                      },
            ),
        });
        swarmIs(drained("yes"));
        const own = await run(["status"]);
        assert.equal(own.status, 0, own.out);
        assert.match(own.out, /node4 is drained on purpose, by swarm drain/);
        assert.match(own.out, /pulumi up or cli\/bin\/swarm activate node4 opens it again/);
        swarmIs(drained("no"));
        const other = await run(["status"]);
        assert.equal(other.status, 1, other.out);
        assert.match(other.out, /node4 is in availability drain in the swarm, active in the stack/);
    });
});

test("replace: the up that makes these droplets anew, in the project's folder, with its status", async () => {
    const { status } = await run(["replace", "node[2:3]", "--yes"]);
    assert.equal(status, 5);
    assert.equal(
        said("pulumi").at(-1),
        `--cwd ${projectFolder} up --replace **:Droplet::node2 --replace **:Droplet::node3 --yes`,
    );
    const unknown = await run(["replace", "node9"]);
    assert.deepEqual(
        [unknown.status, unknown.err],
        [64, "swarm: there is no node node9; there are: node[1:4]\n"],
    );
});

describe("rollback", () => {
    const updated = (found: Recording["swarm"]) => ({
        services: found.services.map((service) => ({
            ...service,
            PreviousSpec: { ...service.Spec, Mode: { Replicated: { Replicas: 1 } } },
        })),
    });

    test("says which line of the config keeps it", async () => {
        swarmIs(updated);
        const { status, err } = await run(["rollback", "nginx"]);
        assert.equal(status, 0);
        assert.match(err, /pulumi config set --path swarm:services\.nginx\.replicas 1 {3}\(now 2\)\n$/);
        assert.deepEqual(said("docker"), [`ssh://node1.${local} service rollback nginx`]);
    });

    test("a config that is secret as a whole is not to be set in part", async () => {
        swarmIs(updated);
        writeFileSync(file("config"), JSON.stringify({ "swarm:services": { value: "{}", secret: true } }));
        const { err } = await run(["rollback", "nginx"]);
        assert.match(
            err,
            /\n {4}swarm:services\.nginx\.replicas: 1 {3}\(now 2\), in the secret as a whole\n$/,
        );
    });

    test("a service that was never updated", async () => {
        const { status, err } = await run(["rollback", "nginx"]);
        assert.equal(status, 1);
        assert.match(err, /^swarm: nginx has not been updated since it was made/);
        assert.deepEqual(said("docker"), []);
    });
});

describe("formats", () => {
    test("plan --exit-code: 0 without changes, 2 with some, 1 where it has failed", async () => {
        for (const [name, status] of [
            ["no-change", 0],
            ["replicas-up", 2],
            ["config-error", 1],
        ] as const) {
            writeFileSync(file("preview.json"), await previewText(name));
            assert.equal((await run(["plan", file("preview.json"), "--exit-code"])).status, status, name);
        }
        writeFileSync(file("preview.json"), await previewText("replicas-up"));
        assert.equal((await run(["plan", file("preview.json")])).status, 0);
    });

    test("-o of a table: JSON and YAML are of one content, wide has more columns", async () => {
        const asJson = JSON.parse((await run(["ls", "-o", "json"])).out);
        assert.equal(asJson.format_version, 1);
        assert.deepEqual({ ...parse((await run(["ls", "-o", "yaml"])).out), at: 0 }, { ...asJson, at: 0 });
        const heads = async (...args: string[]) => (await run(["ls", ...args])).out.split("\n")[0] ?? "";
        const [narrow, wide] = [await heads(), await heads("-o", "wide")];
        assert.ok(wide.length > narrow.length, `${narrow}\n${wide}`);
        assert.equal((await run(["ls", "-o", "csv"])).status, 64);
    });

    test("top: a node that does not answer is named, and the others are shown", async () => {
        const id = "feda336dc7e93c13265632aca518c1d053989caff2001e11303d8aad17600b60";
        answer(
            `[ "$1" = node4 ] || { echo 'docker: not found' >&2; exit 127; }
            printf '2\\n0.25\\n1000000\\n600000\\n${id} nginx.2.0mbls755b6sffildtb4i1w3nl 0.51%% 3MiB / 9MiB\\n'`,
        );
        const { status, out, err } = await run(["top"]);
        assert.equal(status, 1);
        assert.match(out, /^node4 +2 +0\.25 +391MiB \/ 977MiB$/m);
        assert.match(out, /^nginx\.2 +node4 +0\.51% +3MiB \/ 9MiB$/m);
        assert.match(err, /^node1: docker: not found$/m);
    });

    test("--version, also behind options", async () => {
        const { status, out } = await run(["--version"]);
        assert.equal(status, 0);
        assert.match(
            out,
            /^swarm {3}\d+\.\d+\.\d+\nnode {4}v[\d.]+\npulumi {2}v3\.259\.0\nstack {3}lab-cli, written by Pulumi .+\n$/,
        );
        assert.deepEqual(await run(["--stack", "lab-cli", "--version"]), { status, out, err: "" });
    });
});

describe("logs of several services", () => {
    beforeEach(() => {
        swarmIs(({ services: [one] }) => ({
            services: [one, { ...one, ID: "b".repeat(25), Spec: { ...one?.Spec, Name: "api" } }],
        }));
    });

    test("each once, whatever is said twice", async () => {
        const { status, out, err } = await run(["logs", "nginx", "api", "nginx", "-f", "-t"]);
        assert.deepEqual([status, err], [0, ""]);
        assert.deepEqual(out.split("\n").sort(), ["", "api listens", "nginx listens"]);
        const flags = "--tail=100 --follow --timestamps";
        assert.deepEqual(said("docker").sort(), [
            `ssh://node1.${local} service logs ${flags} -- api`,
            `ssh://node1.${local} service logs ${flags} -- nginx`,
        ]);
    });

    test("none of them where one is no service", async () => {
        const { status, out, err } = await run(["logs", "nginx", "apy"]);
        assert.deepEqual(
            [status, out, err],
            [64, "", 'swarm: there is no service "apy" in the swarm; there are: api, nginx\n'],
        );
    });
});

test("push ends at once by Ctrl-C", async () => {
    answer(`echo $$ >>'${folder}/loading'; exec sleep 60 </dev/null >/dev/null 2>&1`);
    const child = execa(swarm, ["push", "api:7", "--on", "node4"], {
        env: { ...env, PATH: `${file("bin")}:${path.dirname(process.execPath)}:/usr/bin:/bin` },
        extendEnv: false,
        reject: false,
        cwd: folder,
        timeout: 30_000,
    });
    const until = Date.now() + 20_000;
    while (!existsSync(file("loading")) || said("loading").length === 0) {
        assert.ok(Date.now() < until, "the node was not asked within 20 s");
        await sleep(50);
    }
    child.kill("SIGINT");
    const { exitCode, stderr } = await child;
    process.kill(Number(said("loading")[0]));
    assert.deepEqual([exitCode, stderr], [130, ""]);
});
