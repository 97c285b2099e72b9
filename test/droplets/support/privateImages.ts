/** Secrets that are exchanged, and private images, on a swarm of one manager and three workers. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { imageRefs } from "../../../lab/droplets/images/ensure.ts";
import { LOGINS } from "../../../lab/registry/privateRegistry.ts";
import type { ServiceSpec } from "../../../model/settings.ts";
import { everything, ssh } from "./filters.ts";
import type { TestLab } from "./lab.ts";
import { type OneManager, serviceOf } from "./oneManager.ts";
import { until } from "./wait.ts";

const WORKERS = [2, 3, 4];

/** What is between the droplets of a swarm, and in from anywhere by SSH. */
const swarmFilter = {
    inbound: [
        ssh,
        ...(["tcp", "udp"] as const).map((protocol) => ({
            protocol,
            ports: { from: 1, to: 65535 },
            cidrs: ["10.0.0.0/8"],
        })),
    ],
    outbound: everything,
};

/** @returns What makes workers of further droplets; the manager is droplet 1. */
async function addWorkers(lab: TestLab, manager: OneManager): Promise<void> {
    await lab.machines.setFilter(1, swarmFilter);
    const token = await manager.run("docker swarm join-token -q worker");
    await Promise.all(
        WORKERS.map(async (id) => {
            await lab.create(id, imageRefs().droplet, swarmFilter);
            await lab.eventually(id, `docker swarm join --token ${token} ${lab.privateIp(1)}:2377`);
        }),
    );
}

/** Leaves the service `private` on the workers. */
export function privateImageTests(lab: TestLab, manager: OneManager): void {
    let host = "";
    const service = (login: keyof typeof LOGINS): ServiceSpec =>
        serviceOf(
            "private",
            {
                image: `${host}/lab/checksum`,
                replicas: 3,
                maxReplicasPerNode: 1,
                constraints: ["node.role==worker"],
                secrets: ["token"],
                restart: { delay: "1s" },
                stopGracePeriod: "1s",
                timeout: 60,
            },
            {
                workers: "w[1:3]",
                secrets: { token: "a token", password: LOGINS[login] },
                registries: { [host]: { username: "deploy", password: { secret: "password" } } },
            },
        );

    /** Where a login stands on a droplet, itself or as Docker's API takes it. */
    const filesWith = (id: number, password: string) => {
        const coded = Buffer.from(`{"username":"deploy","password":"${password}"`)
            .toString("base64")
            .slice(0, -4);
        const texts = `-e '${password}' -e '${coded}'`;
        const search = `grep -rlF ${texts} /root /home /etc /run /tmp /var --exclude-dir=overlay2`;
        return lab.shell(id, `${search} --exclude-dir=containerd 2>/dev/null || true`);
    };

    test("a private image runs on three workers; Docker alone keeps the login, with its tasks", async () => {
        await addWorkers(lab, manager);
        host = await lab.privateRegistry("first");
        await manager.deploy(service("first"));
        const tasks = await manager.tasks("private");
        assert.equal(tasks.length, 3);
        assert.deepEqual(await manager.differences(service("first")), []);
        // As docs/security.md has it.
        assert.equal(await filesWith(1, LOGINS.first), "");
        for (const id of WORKERS)
            assert.equal(await filesWith(id, LOGINS.first), "/var/lib/docker/swarm/worker/tasks.db");
    });

    test("a login that is refused is said, and changes nothing; another one alone exchanges no task", async () => {
        const tasks = await manager.tasks("private");
        host = await lab.privateRegistry("second");
        await assert.rejects(manager.deploy(service("first")), ({ message }: Error) => {
            assert.match(
                message,
                /service private: \S+:5000 refuses the login that swarm:registries has for it, or \S+ to it: unauthorized/,
            );
            assert.ok(!message.includes(LOGINS.first));
            return true;
        });
        await manager.deploy(service("second"));
        assert.deepEqual(await manager.tasks("private"), tasks);
    });

    test("a task that moves once the login has ended waits for another; a deployment with that alone sends it", async () => {
        host = await lab.privateRegistry("first");
        await manager.run("docker service scale -d private=2");
        const emptied = await untilEmptied();
        await lab.shell(emptied, "docker container prune -f && docker image rm $(docker images -q)");
        await manager.run("docker service scale -d private=3");
        await until("the task cannot pull its image", async () =>
            /No such image/.test(
                await manager.run("docker service ps --no-trunc --format '{{.Error}}' private"),
            ),
        );
        assert.equal((await manager.differences(service("first"))).length, 0);
        await manager.deploy(service("first"));
        assert.notEqual(await lab.shell(emptied, "docker ps -q"), "");
    });

    /** @returns The worker on which no task runs. */
    async function untilEmptied(): Promise<number> {
        let free: number[] = [];
        await until("a worker has no task", async () => {
            const running = await Promise.all(WORKERS.map((id) => lab.shell(id, "docker ps -q")));
            free = WORKERS.filter((_, index) => running[index] === "");
            return free.length === 1;
        });
        return free[0] ?? assert.fail();
    }
}

/** Leaves the service `rotated` on the manager. */
export function rotationTests(manager: OneManager): void {
    const service = (token: string): ServiceSpec =>
        serviceOf(
            "rotated",
            {
                image: "lab/checksum",
                replicas: 2,
                constraints: ["node.role==manager"],
                secrets: ["token"],
                env: { TOKEN: { secret: "token" } },
                stopGracePeriod: "1s",
                update: { monitor: "1s" },
            },
            { secrets: { token } },
        );
    const sumOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);
    /** A line each time: what the service's running containers have. */
    const watch = `rm -f /tmp/rotated; while [ ! -e /tmp/rotated ]; do
        for one in $(docker ps -q --filter label=com.docker.swarm.service.name=rotated); do
            docker exec "$one" sha256sum /run/secrets/token 2>/dev/null | grep -oE '^[0-9a-f]{64}' | cut -c1-8
        done | sort -u | tr '\n' ' '; echo
    done`;

    test("a secret is exchanged with no moment in which the service has none; the former one goes", async () => {
        await manager.deploy(service("one"));
        const before = await manager.run("docker secret ls -q --filter label=swarm.name=token");
        const watched = manager.watch(watch);
        await manager.deploy(service("another"));
        const both = (await manager.run("docker secret ls -q --filter label=swarm.name=token")).split("\n");
        assert.ok(both.length === 2 && both.includes(before));
        await manager.removeUnused(service("another"));
        await manager.run("touch /tmp/rotated");
        const samples = (await watched).split("\n").map((line) => line.trim().split(" ").filter(Boolean));
        assert.deepEqual(
            samples.filter((sums) => sums.length === 0),
            [],
        );
        assert.deepEqual([...new Set(samples.flat())], [sumOf("one"), sumOf("another")]);
        assert.notEqual(await manager.run("docker secret ls -q --filter label=swarm.name=token"), before);
        assert.deepEqual(await manager.differences(service("another")), []);
    });
}
