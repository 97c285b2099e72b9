import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import type Docker from "dockerode";
import fc from "fast-check";
import { dockerRanges, overlap, rangeConflict, requireFreePort, routesFrom } from "../../lab/network.ts";
import { engineProblem, socketFrom } from "../../lab/outerDocker/connect.ts";
import { emptyNewTables, parseTables, undo } from "../../lab/outerDocker/traces.ts";

test("ranges overlap when one holds the other", () => {
    const cases: [string, string, boolean][] = [
        ["203.0.113.0/24", "203.0.113.0/24", true],
        ["203.0.113.0/24", "203.0.113.128/25", true],
        ["203.0.113.128/25", "203.0.0.0/16", true],
        ["203.0.113.0/25", "203.0.113.128/25", false],
        ["203.0.113.0/24", "203.0.114.0/24", false],
        ["203.0.113.0/24", "0.0.0.0/0", true],
        ["10.0.0.1/32", "10.0.0.1/32", true],
    ];
    for (const [a, b, expected] of cases) {
        assert.equal(overlap(a, b), expected, `${a} ${b}`);
        assert.equal(overlap(b, a), expected, `${b} ${a}`);
    }
});

test("overlap is the same as having an address in common", () => {
    const range = fc.tuple(fc.nat({ max: 255 }), fc.integer({ min: 24, max: 32 }));
    const members = ([host, length]: [number, number]) => {
        const size = 2 ** (32 - length);
        const first = Math.floor(host / size) * size;
        return { cidr: `192.0.2.${first}/${length}`, first, last: first + size - 1 };
    };
    fc.assert(
        fc.property(range, range, (left, right) => {
            const [a, b] = [members(left), members(right)];
            assert.equal(overlap(a.cidr, b.cidr), a.first <= b.last && b.first <= a.last);
        }),
    );
});

test("a range that is taken is named with what has it and what to set", () => {
    const taken = [
        { cidr: "172.17.0.0/16", by: 'the Docker network "bridge"' },
        { cidr: "203.0.113.128/25", by: "a route of this machine (device tun0)" },
    ];
    assert.equal(rangeConflict("198.51.100.0/24", taken), undefined);
    assert.equal(
        rangeConflict("203.0.113.0/24", taken),
        "The droplets' public range, 203.0.113.0/24, overlaps with 203.0.113.128/25, which is taken by a route of this " +
            "machine (device tun0). Set LAB_PUBLIC_CIDR to a range that is free on this machine, like 198.18.1.0/24.",
    );
});

test("routes are read from the kernel's table, without the default one", () => {
    const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	807100CB	00000000	0001	0	0	0	80FFFFFF	0	0	0
`;
    assert.deepEqual(routesFrom(table), [
        { cidr: "192.0.2.0/24", by: "a route of this machine (device eth0)" },
        { cidr: "203.0.113.128/25", by: "a route of this machine (device tun0)" },
    ]);
    assert.deepEqual(routesFrom("Iface	Destination\n"), []);
});

test("a port that another program has is named with what to set", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    await assert.rejects(requireFreePort(address.port), {
        name: "LabError",
        message:
            `Port ${address.port} on 127.0.0.1, where the lab's API is to listen, is taken by another program. ` +
            "Set LAB_PORT to a port that is free.",
    });
    await new Promise((resolve) => server.close(resolve));
    await requireFreePort(address.port);
});

test("a port that another lab has is named with that lab", async () => {
    const server = createHttpServer((request, response) => {
        assert.equal(request.url, "/lab/owner");
        response.end(JSON.stringify({ name: "lab", checkout: "/home/a/swarm" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await assert.rejects(requireFreePort(port), {
        name: "LabError",
        message:
            `Port ${port} on 127.0.0.1, where the lab's API is to listen, is taken by the lab "lab" of /home/a/swarm. ` +
            "Set LAB_PORT to a port that is free.",
    });
    await new Promise((resolve) => server.close(resolve));
});

test("an engine's ranges are named with the lab that has them", async () => {
    const networks = [
        { Name: "bridge", IPAM: { Config: [{ Subnet: "172.17.0.0/16" }] } },
        { Name: "none", IPAM: { Config: null } },
        { Name: "six", IPAM: { Config: [{ Subnet: "2001:db8::/64" }, {}] } },
        {
            Name: "lab-9d3c7479-public",
            IPAM: { Config: [{ Subnet: "198.51.100.0/24" }] },
            Labels: { "swarm-lab": "lab", "swarm-lab.checkout": "/home/a/swarm" },
        },
    ];
    const engine = { listNetworks: async () => networks } as unknown as Docker;
    assert.deepEqual(await dockerRanges(engine), [
        { cidr: "172.17.0.0/16", by: 'the Docker network "bridge"' },
        {
            cidr: "198.51.100.0/24",
            by: 'the lab "lab" of /home/a/swarm (the Docker network "lab-9d3c7479-public")',
        },
    ]);
});

test("DOCKER_HOST has to name a socket on this machine", () => {
    assert.equal(socketFrom(undefined), undefined);
    assert.equal(socketFrom(""), undefined);
    assert.deepEqual(socketFrom("unix:///var/run/docker.sock"), { socket: "/var/run/docker.sock" });
    for (const host of [
        "tcp://192.0.2.7:2376",
        "ssh://root@192.0.2.7",
        "unix://relative",
        "/var/run/docker.sock",
    ]) {
        assert.deepEqual(socketFrom(host), {
            problem:
                `DOCKER_HOST is "${host}"; the lab needs a Docker engine on this machine, named by its socket ` +
                "(unix:///path), since the droplets' addresses are reached through its bridges. Unset DOCKER_HOST or change it.",
        });
    }
});

test("an engine whose containers cannot be reached from here is refused", () => {
    assert.equal(
        engineProblem({ OperatingSystem: "Debian GNU/Linux 12", SecurityOptions: ["name=apparmor"] }),
        undefined,
    );
    assert.equal(engineProblem({ SecurityOptions: null }), undefined);
    assert.match(
        engineProblem({ SecurityOptions: ["name=seccomp", "name=rootless"] }) ?? "",
        /^it runs without root/,
    );
    assert.match(engineProblem({ OperatingSystem: "Docker Desktop" }) ?? "", /^it runs in Docker Desktop/);
});

const before = `# Generated by iptables-save
*filter
:INPUT ACCEPT [10:20]
:FORWARD ACCEPT [0:0]
:mine - [0:0]
-A INPUT -j mine
-A mine -s 192.0.2.1/32 -j DROP
COMMIT
`;

test("only what Docker added to the packet filter is undone", () => {
    const after = `*filter
:INPUT ACCEPT [30:40]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:mine - [0:0]
:theirs - [0:0]
-A INPUT -j mine
-A INPUT -j theirs
-A FORWARD -j DOCKER-USER
-A FORWARD -o br-0123456789ab -j DOCKER
-A FORWARD -i swl1pub -o swl1pub -j ACCEPT
-A FORWARD -i br-lan -j ACCEPT
-A DOCKER-USER -j RETURN
-A mine -s 192.0.2.1/32 -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 203.0.113.0/24 ! -o br-0123456789ab -j MASQUERADE
COMMIT
`;
    assert.equal(
        undo(parseTables(before), parseTables(after)),
        `*filter
:FORWARD ACCEPT [0:0]
-D FORWARD -j DOCKER-USER
-D FORWARD -o br-0123456789ab -j DOCKER
-D FORWARD -i swl1pub -o swl1pub -j ACCEPT
-F DOCKER
-F DOCKER-USER
-X DOCKER
-X DOCKER-USER
COMMIT
*nat
-D PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-D POSTROUTING -s 203.0.113.0/24 ! -o br-0123456789ab -j MASQUERADE
-F DOCKER
-X DOCKER
COMMIT
`,
    );
});

test("what was there before, Docker's too, is not touched", () => {
    const dockers = `${before}*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
COMMIT
`;
    assert.equal(undo(parseTables(dockers), parseTables(dockers)), "");
    assert.equal(undo(parseTables(before), parseTables(before)), "");
    assert.equal(undo([], []), "");
});

test("a table is new and empty only when it was absent and holds no chain, rule or policy", () => {
    const table = (body: string) => parseTables(`*nat\n:OUTPUT ACCEPT [0:0]\n${body}COMMIT\n`);
    assert.deepEqual(emptyNewTables([], table("")), ["nat"]);
    assert.deepEqual(emptyNewTables(table(""), table("")), []);
    assert.deepEqual(emptyNewTables([], table(":mine - [0:0]\n")), []);
    assert.deepEqual(emptyNewTables([], table(":INPUT DROP [0:0]\n")), []);
    assert.deepEqual(emptyNewTables([], table("-A OUTPUT -j ACCEPT\n")), []);
});
