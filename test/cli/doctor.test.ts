/** What the doctor makes of what it finds. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
    type ApiFirewall,
    accountChecks,
    firewallChecks,
    READ_SCOPES,
    tokenChecks,
} from "../../cli/doctor/account.ts";
import { type Check, checksText, fail, ok, warn } from "../../cli/doctor/checks.ts";
import {
    clockCheck,
    diskCheck,
    engineCheck,
    memberChecks,
    overlayCheck,
    type Probe,
    parseProbe,
    portCheck,
    skew,
    sshFromCheck,
} from "../../cli/doctor/probe.ts";
import { swarmChecks } from "../../cli/doctor/swarm.ts";
import { NoManager } from "../../cli/managers.ts";
import type { Settings } from "../../model/settings.ts";
import { stackNames } from "../../model/stackNames.ts";
import { compared, sources } from "./recordings.ts";
import "./plain.ts";

const names = stackNames("swarm", "dev", "3f9a2c1b");

/** As a node of the lab answered, with one port closed and one address that nobody has. */
const answer = `begin 1795731436.985670341
from 198.18.12.1
docker 26.1.5+dfsg1
root /var/lib/docker
swarm active
disk 23 73575340
inodes 5 16093323
ingress 10.200.0.2/24
tcp 10.144.0.3:7946 open
tcp 10.144.0.2:2377 open
tcp 10.144.0.3:2377 closed
overlay 10.200.0.3 full
overlay 10.200.0.99 lost
end 1795731444.206307587
`;

const probe = parseProbe("node1", answer, 1795731436_500, 1795731444_300);
const probes = (...changes: Partial<Probe>[]): Probe[] =>
    changes.map((change, index) => ({ ...probe, node: `node${index + 1}`, ...change }));

/** Level and text; the remedy is looked at where it matters. */
const said = ({ level, text }: Check) => `${level}: ${text}`;

describe("what a node answered", () => {
    test("read", () => {
        assert.deepEqual(probe, {
            node: "node1",
            from: "198.18.12.1",
            docker: "26.1.5+dfsg1",
            swarm: "active",
            disk: 23,
            diskFreeKb: 73575340,
            inodes: 5,
            ingress: "10.200.0.2",
            tcp: { "10.144.0.3:7946": "open", "10.144.0.2:2377": "open", "10.144.0.3:2377": "closed" },
            overlay: { "10.200.0.3": "full", "10.200.0.99": "lost" },
            clock: {
                begin: 1795731436.9856703 * 1000,
                end: 1795731444.2063076 * 1000,
                sent: 1795731436_500,
                received: 1795731444_300,
            },
        });
    });

    test("a host that answers with something else", () => {
        assert.deepEqual(parseProbe("node1", "Please wait while we get your droplet ready...\n", 1, 2), {
            node: "node1",
            from: undefined,
            docker: undefined,
            swarm: undefined,
            disk: undefined,
            diskFreeKb: undefined,
            inodes: undefined,
            ingress: undefined,
            tcp: {},
            overlay: {},
        });
    });

    test("the script is free of what shellcheck warns of", () => {
        const script = readFileSync(new URL("../../cli/doctor/probe.sh", import.meta.url), "utf8");
        execFileSync("shellcheck", ["--shell=sh", "--severity=style", "-"], { input: script });
        execFileSync("dash", ["-n"], { input: script });
    });
});

describe("clocks", () => {
    const clock = (begin: number, end: number) => ({ clock: { begin, end, sent: 10_000, received: 12_000 } });

    test("only what is off for sure counts", () => {
        const cases: [begin: number, end: number, seconds: number][] = [
            [10_500, 11_900, 0],
            [10_000, 12_000, 0],
            [7_500, 9_000, -2.5],
            [14_000, 15_500, 3.5],
        ];
        for (const [begin, end, seconds] of cases) {
            assert.equal(skew({ ...probe, ...clock(begin, end) }), seconds);
        }
    });

    test("a little, a lot", () => {
        assert.equal(said(clockCheck(probes({}, {}))), "ok: all of node[1:2] within 1 s of this machine's");
        assert.equal(said(clockCheck(probes({}, clock(7_500, 9_000)))), "warn: node2 is 2.5 s behind");
        assert.equal(said(clockCheck(probes(clock(100_000, 101_000)))), "fail: node1 is 89.0 s ahead");
    });
});

describe("engines", () => {
    test("one version, two, too old, silent", () => {
        assert.equal(said(engineCheck(probes({}, {}), "20.10.24")), "ok: 26.1.5+dfsg1 on node[1:2]");
        assert.equal(
            said(engineCheck(probes({}, { docker: "27.0.1" }), "20.10.24")),
            "warn: 26.1.5+dfsg1 on node1; 27.0.1 on node2",
        );
        assert.equal(
            said(engineCheck(probes({}, { docker: "20.10.5+dfsg1" }), "20.10.24")),
            "fail: 26.1.5+dfsg1 on node1; 20.10.5+dfsg1 on node2; 20.10.5+dfsg1 is older than 20.10.24",
        );
        assert.equal(
            said(engineCheck(probes({}, { docker: "none" }), undefined)),
            "fail: Docker does not answer on node2",
        );
    });
});

describe("the swarm", () => {
    const { swarm } = sources("healthy");

    test("is what the stack says", () => {
        assert.deepEqual(swarmChecks(compared("healthy")).map(said), [
            "ok: members and services are what the stack says",
        ]);
    });

    test("differs: a line each, with what to do", () => {
        const checks = swarmChecks(compared("healthy", { swarm: swarm && { ...swarm, services: [] } }));
        assert.deepEqual(
            checks.map((check) => [said(check), check.remedy]),
            [["fail: nginx: there is no such service in the swarm", "pulumi up"]],
        );
    });

    test("cannot be asked", () => {
        const facts = {
            ...compared("healthy", { swarm: undefined }),
            noManager: new NoManager("NO QUORUM: ...", true),
        };
        assert.deepEqual(swarmChecks(facts).map(said), ["fail: NO QUORUM: ..."]);
        const droplets = sources("healthy").droplets?.map((one) =>
            one.name === "node2" ? { ...one, status: "off" } : one,
        );
        const off = { ...compared("healthy", { swarm: undefined, droplets }), noManager: facts.noManager };
        assert.deepEqual(
            swarmChecks(off).map(({ text, remedy }) => [text.replace(/\d{4,}/, "ID"), remedy]),
            [
                ["NO QUORUM: ...", 'docs/operations.md, "Lost quorum"'],
                [
                    "node2: its droplet ID is off",
                    "bring it back (switch it on, mend its network): without a quorum nothing can take its place",
                ],
            ],
        );
    });

    test("cannot be compared: that is said beside", () => {
        const facts = compared("healthy");
        const wanted = { ...facts.wanted, encrypted: ["nginx"] };
        assert.deepEqual(swarmChecks({ ...facts, wanted }).map(said), [
            "ok: members and services are what the stack says",
            "warn: the options of nginx are kept secret, and cannot be read here, so they are not compared with the swarm",
        ]);
    });
});

test("nodes that their engine has in no swarm: a firewall is not what is said", () => {
    assert.deepEqual(memberChecks(probes({}, { swarm: "error" }, { swarm: undefined })), []);
    assert.deepEqual(memberChecks(probes({ swarm: "locked" }, { swarm: "inactive" })), [
        fail(
            "member",
            "node1 is LOCKED since its engine was started again (swarm:autolock)",
            "unlock it: pulumi stack output unlockKey --show-secrets | swarm ssh node1 -- docker swarm unlock",
        ),
        fail(
            "member",
            "node2 is in no swarm (inactive)",
            "pulumi up, which has it join; where it was the only manager: docs/operations.md",
        ),
    ]);
});

describe("disks", () => {
    test("room, little room, no room, no inodes", () => {
        assert.equal(said(diskCheck(probes({}, {}))), "ok: all of node[1:2] below 80 %");
        assert.equal(
            said(diskCheck(probes({ disk: 83, diskFreeKb: 4_200_000 }))),
            "warn: node1: 83 % of the disk used (4.0 GiB left)",
        );
        assert.equal(
            said(diskCheck(probes({ disk: 99, diskFreeKb: 100_000 }))),
            "fail: node1: 99 % of the disk used (0.1 GiB left)",
        );
        assert.equal(
            diskCheck(probes({ disk: 83 }, { disk: 83 })).remedy,
            "cli/bin/swarm docker --on 'node[1:2]' system prune --all --force, or a larger swarm:size",
        );
        assert.equal(
            said(diskCheck(probes({ inodes: 96, diskFreeKb: undefined }))),
            "fail: node1: 96 % of the inodes used",
        );
    });
});

describe("between nodes", () => {
    const target = (address: string) =>
        ({ "10.144.0.3": "node4", "10.200.0.3": "node4" })[address] ?? "node9";

    test("ports", () => {
        assert.equal(said(portCheck([probe], target)), "fail: no TCP from node1 to node4 port 2377");
        assert.equal(
            said(portCheck(probes({ tcp: { "10.144.0.3:7946": "open" } }), target)),
            "ok: 2377 of each manager and 7946 of each node by TCP, in one direction",
        );
        assert.equal(
            said(portCheck(probes({ tcp: { "10.144.0.3:7946": "untried" } }), target)),
            "warn: could not be tried: there is no bash on the nodes",
        );
    });

    test("many at once are told by number", () => {
        const tcp = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`10.0.0.${n}:7946`, "closed" as const]));
        assert.equal(
            said(portCheck(probes({ tcp }), (address) => `n${address.at(-1)}`)),
            "fail: no TCP from node1 to n1 port 7946, node1 to n2 port 7946, node1 to n3 port 7946 and 2 more",
        );
    });

    test("overlay and MTU", () => {
        const overlay = (state: "full" | "small" | "lost" | "untried") => ({
            overlay: { "10.200.0.3": state },
        });
        const check = (...states: ("full" | "small" | "lost" | "untried")[]) =>
            said(overlayCheck(probes(...states.map(overlay)), target));
        assert.equal(
            check("full", "full"),
            "ok: full packets of 1450 bytes through 4789/udp, in 2 directions",
        );
        assert.equal(check("full", "small"), "fail: only small packets come through from node2 to node4");
        assert.equal(check("lost", "small"), "fail: nothing comes through from node1 to node4");
        assert.equal(
            check("untried", "untried"),
            "warn: could not be tried: the nodes have no ping, nsenter or ingress network",
        );
        assert.equal(
            said(overlayCheck(probes({ overlay: {} }), target)),
            "ok: a single node has nobody to talk to",
        );
    });
});

describe("own address", () => {
    const cases: [from: string | undefined, sshFrom: string[], expected: string][] = [
        ["203.0.113.7", ["203.0.113.0/24"], "ok: 203.0.113.7 is within swarm:sshFrom (203.0.113.0/24)"],
        [
            "2001:db8::7",
            ["203.0.113.0/24", "2001:db8::/48"],
            "ok: 2001:db8::7 is within swarm:sshFrom (2001:db8::/48)",
        ],
        [
            "198.51.100.9",
            ["203.0.113.0/24"],
            "fail: 198.51.100.9 is not within swarm:sshFrom (203.0.113.0/24)",
        ],
        [
            "203.0.113.7",
            ["0.0.0.0/0"],
            "warn: 203.0.113.7 gets to port 22, and so does everybody (swarm:sshFrom has 0.0.0.0/0)",
        ],
        [
            "203.0.113.7",
            ["0.0.0.0/1", "128.0.0.0/1"],
            "warn: 203.0.113.7 gets to port 22, and so does everybody (swarm:sshFrom has 0.0.0.0/1, 128.0.0.0/1)",
        ],
        [undefined, ["203.0.113.7/32"], "warn: no node could be asked which address this machine has"],
        ["unknown", ["203.0.113.7/32"], "warn: no node could be asked which address this machine has"],
    ];
    for (const [from, sshFrom, expected] of cases) {
        test(`${from} in ${sshFrom}`, () =>
            assert.equal(said(sshFromCheck(probes({ from }), { sshFrom, secretKeys: [] })), expected));
    }

    test("ranges that are kept secret are not said", () => {
        for (const from of ["203.0.113.7", "192.0.2.1", undefined]) {
            const check = sshFromCheck(probes({ from }), {
                sshFrom: ["203.0.113.0/24"],
                secretKeys: ["sshFrom"],
            });
            assert.match(JSON.stringify(check), /swarm:sshFrom \(\[secret\]\)/);
            assert.doesNotMatch(JSON.stringify(check), /203\.0\.113\.0/);
        }
    });
});

describe("the token", () => {
    const all = READ_SCOPES.map(([scope]) => ({ scope, status: 200, why: "" }));
    const withStatus = (scope: string, status: number, why = "") =>
        all.map((fact) => (fact.scope === scope ? { scope, status, why } : fact));

    test("good, refused, too narrow, not to be tried", () => {
        assert.deepEqual(tokenChecks(all).map(said), [
            "ok: reads all that a preview reads; what it may write shows when something is written",
        ]);
        assert.deepEqual(tokenChecks(withStatus("account:read", 401)).map(said), [
            "fail: DigitalOcean refuses the token (401)",
        ]);
        assert.deepEqual(tokenChecks(withStatus("vpc:read", 403)).map(said), [
            "fail: lacks the scopes vpc:read",
        ]);
        assert.deepEqual(tokenChecks(withStatus("tag:read", 404, "GET /v2/tags?per_page=1: 404")).map(said), [
            "fail: what every account has is not there: GET /v2/tags?per_page=1: 404",
        ]);
        assert.deepEqual(tokenChecks(withStatus("tag:read", 503, "GET /v2/tags: 503 not now")).map(said), [
            "warn: not every scope could be tried: tag:read: GET /v2/tags: 503 not now",
        ]);
    });
});

test("whole lists are read of what is looked at, and one entry of the rest", () => {
    const lists = READ_SCOPES.filter(([, , list]) => list !== undefined).map(([scope]) => scope);
    assert.deepEqual(lists, ["regions:read", "sizes:read", "droplet:read", "ssh_key:read", "firewall:read"]);
    for (const [scope, path, list] of READ_SCOPES) {
        assert.ok(list !== undefined || scope === "account:read" || path.endsWith("per_page=1"), scope);
    }
});

describe("the account against the configuration", () => {
    const settings = {
        region: "sgp1",
        sshKeys: [] as string[],
        services: [],
        nodes: [
            { name: "node1", role: "manager", image: "docker-22-04", size: "s-1vcpu-1gb" },
            { name: "node2", role: "worker", image: "docker-22-04", size: "s-1vcpu-1gb" },
        ],
    } as unknown as Settings;
    const size = { slug: "s-1vcpu-1gb", memory: 1024, vcpus: 1, disk: 25 };
    const image = { name: "Docker", minDiskSize: 25, regions: ["sgp1"] };
    const facts = {
        regions: [{ slug: "sgp1", available: true, sizes: ["s-1vcpu-1gb"] }],
        sizes: [size],
        images: { "docker-22-04": image },
        keys: [],
        dropletLimit: 25,
        droplets: [],
    };

    test("all there", () => {
        assert.deepEqual(
            accountChecks(settings, facts, names).map((check) => `${check.name}: ${said(check)}`),
            [
                "region: ok: sgp1 takes new droplets",
                "size: ok: s-1vcpu-1gb is in the region",
                "image: ok: docker-22-04 is in the region",
                "account keys: ok: 0 of swarm:sshKeys in the account",
                "droplet limit: ok: room for the 2 nodes that are wanted",
            ],
        );
    });

    test("each thing that is not", () => {
        const failed = (settingsChange: Partial<Settings>, factsChange: object) =>
            accountChecks({ ...settings, ...settingsChange }, { ...facts, ...factsChange }, names)
                .filter(({ level }) => level !== "ok")
                .map((check) => `${check.name}: ${said(check)}`);
        assert.deepEqual(
            failed({ region: "mars1" }, { images: { "docker-22-04": { ...image, regions: [] } } }),
            ['region: fail: swarm:region: "mars1" is not a region; there are: sgp1'],
        );
        assert.deepEqual(failed({}, { images: { "docker-22-04": { ...image, regions: ["ams3"] } } }), [
            'image: fail: swarm:image: "docker-22-04" (Docker, for node1, node2) is not in sgp1, only in ams3; transfer it there first',
        ]);
        assert.deepEqual(failed({}, { sizes: [{ ...size, disk: 10 }] }), [
            'size: fail: swarm:size: "s-1vcpu-1gb" (for node1, node2) has a disk of 10 GB, while the image "docker-22-04" ' +
                "needs 25 GB: take a larger size, or an image made on a droplet with a smaller disk",
        ]);
        assert.deepEqual(failed({}, { dropletLimit: 1 }), [
            "droplet limit: fail: swarm:workers, swarm:managers: 2 more droplets are wanted, but the account allows 1 and has " +
                "0; ask DigitalOcean for a higher limit, or want fewer nodes",
        ]);
        assert.deepEqual(failed({}, { regions: undefined }), [
            "region: warn: could not be looked up",
            "size: warn: could not be looked up",
        ]);
    });
});

describe("the cloud's firewalls", () => {
    const fromNodes = { tags: [names.tags.all] };
    const WORLD = { addresses: ["0.0.0.0/0"] };
    const rule = (protocol: string, ports: string, sources: object = fromNodes) => ({
        protocol,
        ports,
        sources,
    });
    const good = [rule("tcp", "2377"), rule("tcp", "7946"), rule("udp", "7946"), rule("udp", "4789")];
    const own = (...inbound_rules: ReturnType<typeof rule>[]) => ({
        name: names.stack,
        tags: [names.tags.all],
        inbound_rules,
    });
    const other = (covers: object, ...inbound_rules: ReturnType<typeof rule>[]) => ({
        name: "web",
        ...covers,
        inbound_rules,
    });
    const opened = (ports: string, name = names.stack) => [
        `fail: ${ports} open to others than the nodes, by the firewall ${name}`,
    ];
    const fine = ["ok: 2377, 7946 and 4789 are open between the nodes, and to nobody else"];
    const none = [
        "fail: none is for the tag swarm-dev-3f9a2c1b, so it covers no node: every port is open to everybody",
    ];
    const allTcp = "2375/tcp, 2376/tcp, 2377/tcp, 7946/tcp";

    const cases: [what: string, firewalls: ApiFirewall[], found: string[]][] = [
        ["as it should be", [own(...good)], fine],
        ["by a range", [own(rule("tcp", "2377-7946"), rule("udp", "1-65535"))], fine],
        ["published ports beside", [own(...good, rule("tcp", "80", WORLD), rule("icmp", "0", WORLD))], fine],
        ["from nodes by their ID", [own(...good, rule("tcp", "2377", { droplet_ids: [7] }))], fine],
        ["none", [], none],
        ["one that has lost its tags", [{ ...own(...good), tags: [] }], none],
        ["shut", [own(...good.slice(1))], ["fail: 2377/tcp not open between the nodes"]],
        ["one port", [own(...good, rule("tcp", "2377", WORLD))], opened("2377/tcp")],
        [
            "from a single address",
            [own(...good, rule("tcp", "2377", { addresses: ["203.0.113.7"] }))],
            opened("2377/tcp"),
        ],
        [
            "from another droplet",
            [own(...good, rule("udp", "4789", { droplet_ids: [8] }))],
            opened("4789/udp"),
        ],
        ["from another tag", [own(...good, rule("udp", "4789", { tags: ["web"] }))], opened("4789/udp")],
        [
            "from a load balancer",
            [own(...good, rule("tcp", "7946", { load_balancer_uids: ["x"] }))],
            opened("7946/tcp"),
        ],
        ["a rule for all ports", [own(...good, rule("tcp", "1-65535", WORLD))], opened(allTcp)],
        ["a rule for port 0", [own(...good, rule("tcp", "0", WORLD))], opened(allTcp)],
        ["a rule for all", [own(...good, rule("tcp", "all", WORLD))], opened(allTcp)],
        [
            "a second firewall, by another tag of the stack's",
            [own(...good), other({ tags: [names.tags.worker] }, rule("udp", "4789", WORLD))],
            opened("4789/udp", "web"),
        ],
        [
            "a second firewall, by a droplet",
            [own(...good), other({ droplet_ids: [7] }, rule("tcp", "2370-2380", WORLD))],
            opened("2375/tcp, 2376/tcp, 2377/tcp", "web"),
        ],
        [
            "a second firewall, of others",
            [own(...good), other({ droplet_ids: [8], tags: ["web"] }, rule("tcp", "all", WORLD))],
            fine,
        ],
    ];
    for (const [what, firewalls, found] of cases) {
        test(what, () => assert.deepEqual(firewallChecks(firewalls, names, ["7"]).map(said), found));
    }
});

test("how it is shown", () => {
    assert.equal(
        checksText([
            ok("ssh", "is there"),
            warn("own address", "everybody", "narrow it"),
            fail("token", "none", "set it"),
        ]),
        [
            "ok    ssh          is there",
            "warn  own address  everybody",
            "                   → narrow it",
            "fail  token        none",
            "                   → set it",
            "1 ok, 1 to look at, 1 failed",
            "",
        ].join("\n"),
    );
});
