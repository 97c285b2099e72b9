/** What travels between droplets: packet filters, the routing mesh's stand-in, a swarm of two. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { imageRefs } from "../../lab/droplets/images/ensure.ts";
import { anywhere, everything, onlySsh, opening, ssh } from "./support/filters.ts";
import { TestLab } from "./support/lab.ts";
import { reachable, until } from "./support/wait.ts";

const lab = new TestLab("network", 2);

before(async () => {
    await lab.start();
    await Promise.all([1, 2].map((id) => lab.create(id, imageRefs().droplet, onlySsh)));
    await Promise.all(
        [1, 2].map((id) => lab.eventually(id, "docker version --format '{{.Server.Version}}'")),
    );
});

after(() => lab.remove());

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
        lab.shell(
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

describe("packet filters", () => {
    test("a closed port is closed from outside and between droplets, an open one open", async () => {
        await lab.shell(1, "nohup python3 -m http.server 7001 >/dev/null 2>&1 & true");
        const knock = `curl -s -o /dev/null --connect-timeout 1 -m 10 http://${lab.privateIp(1)}:7001/ && echo open || echo closed`;
        assert.equal(await reachable(lab.publicIp(1), 7001), false);
        assert.equal(await lab.shell(2, knock), "closed");

        const inside = opening("tcp", 7001, [lab.vpc.ipRange]);
        await lab.machines.setFilter(1, { inbound: [ssh, inside], outbound: everything });
        assert.equal(await lab.shell(2, knock), "open");
        assert.equal(await reachable(lab.publicIp(1), 7001), false);

        await lab.machines.setFilter(1, null);
        assert.equal(await reachable(lab.publicIp(1), 7001), true);
    });

    test("outbound is closed for the droplet's processes and its containers", async () => {
        const target = `http://${lab.privateIp(1)}:7001/`;
        const own = `curl -s -o /dev/null --connect-timeout 1 -m 10 ${target} && echo open || echo closed`;
        const contained = `docker run --rm busybox wget -q -T 2 -O /dev/null ${target} && echo open || echo closed`;
        assert.equal(await lab.shell(2, own), "open");
        assert.equal(await lab.shell(2, contained, { quiet: true }), "open");
        await lab.machines.setFilter(2, { inbound: [ssh], outbound: [] });
        assert.equal(await lab.shell(2, own), "closed");
        assert.equal(await lab.shell(2, contained, { quiet: true }), "closed");
        await lab.machines.setFilter(2, onlySsh);
    });
});

describe("a swarm of two", () => {
    test("a published port answers on both nodes, without a single failure while tasks go", async () => {
        const vpc = (protocol: "tcp" | "udp", port: number) => opening(protocol, port, [lab.vpc.ipRange]);
        const web = opening("tcp", 8080, anywhere);
        const inbound = [ssh, vpc("tcp", 2377), vpc("tcp", 7946), vpc("udp", 7946), vpc("udp", 4789), web];
        for (const id of [1, 2]) await lab.machines.setFilter(id, { inbound, outbound: everything });
        const [manager, worker] = [lab.privateIp(1), lab.privateIp(2)];
        const flags = (ip: string) => `--advertise-addr ${ip} --listen-addr ${ip} --data-path-addr ${ip}`;
        await lab.shell(1, `docker swarm init ${flags(manager)}`);
        const token = await lab.shell(1, "docker swarm join-token -q worker");
        await lab.shell(2, `docker swarm join --token ${token} ${flags(worker)} ${manager}:2377`);
        // Not by the client's own wait, which watches for five seconds more.
        const replicas = "docker service ls -f name=web --format '{{.Replicas}}'";
        await lab.shell(1, "docker service create -q -d --name web --replicas 4 -p 8080:80 nginx");
        await until("all four tasks run", async () => (await lab.shell(1, replicas)) === "4/4");
        // A task counts as running before its nginx listens: ask each one twice.
        for (const id of [1, 2])
            await until(`all tasks answer on droplet ${id}`, async () => {
                for (let n = 0; n < 8; n++) assert.match(await page(id), /Welcome to nginx!/);
                return true;
            });
        let requests = 0;
        let stop = false;
        const visitors = [1, 2].map(async (id) => {
            while (!stop) {
                assert.match(await page(id), /Welcome to nginx!/);
                requests++;
                await pause(10);
            }
        });
        try {
            await lab.shell(1, "docker service scale -d web=1");
            await until("three tasks are gone", async () => {
                const left = await lab.shell(1, "docker service ps web -q -f desired-state=running | wc -l");
                const running = await lab.shell(2, "docker ps -q | wc -l");
                const own = await lab.shell(1, "docker ps -q | wc -l");
                return left === "1" && Number(running) + Number(own) === 1;
            });
        } finally {
            stop = true;
        }
        await Promise.all(visitors);
        assert.ok(requests > 50, `${requests} requests`);
    });

    test("a service is reached by its name on a network of the user", async () => {
        await lab.shell(1, "docker network create -d overlay --attachable inner");
        await lab.shell(1, "docker service create -q -d --name inner --network inner --replicas 2 nginx");
        const ask = "docker run --rm --network inner busybox wget -q -T 3 -O - http://inner/";
        await until("the service answers", async () =>
            (await lab.shell(1, `${ask} || true`, { quiet: true })).includes("Welcome to nginx!"),
        );
    });
});

async function page(id: number): Promise<string> {
    const answer = await fetch(`http://${lab.publicIp(id)}:8080/`, {
        headers: { connection: "close" },
        signal: AbortSignal.timeout(5000),
    });
    return await answer.text();
}
