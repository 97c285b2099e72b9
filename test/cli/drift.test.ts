/** Where the cluster, the cloud and the stack differ, in words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeTable } from "../../cli/commands/ls.ts";
import { drift, driftText, type Facts } from "../../cli/drift.ts";
import { healthOf } from "../../cli/health.ts";
import { readState } from "../../cli/stackState.ts";
import { wantedIn } from "../../cli/wanted.ts";
import type { ApiNode, ApiService } from "../../look/facts.ts";
import { commandState, compared, serviceStdin, sources } from "./recordings.ts";

const { swarm, droplets, state } = sources("healthy");
if (!swarm || !droplets) throw new Error("the recording has no swarm");
const { nodes } = swarm;
const [service] = swarm.services;
if (!service) throw new Error("the recording has no service");

const texts = (facts: Facts) => drift(facts).map(driftText);
const withNodes = (changed: readonly ApiNode[]) => ({ swarm: { ...swarm, nodes: changed } });
const member = (name: string): ApiNode => {
    const found = nodes.find(({ Description }) => Description.Hostname === name);
    assert.ok(found, name);
    return found;
};
/** The swarm with one of its members changed. */
const changed = (name: string, change: (node: ApiNode) => Partial<ApiNode>) =>
    withNodes(nodes.map((node) => (node === member(name) ? { ...node, ...change(node) } : node)));
const withService = (more: Partial<ApiService>) => ({
    swarm: { ...swarm, services: [{ ...service, ...more }] },
});

test("ports that somebody publishes and the firewall does not let in are named", () => {
    const port = { Protocol: "tcp", TargetPort: 9443, PublishedPort: 9443, PublishMode: "ingress" };
    const theirs = (more: object) => ({
        ...service,
        ID: "theirs",
        Spec: { ...service.Spec, Name: "portainer", Labels: {} },
        Endpoint: { Ports: [{ ...port, ...more }] },
    });
    const notes = (openPorts: readonly string[] | undefined, more: object = {}) =>
        healthOf({
            ...compared("healthy", { swarm: { ...swarm, services: [service, theirs(more)] } }),
            openPorts,
        }).notes.filter((note) => note.includes("firewall"));
    const closed = (port: string, index = 0) =>
        `portainer publishes ${port}, which the firewall does not let in; to open it: ` +
        `pulumi config set --path 'swarm:openPorts[${index}]' ${port}, then pulumi up`;
    assert.deepEqual(notes(["22/tcp", "80/tcp"]), [closed("9443/tcp")]);
    // Typed one after another, neither takes the place of the other, nor of what is open.
    const two = {
        ...service,
        Spec: { ...service.Spec, Name: "portainer" },
        Endpoint: { Ports: [port, { ...port, PublishedPort: 9444 }] },
    };
    assert.deepEqual(
        healthOf({
            ...compared("healthy", { swarm: { ...swarm, services: [two] } }),
            openPorts: ["22/tcp"],
            openPortsInConfig: 2,
        }).notes.filter((note) => note.includes("firewall")),
        [closed("9443/tcp", 2), closed("9444/tcp", 3)],
    );
    assert.deepEqual(notes(["80/tcp", "9000-9500/tcp"]), []);
    assert.deepEqual(notes(["80/tcp", "9000-9500/tcp"], { Protocol: "udp" }), [closed("9443/udp")]);
    // Where sshFrom is secret, so are the rules.
    assert.deepEqual(notes(undefined), []);
    const type = "digitalocean:index/firewall:Firewall";
    const from = (portRange: string, source: object) => ({ protocol: "tcp", portRange, ...source });
    const inboundRules = [
        from("22", { sourceAddresses: ["192.0.2.0/24"], sourceTags: [] }),
        from("2377", { sourceAddresses: [], sourceTags: ["swarm-dev"] }),
        from("9000-9010", { sourceAddresses: ["0.0.0.0/0"] }),
    ];
    const resources = [{ urn: `urn:pulumi:dev::swarm::${type}::all`, type, outputs: { inboundRules } }];
    const network = {
        urn: "urn:pulumi:dev::swarm::swarm:index:Network::network",
        type: "swarm:index:Network",
        outputs: { openPorts: ["9000-9010/tcp"] },
    };
    const both = [...resources, network];
    const state = readState({ deployment: { resources: both } }, "dev");
    assert.deepEqual([state.openPorts, state.openPortsInConfig], [["22/tcp", "9000-9010/tcp"], 1]);
    assert.equal(readState({ deployment: { resources } }, "dev").openPortsInConfig, 0);
});

describe("nodes", () => {
    const cases: readonly [name: string, facts: Facts, text: string][] = [
        [
            "removed from the swarm",
            compared("healthy", withNodes(nodes.filter((node) => node !== member("node4")))),
            "node4 is no member of the swarm; pulumi up",
        ],
        [
            "promoted",
            compared(
                "healthy",
                changed("node4", ({ Spec }) => ({
                    Spec: { ...Spec, Role: "manager" },
                    ManagerStatus: { Reachability: "reachable" },
                })),
            ),
            "node4 is a manager in the swarm, a worker in the stack; pulumi up",
        ],
        [
            "drained",
            compared(
                "healthy",
                changed("node4", ({ Spec }) => ({ Spec: { ...Spec, Availability: "drain" } })),
            ),
            "node4 is in availability drain in the swarm, active in the stack; pulumi up",
        ],
        [
            "a manager that was opened to tasks",
            compared(
                "healthy",
                changed("node2", ({ Spec }) => ({ Spec: { ...Spec, Availability: "active" } })),
            ),
            "node2 is in availability active in the swarm, drain in the stack; pulumi up",
        ],
        [
            "without its label",
            compared(
                "healthy",
                changed("node4", ({ Spec }) => ({
                    Spec: { ...Spec, Labels: { "swarm.stack": "swarm-lab-cli" } },
                })),
            ),
            "node4 lacks its label swarm.node; pulumi up",
        ],
        [
            "down, while its droplet runs",
            compared(
                "healthy",
                changed("node4", ({ Status }) => ({ Status: { ...Status, State: "down" } })),
            ),
            "node4 is down in the swarm; if its engine cannot be mended (cli/bin/swarm doctor), have it made anew: " +
                "cli/bin/swarm replace node4",
        ],
        [
            "a droplet that is off",
            compared("healthy", {
                droplets: droplets.map((one) => (one.name === "node4" ? { ...one, status: "off" } : one)),
            }),
            "node4: its droplet 217891710 is off; switch it on (cli/bin/swarm power on node4), or have it " +
                "made anew: cli/bin/swarm replace node4",
        ],
        [
            "a droplet that is gone",
            compared("healthy", { droplets: droplets.filter(({ name }) => name !== "node4") }),
            "node4: its droplet 217891710 is gone from the cloud; pulumi up --refresh makes it anew",
        ],
    ];
    for (const [name, facts, text] of cases) {
        test(name, () => {
            assert.deepEqual(texts(facts), [text]);
            const health = healthOf(facts);
            assert.deepEqual([health.status, health.reasons.at(-1)], [1, text]);
        });
    }

    test("a node that is not in the swarm, in the table", () => {
        const facts = compared("healthy", withNodes(nodes.filter((node) => node !== member("node4"))));
        assert.match(nodeTable(facts.view), /node4 .* \(worker\) {2}- {10}absent {2}- /);
    });

    test("a droplet that is gone, and no manager to ask", () => {
        assert.deepEqual(texts(compared("healthy", { swarm: undefined, droplets: droplets.slice(1) })), [
            `${droplets[0]?.name}: its droplet ${droplets[0]?.id} is gone from the cloud; pulumi up --refresh makes it anew`,
        ]);
    });

    test("one that has left and joined again: the former member is removed, and nothing is said of the new one", () => {
        const again = { ...member("node4"), ID: "again1" };
        const former = { ...member("node4"), Status: { ...member("node4").Status, State: "down" } };
        assert.deepEqual(
            texts(
                compared(
                    "healthy",
                    withNodes([former, again, ...nodes.filter(({ ID }) => ID !== former.ID)]),
                ),
            ),
            [`node4 (${former.ID}) is a member, and not in the stack; pulumi up`],
        );
    });

    test("members that the stack did not make, or has no longer; a droplet that is lost", () => {
        const template = member("node4");
        const stranger = {
            ...template,
            ID: "foreign1",
            Spec: { ...template.Spec, Labels: {} },
            Description: { Hostname: "laptop", Engine: { EngineVersion: "27.0.1" } },
            Status: { State: "ready", Addr: "10.144.0.77" },
        };
        const former = {
            ...template,
            ID: "former1",
            Spec: { ...template.Spec, Labels: { "swarm.stack": "swarm-lab-cli", "swarm.node": "node5" } },
            Status: { State: "down", Addr: "10.144.0.78" },
        };
        const lost = {
            ...droplets[0],
            id: 99,
            name: "node6",
            privateIp: "10.144.0.79",
        } as (typeof droplets)[number];
        const facts = compared("healthy", {
            ...withNodes([...nodes, stranger, former]),
            droplets: [...droplets, lost],
        });
        assert.deepEqual(
            drift(facts).map((difference) => [driftText(difference), difference.degrades]),
            [
                ["node5 (former1) is a member, and not in the stack; pulumi up", true],
                ["laptop (foreign1) is a member that the stack did not make; it is left alone", false],
                [
                    "node6 (droplet 99) carries the stack's tag and is in neither state nor swarm; see: cli/bin/swarm orphans",
                    true,
                ],
            ],
        );
        assert.deepEqual(
            facts.view.nodes
                .slice(4)
                .map(({ name, origin, state, dropletStatus }) => [name, origin, state, dropletStatus]),
            [
                ["laptop", "foreign", "ready", undefined],
                ["node5", "stack", "down", undefined],
                ["node6", "lost", "absent", "active"],
            ],
        );
        assert.deepEqual(healthOf(facts).notes, [
            "laptop (foreign1) is a member that the stack did not make; it is left alone",
            "engine versions differ: 26.1.5+dfsg1 on node[1:5]; 27.0.1 on laptop",
        ]);
    });

    test("a lost droplet that has joined is one line, not two", () => {
        const joined = { ...member("node4"), ID: "joined1", Status: { State: "ready", Addr: "10.144.0.79" } };
        const lost = {
            ...droplets[0],
            id: 99,
            name: "node4",
            privateIp: "10.144.0.79",
        } as (typeof droplets)[number];
        const { view } = compared("healthy", {
            ...withNodes([...nodes, joined]),
            droplets: [...droplets, lost],
        });
        assert.deepEqual(
            view.nodes
                .slice(4)
                .map(({ name, origin, dropletId, dropletStatus }) => [
                    name,
                    origin,
                    dropletId,
                    dropletStatus,
                ]),
            [["node4", "stack", "99", "active"]],
        );
    });

    test("another cluster under the same addresses", () => {
        assert.deepEqual(texts({ ...compared("healthy"), clusterId: "somethingelse" }), [
            "the managers are in the cluster 8z6vnr2jkuv9f35j6ip7h10hn, while the stack made somethingelse",
        ]);
    });
});

describe("services", () => {
    const spec = service.Spec;
    const container = spec.TaskTemplate.ContainerSpec;
    const cases: readonly [name: string, more: Partial<ApiService> | undefined, text: string][] = [
        ["removed", undefined, "nginx: there is no such service in the swarm; pulumi up"],
        [
            "scaled",
            { Spec: { ...spec, Mode: { Replicated: { Replicas: 5 } } } },
            "nginx: 5 replicas in the swarm, 2 in the stack; pulumi up",
        ],
        [
            "another image",
            {
                Spec: {
                    ...spec,
                    TaskTemplate: {
                        ...spec.TaskTemplate,
                        ContainerSpec: { ...container, Image: "busybox:nope" },
                    },
                },
            },
            "nginx: image is busybox:nope in the swarm, nginx in the stack; pulumi up",
        ],
        [
            "the stack's label removed",
            { Spec: { ...spec, Labels: { "swarm.image": "nginx" } } },
            "nginx: it lacks its label swarm.stack; pulumi up",
        ],
        [
            "another stack's under its name",
            { Spec: { ...spec, Labels: { ...spec.Labels, "swarm.stack": "swarm-prod" } } },
            "nginx: the service of this name is not this stack's; rename one of them, or remove that one (cli/bin/swarm docker service rm nginx), then pulumi up",
        ],
        [
            "a label added",
            { Spec: { ...spec, Labels: { ...spec.Labels, team: "hunter2" } } },
            "nginx: label team is in the swarm, and not in the stack; pulumi up",
        ],
        [
            "an update that has stopped",
            { UpdateStatus: { State: "paused", Message: "update paused due to failure" } },
            "nginx: its update has stopped as paused: update paused due to failure; pulumi up",
        ],
    ];
    const facts = (more: Partial<ApiService> | undefined) =>
        compared("healthy", more ? withService(more) : { swarm: { ...swarm, services: [] } });
    for (const [name, more, text] of cases) {
        test(name, () => {
            const health = healthOf(facts(more));
            assert.equal(health.status, 1);
            assert.ok(health.reasons.includes(text), health.reasons.join("\n"));
            assert.equal(health.drift.length, 1);
        });
    }

    test("rolled back once, and what the stack wants: worth a note, and healthy", () => {
        const health = healthOf(facts({ UpdateStatus: { State: "rollback_completed" } }));
        assert.deepEqual(
            [health.status, health.reasons, health.notes],
            [0, [], ["the last update of nginx was rolled back"]],
        );
    });

    test("somebody else's service is left alone; a stopped update of it is a reason all the same", () => {
        const other = {
            ...service,
            ID: "other1",
            Spec: { ...spec, Name: "other", Labels: {} },
            UpdateStatus: { State: "paused" },
        };
        const both = compared("healthy", { swarm: { ...swarm, services: [service, other] } });
        assert.deepEqual(healthOf(both).drift, []);
        assert.deepEqual(healthOf(both).reasons.at(-1), "the last update of other is paused");
    });

    test("one that the stack has no longer", () => {
        const other = { ...service, ID: "other1", Spec: { ...spec, Name: "other" } };
        const both = compared("healthy", { swarm: { ...swarm, services: [service, other] } });
        assert.deepEqual(texts(both), ["the service other is this stack's, and not in the stack; pulumi up"]);
    });

    /** The service's command in the state: with this on its stdin, or not there at all. */
    const withStdin = (stdin: unknown): Facts => {
        const all = (state.exported.deployment?.resources ?? []).filter(
            ({ urn }) => !urn.endsWith("::nginx"),
        );
        const resources = stdin === undefined ? all : [...all, commandState("Services", "nginx", stdin)];
        const now = readState({ deployment: { resources } }, "lab-cli");
        const scaled = withService({ Spec: { ...spec, Mode: { Replicated: { Replicas: 5 } } } });
        return { ...compared("healthy", scaled), wanted: wantedIn(now, droplets) };
    };

    test("encrypted options are not compared, and that is said", () => {
        const health = healthOf(
            withStdin({ "4dabf18193072939515e22adb298388d": "1b47061264138c4a", ciphertext: "v1:x" }),
        );
        assert.deepEqual(
            [health.drift, health.notes],
            [
                [],
                [
                    "the options of nginx are kept secret, and cannot be read here, so they are not compared with the swarm",
                ],
            ],
        );
    });

    test("options that were decrypted are compared, and not shown", () => {
        const plaintext = JSON.stringify(serviceStdin({ Mode: { Replicated: { Replicas: 2 } } }));
        assert.deepEqual(texts(withStdin({ plaintext })), [
            "nginx: it is not what the stack says; pulumi up",
        ]);
    });

    test("options that an older version wrote are not compared, and that is said", () => {
        const older = serviceStdin().replace(/\nspec\n[\s\S]*(?=\n#: end\n)/, "\nflag --replicas=2");
        const health = healthOf(withStdin(older));
        assert.deepEqual(
            [health.drift, health.notes],
            [
                [],
                [
                    "the options of nginx were written by an older version of the program, and are compared after the next pulumi up",
                ],
            ],
        );
    });

    test("one whose first up has failed", () => {
        assert.deepEqual(texts(withStdin(undefined)), [
            "nginx: no up has gone through with it yet; pulumi up",
        ]);
    });
});

test("autolock that was switched by hand", () => {
    const { info } = swarm;
    const Spec = { EncryptionConfig: { AutoLockManagers: true } };
    const Cluster = { ...info.Swarm.Cluster, ID: info.Swarm.Cluster?.ID ?? "", Spec };
    const now = { ...swarm, info: { ...info, Swarm: { ...info.Swarm, Cluster } } };
    assert.deepEqual(texts(compared("healthy", { swarm: now })), [
        "managers are locked after a restart in the swarm, not locked in the stack; pulumi up",
    ]);
});

test("nothing differs in the recorded cluster", () => assert.deepEqual(texts(compared("healthy")), []));
