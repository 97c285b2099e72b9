/** Where a service in the swarm is not what the config says: each kind of difference, its words, and whose script mends it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { swarmDifferences } from "../../look/differences.ts";
import type { ApiService } from "../../look/facts.ts";
import { warning } from "../../look/look.ts";
import { facts, lines, running, STACK, wanted, wantedSpec } from "./swarmFacts.ts";

test("a swarm as the config has it differs in nothing: neither digest, platforms, forced updates, nor the daemon's defaults", () => {
    const options = {
        env: { A: "1" },
        networks: ["front", "back"],
        mounts: ["source=data,target=/data", "type=tmpfs,target=/tmp"],
        limits: { cpus: 0.5 },
        ports: ["80:80"],
    };
    assert.deepEqual(lines(swarmDifferences(wanted(options), facts({ services: [running(options)] }))), []);
    assert.equal(warning([]), "");
});

const services: readonly (readonly [
    what: string,
    options: Record<string, unknown>,
    found: ApiService[],
    expected: string[],
])[] = [
    ["removed", {}, [], ["web: there is no such service in the swarm → web"]],
    [
        "scaled",
        { replicas: 3 },
        [running({ replicas: 5 })],
        ["web: 5 replicas in the swarm, 3 in the config → web"],
    ],
    [
        "scaled to one",
        { replicas: 0 },
        [running({ replicas: 1 })],
        ["web: 1 replica in the swarm, 0 in the config → web"],
    ],
    [
        "another image, as a failed update leaves it",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.Image = "busybox:nope";
                spec.Labels["swarm.image"] = "busybox:nope";
            }),
        ],
        ["web: image is busybox:nope in the swarm, nginx in the config → web"],
    ],
    [
        "another image behind the label's back",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.Image = "nginx:1.29@sha256:1";
            }),
        ],
        ["web: image is nginx:1.29 in the swarm, nginx in the config → web"],
    ],
    [
        "labels",
        { labels: { a: "1", b: "2" } },
        [running({ labels: { a: "x", c: "3" } })],
        [
            "web: label a is another one in the swarm than in the config → web",
            "web: label c is in the swarm, and not in the config → web",
            "web: label b is not in the swarm → web",
        ],
    ],
    [
        "variables, whose values are not shown",
        { env: { A: "hush" } },
        [running({ env: { A: "hunter2", B: "swordfish" } })],
        [
            "web: variable A is another one in the swarm than in the config → web",
            "web: variable B is in the swarm, and not in the config → web",
        ],
    ],
    [
        "the order of the variables, which is another spec to the swarm",
        { env: { A: "1", B: "2" } },
        [running({ env: { A: "1", B: "2" } }, (spec) => spec.TaskTemplate.ContainerSpec.Env.reverse())],
        ["web: the variables are in another order than in the config → web"],
    ],
    [
        "ports",
        { ports: ["80:80"] },
        [running({ ports: ["80:8080", "81:81/udp"] })],
        [
            "web: port 80/tcp to 8080/tcp is in the swarm, and not in the config → web",
            "web: port 81/udp to 81/udp is in the swarm, and not in the config → web",
            "web: port 80/tcp to 80/tcp is not in the swarm → web",
        ],
    ],
    [
        "a port's mode",
        { ports: ["80:80"] },
        [running({ ports: [{ published: 80, target: 80, mode: "host" }] })],
        [
            "web: port 80/tcp to 80/tcp (on the nodes with a task) is in the swarm, and not in the config → web",
            "web: port 80/tcp to 80/tcp is not in the swarm → web",
        ],
    ],
    [
        "networks",
        { networks: ["front"] },
        [running({ networks: ["back"] })],
        [
            "web: network back is in the swarm, and not in the config → web",
            "web: network front is not in the swarm → web",
        ],
    ],
    [
        "constraints",
        {},
        [running({ constraints: ["node.role==manager"] })],
        ["web: constraint node.role==manager is in the swarm, and not in the config → web"],
    ],
    [
        "mounts",
        { mounts: ["source=aa,target=/d"] },
        [running({ mounts: ["source=bb,target=/d"] })],
        ["web: mount /d is Source=bb,Type=volume in the swarm, Source=aa,Type=volume in the config → web"],
    ],
    [
        "limits",
        { limits: { memory: "64M" } },
        [running({ limits: { memory: "128M", cpus: 1 } })],
        [
            "web: limits.cpus 1 is in the swarm, and not in the config → web",
            "web: limits.memory is 128M in the swarm, 64M in the config → web",
        ],
    ],
    [
        "how it is updated",
        {},
        [running({ update: { order: "start-first", delay: "2s" } })],
        [
            "web: update.delay 2s is in the swarm, and not in the config → web",
            "web: update.order is start-first in the swarm, stop-first in the config → web",
        ],
    ],
    [
        "a field that no option is for",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.OpenStdin = true;
            }),
        ],
        ["web: TaskTemplate.ContainerSpec.OpenStdin is in the swarm, and not in the config → web"],
    ],
    [
        "fields that options are for",
        { healthcheck: { test: "true", interval: "5s" } },
        [
            running({ healthcheck: { test: "false", interval: "10s" } }, (spec) => {
                spec.TaskTemplate.ContainerSpec.TTY = true;
            }),
        ],
        [
            "web: tty true is in the swarm, and not in the config → web",
            "web: healthcheck.test is another one in the swarm than in the config → web",
            "web: healthcheck.interval is 10s in the swarm, 5s in the config → web",
        ],
    ],
    [
        "a field that is newer than this program",
        {},
        [
            running({}, (spec) => {
                spec.TaskTemplate.ContainerSpec.Newest = { On: true };
            }),
        ],
        [],
    ],
    [
        "the mode",
        { global: true },
        [running({ replicas: 2 })],
        [
            "web: replicas 2 is in the swarm, and not in the config → web",
            "web: mode is replicated in the swarm, global in the config → web",
        ],
    ],
    [
        "somebody else's",
        {},
        [
            running({}, (spec) => {
                spec.Labels = {};
            }),
        ],
        [
            "web: the service of this name is not this stack's; rename one of them, or remove that one (cli/bin/swarm docker service rm web), then pulumi up → web",
        ],
    ],
    [
        "an update that has stopped, with the spec that is wanted",
        {},
        [{ ...running({}), UpdateStatus: { State: "paused", Message: "update paused due to failure" } }],
        ["web: its update has stopped as paused: update paused due to failure → web"],
    ],
    [
        "a roll-back that has stopped",
        {},
        [{ ...running({}), UpdateStatus: { State: "rollback_paused" } }],
        ["web: its update has stopped as rollback_paused → web"],
    ],
    [
        "an update that has stopped, with another spec: that is what is said",
        {},
        [{ ...running({ replicas: 2 }), UpdateStatus: { State: "paused" } }],
        ["web: 2 replicas in the swarm, 1 in the config → web"],
    ],
    [
        "one that has only lost its stack's label",
        {},
        [
            running({}, (spec) => {
                spec.Labels = { "swarm.image": "nginx" };
            }),
        ],
        ["web: it lacks its label swarm.stack → web"],
    ],
    [
        "an update that was rolled back long ago",
        {},
        [{ ...running({}), UpdateStatus: { State: "rollback_completed" } }],
        [],
    ],
];

describe("services", () => {
    for (const [what, options, found, expected] of services) {
        test(what, () =>
            assert.deepEqual(lines(swarmDifferences(wanted(options), facts({ services: found }))), expected),
        );
    }

    test("options that are kept secret are not shown", () => {
        const secret = wanted(
            {},
            { services: [{ name: "web", spec: wantedSpec({ env: { A: "1" } }), secret: true }] },
        );
        const found = facts({ services: [running({ replicas: 7, env: { A: "hunter2" } })] });
        assert.deepEqual(lines(swarmDifferences(secret, found)), [
            "web: it is not what the config says → web",
        ]);
    });

    test("one of the stack's that the config does not have", () => {
        const found = facts({
            services: [
                running({}),
                running({}, (spec) => {
                    spec.Name = "old";
                }),
            ],
        });
        assert.deepEqual(lines(swarmDifferences(wanted(), found)), [
            "the service old is this stack's, and not in the config → roster",
        ]);
    });
});

test("a network whose options are others: the roster and the services on it make it anew", () => {
    const Labels = { "swarm.stack": STACK, "swarm.options": "0123456789ab" };
    const networks = [{ Id: "id-of-back", Name: "back", Labels }];
    const found = facts({ services: [running({ networks: ["back"] })], networks });
    const differences = (mark: string) =>
        lines(swarmDifferences(wanted({ networks: ["back"] }, { networks: { back: mark } }), found));
    assert.deepEqual(differences("0123456789ab"), []);
    const plain = {
        ...found,
        networks: [{ ...networks[0], Labels: { "swarm.stack": STACK } }],
    } as typeof found;
    assert.deepEqual(
        lines(swarmDifferences(wanted({ networks: ["back"] }, { networks: { back: "-" } }), plain)),
        [],
    );
    assert.deepEqual(differences("-"), [
        "the network back has other options in the swarm than in the config → roster",
        "web: it is made anew with its network back → web",
    ]);
});

test("a network that no service is on, and that is not there: the roster makes it", () => {
    const networks = { beside: "-" };
    assert.deepEqual(lines(swarmDifferences(wanted({}, { networks }), facts({ services: [running({})] }))), [
        "the network beside is not in the swarm → roster",
    ]);
    // A service may be on it whose spec nobody knows.
    const unknown = { networks, services: [{ name: "web", secret: false }] };
    assert.deepEqual(lines(swarmDifferences(wanted({}, unknown), facts({ services: [running({})] }))), []);
});
