import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DECLARED_KEYS, parseSettings } from "../../config.ts";
import { SECRET_KEYS, type Settings } from "../../model/settings.ts";

/** What a stack has to say at least. */
const least = { sshFrom: ["203.0.113.7/32"] };

function parsed(raw: Record<string, unknown>): Settings {
    const result = parseSettings({ ...least, ...raw });
    assert.ok("settings" in result, "problems" in result ? result.problems.join("\n") : "");
    return result.settings;
}

function problems(raw: Record<string, unknown>, secretKeys: string[] = []): readonly string[] {
    const result = parseSettings({ ...least, ...raw }, secretKeys);
    return "problems" in result ? result.problems : [];
}

const NAMES =
    'names and ranges such as "node1", "node[2:4]" or "node[1:2],db[01:12]", at most 100 in all; each name a host ' +
    "name of lower-case letters, digits and inner hyphens, at most 63 characters, not digits alone";
const COUNT = "1, 3, 5 or 7 managers, so that a majority is left when some are lost";
const RECOVER = 'the name of the manager from which to go on, one of swarm:managers, or "" for none';
const SLUG_OR_ID =
    'the numeric ID of an image or snapshot such as 18153887, or a slug such as "docker-22-04"';
const SIZE = 'the slug of a droplet size such as "s-1vcpu-1gb"';
const ACCOUNT_KEY =
    "the numeric ID of an SSH key of the account, or its MD5 fingerprint such as " +
    '"3b:16:e4:bf:8b:00:8b:b8:…" (ssh-keygen -l -E md5)';
const SSH_FROM =
    'a list of IPv4 or IPv6 ranges such as ["203.0.113.7/32", "2001:db8::/48"], at least one; "0.0.0.0/0" and ' +
    '"::/0" open port 22 to the whole world';
const VPC =
    'a private IPv4 range (RFC 1918) from /16 to /28 such as "10.120.0.0/20", apart from swarm:overlayPool, ' +
    "Docker's local networks and DigitalOcean's own ranges, with room for twice the nodes";
const POOL =
    'a private IPv4 range (RFC 1918) such as "10.200.0.0/16", apart from swarm:vpcIpRange, Docker\'s local ' +
    "networks and DigitalOcean's own ranges";
const mask = (prefix: number) =>
    `a whole number from ${prefix} (the prefix of swarm:overlayPool) to 29 that gives each overlay network an ` +
    "address for every node, task and service on it";

describe("a bad value is refused with", () => {
    const rows: [raw: Record<string, unknown>, ...texts: string[]][] = [
        [{ regoin: "sgp1" }, "swarm:regoin: unknown key; the nearest known one is swarm:region"],
        [
            { tokenrotation: 1 },
            "swarm:tokenrotation: unknown key; the nearest known one is swarm:tokenRotation",
        ],
        [{ toString: "x" }, `swarm:toString: unknown key; allowed: ${Object.keys(DECLARED_KEYS).join(", ")}`],
        [{ region: "Singapore" }, 'swarm:region: "Singapore"; allowed: the slug of a region such as "sgp1"'],
        [{ region: "" }, 'swarm:region: ""; allowed: the slug of a region such as "sgp1"'],
        [{ image: "my image" }, `swarm:image: "my image"; allowed: ${SLUG_OR_ID}`],
        [{ workerImage: "?" }, `swarm:workerImage: "?"; allowed: ${SLUG_OR_ID}, or "" for swarm:image`],
        [{ managerImage: [1] }, `swarm:managerImage: [1]; allowed: ${SLUG_OR_ID}, or "" for swarm:image`],
        [{ size: "1 GB" }, `swarm:size: "1 GB"; allowed: ${SIZE}`],
        [{ managerSize: "1 GB" }, `swarm:managerSize: "1 GB"; allowed: ${SIZE}, or "" for swarm:size`],
        [{ workerSize: {} }, `swarm:workerSize: {}; allowed: ${SIZE}, or "" for swarm:size`],
        [
            { workers: "node[4:2]" },
            `swarm:workers: "node[4:2]": "node[4:2]" runs backwards; allowed: ${NAMES}`,
        ],
        [
            { workers: "n[1:101]" },
            `swarm:workers: "n[1:101]": "n[1:101]" makes 101 names, more than 100; allowed: ${NAMES}`,
        ],
        [
            { workers: "n[1:100]" },
            `swarm:workers: "n[1:100]": makes 101 nodes together with swarm:managers; allowed: ${NAMES}`,
        ],
        [{ workers: "a,a" }, `swarm:workers: "a,a": makes a twice; allowed: ${NAMES}`],
        [{ workers: "Node" }, `swarm:workers: "Node": "Node" is not a host name; allowed: ${NAMES}`],
        // A number of nodes, where names are wanted; words for none; a key without a value.
        [{ managers: 3 }, `swarm:managers: 3: "3" is a number, not a name; allowed: ${NAMES}`],
        [{ managers: "3" }, `swarm:managers: "3": "3" is a number, not a name; allowed: ${NAMES}`],
        [{ workers: "[1:3]" }, `swarm:workers: "[1:3]": "1" is a number, not a name; allowed: ${NAMES}`],
        ...["false", "null", "no", "none"].map((word): [Record<string, unknown>, string] => [
            { workers: word },
            `swarm:workers: "${word}": "${word}" is hardly meant for a name; "" stands for none; allowed: ${NAMES}`,
        ]),
        [{ workers: null }, `swarm:workers: null: has no value; "" stands for none; allowed: ${NAMES}`],
        [
            { managers: "node[1:3]", workers: "node[2:5],x" },
            'swarm:workers: "node[2:5],x": makes node[2:3], which swarm:managers makes already; ' +
                "allowed: names that are not among swarm:managers",
        ],
        [
            { managers: "node[1:2]", workers: "" },
            `swarm:managers: "node[1:2]": makes 2 managers; allowed: ${COUNT}`,
        ],
        [{ managers: "" }, `swarm:managers: "": makes no managers; allowed: ${COUNT}`],
        [{ managers: "m[1:9]" }, `swarm:managers: "m[1:9]": makes 9 managers; allowed: ${COUNT}`],
        [
            { managerAvailability: "pause" },
            'swarm:managerAvailability: "pause"; allowed: auto, active or drain',
        ],
        [
            { managerAvailability: "drain", workers: "", services: { web: { image: "nginx" } } },
            'swarm:managerAvailability: "drain": there are no workers, so that no node can run the service web; ' +
                'allowed: workers, or "active"',
        ],
        [{ protectManagers: "yes" }, 'swarm:protectManagers: "yes"; allowed: true or false'],
        [
            { managers: "m[1:3]", recoverFrom: "node2" },
            `swarm:recoverFrom: "node2": is not a manager; allowed: ${RECOVER}`,
        ],
        [
            { managers: "m[1:3]", recoverFrom: "m[1:2]" },
            `swarm:recoverFrom: "m[1:2]": is not a manager; allowed: ${RECOVER}`,
        ],
        [{ recoverFrom: ["node1"] }, `swarm:recoverFrom: ["node1"]; allowed: ${RECOVER}`],
        [{ tokenRotation: -1 }, "swarm:tokenRotation: -1; allowed: a whole number from 0 to 999999999"],
        [{ tokenRotation: "1.5" }, 'swarm:tokenRotation: "1.5"; allowed: a whole number from 0 to 999999999'],
        [{ autolock: "yes" }, 'swarm:autolock: "yes"; allowed: true or false'],
        [{ sshKeys: "12" }, `swarm:sshKeys: "12"; allowed: a list, each member ${ACCOUNT_KEY}`],
        [
            { sshKeys: ["SHA256:x", "my key", 0] },
            'swarm:sshKeys[0]: "SHA256:x": DigitalOcean knows keys by MD5 fingerprints only; ' +
                `allowed: ${ACCOUNT_KEY}`,
            `swarm:sshKeys[1]: "my key"; allowed: ${ACCOUNT_KEY}`,
            `swarm:sshKeys[2]: 0; allowed: ${ACCOUNT_KEY}`,
        ],
        [{ sshUser: "Root" }, 'swarm:sshUser: "Root"; allowed: the name of a Linux user such as "root"'],
        [
            { sshFrom: [] },
            `swarm:sshFrom: []: nobody could log in, this program included; allowed: ${SSH_FROM}`,
        ],
        [
            { sshFrom: undefined },
            `swarm:sshFrom: []: nobody could log in, this program included; allowed: ${SSH_FROM}`,
        ],
        [
            { sshFrom: ["203.0.113.7/24", "::/0", "home"] },
            'swarm:sshFrom[0]: "203.0.113.7/24": is not at the start of its range, which is 203.0.113.0/24; ' +
                `allowed: ${SSH_FROM}`,
            `swarm:sshFrom[2]: "home": is not an IP range; allowed: ${SSH_FROM}`,
        ],
        [{ sshFrom: { a: 1 } }, `swarm:sshFrom: {"a":1}; allowed: ${SSH_FROM}`],
        [
            { vpcIpRange: "10.120.0.0/15" },
            `swarm:vpcIpRange: "10.120.0.0/15": has a prefix of /15; allowed: ${VPC}`,
        ],
        [
            { vpcIpRange: "172.20.0.0/20" },
            'swarm:vpcIpRange: "172.20.0.0/20": overlaps 172.20.0.0/16, used by Docker\'s local networks; ' +
                `allowed: ${VPC}`,
        ],
        [
            { overlayPool: "10.0.0.0/8" },
            'swarm:overlayPool: "10.0.0.0/8": overlaps 10.229.0.0/16, used by DigitalOcean itself; ' +
                `allowed: ${POOL}`,
        ],
        [
            { vpcIpRange: "10.200.16.0/20" },
            'swarm:overlayPool: "10.200.0.0/16": overlaps swarm:vpcIpRange, 10.200.16.0/20; ' +
                `allowed: ${POOL}`,
        ],
        [
            { vpcIpRange: "10.120.0.0/28", workers: "node[2:6]" },
            'swarm:vpcIpRange: "10.120.0.0/28": has 11 addresses for droplets, while 6 nodes need 12: an exchange ' +
                `of all nodes makes the new ones before the old ones go; allowed: ${VPC}`,
        ],
        [
            { overlayPoolMaskLength: 30 },
            "swarm:overlayPoolMaskLength: 30; allowed: a whole number from 1 to 29",
        ],
        [
            { overlayPoolMaskLength: "24.5" },
            'swarm:overlayPoolMaskLength: "24.5"; allowed: a whole number from 1 to 29',
        ],
        [
            { overlayPoolMaskLength: 12 },
            "swarm:overlayPoolMaskLength: 12: is shorter than the prefix of swarm:overlayPool, 10.200.0.0/16; " +
                `allowed: ${mask(16)}`,
        ],
        [
            {
                overlayPoolMaskLength: 28,
                services: {
                    web: { image: "nginx", replicas: 4, ports: ["80:80"], update: { order: "start-first" } },
                },
            },
            'swarm:overlayPoolMaskLength: 28: gives the network "ingress" 13 addresses, while it needs 14: 8 for ' +
                `nodes (twice 4, for an exchange of all), 5 for tasks, 1 for services; allowed: ${mask(16)}`,
        ],
        [
            { overlayPool: "10.200.0.0/24", services: { web: { image: "nginx", networks: ["back"] } } },
            'swarm:overlayPool: "10.200.0.0/24": divides into 1 × /24, while the ingress network and the ' +
                `services' own need 2; allowed: ${POOL}`,
        ],
        [
            { minDockerVersion: "1.12.0" },
            'swarm:minDockerVersion: "1.12.0"; allowed: a version such as "20.10.24", at least 18.09.0',
        ],
        [
            { minDockerVersion: "latest" },
            'swarm:minDockerVersion: "latest"; allowed: a version such as "20.10.24", at least 18.09.0',
        ],
        [{ nodeTimeout: 29 }, "swarm:nodeTimeout: 29; allowed: a whole number of seconds from 30 to 3600"],
        [{ monitoring: "yes" }, 'swarm:monitoring: "yes"; allowed: true or false'],
        [
            { services: "web" },
            'swarm:services: "web"; allowed: a map from names of services to their options',
        ],
        [{ services: "[1" }, 'swarm:services: "[1"; allowed: a map from names of services to their options'],
    ];
    for (const [raw, ...texts] of rows) {
        test(JSON.stringify(raw), () => assert.deepEqual(problems(raw), texts));
    }
});

describe("a key without a value is never taken for its default", () => {
    // "" is what today's engine makes of it, null what it says that later ones will.
    const none = ["managerImage", "workerImage", "managerSize", "workerSize", "workers", "recoverFrom"];
    for (const key of Object.keys(DECLARED_KEYS)) {
        const about = (value: unknown) =>
            problems({ [key]: value }).filter((text) => text.startsWith(`swarm:${key}`)).length;
        test(key, () => {
            assert.equal(about(null), 1);
            assert.equal(about(""), none.includes(key) ? 0 : 1);
        });
    }
});

test("all problems come at once, those of one key and those between keys", () => {
    const keys = problems({
        bogus: 1,
        region: "?",
        managers: "m[1:2]",
        workers: "m2,w",
        overlayPool: "10.120.0.0/16",
        services: {
            a: { image: "?", ports: ["80:80"] },
            b: { image: "x", ports: ["80:80", "22:22"] },
            c: { image: "x", ports: ["80:1"] },
        },
    }).map((text) => text.split(": ")[0]);
    assert.deepEqual(keys, [
        "swarm:bogus",
        "swarm:region",
        "swarm:services.a.image",
        "swarm:services.b.ports",
        "swarm:services.c.ports",
        "swarm:managers",
        "swarm:workers",
        "swarm:overlayPool",
    ]);
});

describe("a key that cannot be kept secret is refused when it is to be", () => {
    for (const key of Object.keys(DECLARED_KEYS)) {
        const refused = !(SECRET_KEYS as readonly string[]).includes(key);
        test(`${key}: ${refused}`, () => {
            assert.deepEqual(
                problems({ [key]: undefined, sshFrom: ["::/0"] }, [key]),
                refused
                    ? [
                          `swarm:${key}: [secret]; allowed: a value that is not secret, since names, options and outputs are in ` +
                              `clear wherever they are: pulumi config set swarm:${key} VALUE`,
                      ]
                    : [],
            );
        });
    }
});

describe("nothing of a value that is stored encrypted is shown", () => {
    test("in a problem of its own key", () => {
        assert.deepEqual(problems({ vpcIpRange: "10.66.0.0/8" }, ["vpcIpRange"]), [
            `swarm:vpcIpRange: [secret]; allowed: ${VPC}`,
        ]);
    });

    test("in a problem of another key", () => {
        assert.deepEqual(problems({ vpcIpRange: "10.200.0.0/20" }, ["vpcIpRange"]), [
            `swarm:overlayPool: [secret]; allowed: ${POOL}`,
        ]);
    });

    test("in a problem within a service", () => {
        const text = problems({ services: { web: { image: "HUSH", ports: ["22:1"] } } }, ["services"]).join(
            "\n",
        );
        assert.match(text, /^swarm:services\.web\.image: \[secret\]; allowed: an image reference/);
        assert.doesNotMatch(text, /HUSH/);
    });
});

describe("settings", () => {
    test("have every default", () => {
        const { services, nodes, ...rest } = parsed({});
        assert.deepEqual(services, []);
        assert.deepEqual(
            nodes.map(({ name, role, image, size }) => [name, role, image, size].join(" ")),
            [
                "node1 manager docker-22-04 s-1vcpu-1gb",
                "node2 worker docker-22-04 s-1vcpu-1gb",
                "node3 worker docker-22-04 s-1vcpu-1gb",
                "node4 worker docker-22-04 s-1vcpu-1gb",
            ],
        );
        assert.deepEqual(rest, {
            region: "sgp1",
            managers: ["node1"],
            workers: ["node2", "node3", "node4"],
            managerAvailability: "active",
            protectManagers: false,
            recoverFrom: "",
            tokenRotation: 0,
            autolock: false,
            sshKeys: [],
            sshUser: "root",
            sshFrom: ["203.0.113.7/32"],
            vpcIpRange: "10.120.0.0/20",
            overlayPool: "10.200.0.0/16",
            overlayPoolMaskLength: 24,
            minDockerVersion: "20.10.24",
            nodeTimeout: 600,
            nodeLabels: {},
            openPorts: [],
            networks: {},
            monitoring: false,
            secrets: {},
            configs: {},
            keep: 0,
            registries: {},
            secretKeys: [],
        });
    });

    test("name the manager to recover from, and whether managers are protected, as text too", () => {
        const { recoverFrom, protectManagers } = parsed({
            managers: "m[1:3]",
            recoverFrom: "m2",
            protectManagers: "true",
        });
        assert.equal(recoverFrom, "m2");
        assert.equal(protectManagers, true);
    });

    test("are the same from text, as a stack's configuration has it, and from values", () => {
        const values = {
            image: 18153887,
            workers: "w[1:2]",
            overlayPoolMaskLength: 25,
            monitoring: false,
            sshKeys: [18153887, "MD5:3B:16:e4:bf:8b:00:8b:b8:aa:bb:cc:dd:ee:ff:00:11"],
            networks: {},
            services: { web: { image: "nginx", replicas: 2, ports: ["80:80"] } },
        };
        const texts = Object.fromEntries(
            Object.entries(values).map(([key, value]) => [
                key,
                typeof value === "string" ? value : JSON.stringify(value),
            ]),
        );
        assert.deepEqual(parsed(texts), parsed(values));
        assert.deepEqual(parsed(texts).sshKeys, [
            "18153887",
            "3b:16:e4:bf:8b:00:8b:b8:aa:bb:cc:dd:ee:ff:00:11",
        ]);
        assert.equal(parsed(texts).nodes[0]?.image, "18153887");
        assert.equal(parsed(texts).monitoring, false);
    });

    test("take names as a list too, and one range for SSH without a list", () => {
        const settings = parsed({ managers: ["a", "b[1:2]"], workers: "[]", sshFrom: "198.51.100.0/24" });
        assert.deepEqual(settings.managers, ["a", "b1", "b2"]);
        assert.deepEqual(settings.workers, []);
        assert.deepEqual(settings.sshFrom, ["198.51.100.0/24"]);
    });

    test("write ranges for SSH in one form, each once", () => {
        assert.deepEqual(parsed({ sshFrom: ["203.0.113.7", "203.0.113.7/32", "2001:DB8::/32"] }).sshFrom, [
            "203.0.113.7/32",
            "2001:db8::/32",
        ]);
    });

    test("give each role its own image and size", () => {
        const { nodes } = parsed({
            workers: "w",
            image: "i",
            managerImage: "mi",
            size: "s",
            workerSize: "ws",
        });
        assert.deepEqual(nodes, [
            { name: "node1", role: "manager", image: "mi", size: "s", ofRole: ["image"] },
            { name: "w", role: "worker", image: "i", size: "ws", ofRole: ["size"] },
        ]);
    });

    for (const [managers, workers, wish, expected] of [
        ["m1", "w[1:3]", "auto", "active"],
        ["m[1:3]", "", "auto", "active"],
        ["m[1:3]", "w1", "auto", "drain"],
        ["m[1:3]", "w1", "active", "active"],
        ["m1", "w1", "drain", "drain"],
    ] as const) {
        test(`managers ${managers}, workers ${workers || "none"}, ${wish}: ${expected}`, () => {
            assert.equal(
                parsed({ managers, workers, managerAvailability: wish }).managerAvailability,
                expected,
            );
        });
    }

    test("hold a hundred nodes", () => {
        assert.equal(parsed({ workers: "n[001:099]" }).nodes.length, 100);
    });
});
