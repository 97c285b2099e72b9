/** Tables and verdicts from what a real cluster of three managers and a worker said. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drift } from "../../cli/drift.ts";
import { healthOf, healthText } from "../../cli/health.ts";
import { nodeTable } from "../../cli/nodeTable.ts";
import { checkProject, deployKeyIn, nameIn, readState, upOrThrow } from "../../cli/stackState.ts";
import { tasksOf, taskTable } from "../../cli/taskTable.ts";
import { recorded, sources, view } from "./recordings.ts";

const clusterId = "8z6vnr2jkuv9f35j6ip7h10hn";
const texts = (differences: readonly { readonly text: string }[]) => differences.map(({ text }) => text);

describe("the state, read", () => {
    test("the nodes with addresses, roles, IDs and host keys; managers first", () => {
        const { nodes, sshUser, deployKeyPublic, services, names } = sources("healthy").state;
        assert.deepEqual(
            nodes.map(({ name, role, publicIp, privateIp, size }) => [name, role, publicIp, privateIp, size]),
            [
                ["node1", "manager", "198.18.12.5", "10.144.0.4", "s-1vcpu-1gb"],
                ["node2", "manager", "198.18.12.6", "10.144.0.5", "s-1vcpu-1gb"],
                ["node3", "manager", "198.18.12.3", "10.144.0.2", "s-1vcpu-1gb"],
                ["node4", "worker", "198.18.12.4", "10.144.0.3", "s-1vcpu-1gb"],
            ],
        );
        assert.equal(nodes[0]?.nodeId, "65e2g9g0n3k5awdzk21fdltpx");
        assert.equal(new Set(nodes.map(({ hostKey }) => hostKey)).size, 4);
        for (const { hostKey } of nodes) assert.match(hostKey, /^ssh-ed25519 [A-Za-z0-9+/]+=*$/);
        assert.match(deployKeyPublic ?? "", /^ssh-ed25519 /);
        assert.deepEqual([sshUser, services, names.tags.all], ["root", ["nginx"], "swarm-lab-cli"]);
    });

    test("a stack without resources", () => {
        assert.equal(nameIn({ deployment: {} }), undefined);
        const state = readState({}, "dev");
        assert.deepEqual([state.nodes, state.clusterId, state.deployKeyPublic], [[], "", undefined]);
        assert.throws(() => upOrThrow(state), {
            message: 'the stack "dev" is not up: it has no nodes; say: pulumi up',
            status: 3,
        });
    });

    test("a stack of another project is refused, by its name and by its state", () => {
        for (const stack of ["dev", "acme/dev", "acme/swarm/dev"]) checkProject(stack);
        assert.throws(() => checkProject("acme/website/dev"), {
            message:
                'the stack "acme/website/dev" belongs to the project "website", and this command to "swarm"; ' +
                "see: pulumi stack ls",
            status: 3,
        });
        const urn = "urn:pulumi:dev::website::pulumi:pulumi:Stack::website-dev";
        assert.throws(
            () => readState({ deployment: { resources: [{ urn, type: "pulumi:pulumi:Stack" }] } }, "dev"),
            {
                message:
                    'the stack "dev" belongs to the project "website", and this command to "swarm"; see: pulumi stack ls',
                status: 3,
            },
        );
    });

    test("the key that logs in, where no up has gone through and there are no outputs", () => {
        const key = (name: string, plaintext: string, more = {}) => ({
            urn: `urn:pulumi:dev::swarm::swarm:index:DeployKey$tls:index/privateKey:PrivateKey::${name}`,
            type: "tls:index/privateKey:PrivateKey",
            outputs: { privateKeyOpenssh: { plaintext: JSON.stringify(plaintext) } },
            ...more,
        });
        const resources = [
            key("node1-host", "a host's"),
            key("deploy", "old", { delete: true }),
            key("deploy", "new\n"),
        ];
        assert.equal(deployKeyIn({ deployment: { resources } }), "new\n");
        assert.throws(() => deployKeyIn({ deployment: { resources: resources.slice(0, 2) } }), {
            message: "the stack has no key to log in with yet; say: pulumi up",
            status: 3,
        });
    });

    test("a droplet that waits for its deletion is no node", () => {
        const { state } = recorded("healthy");
        const resources = (state.deployment?.resources ?? []).map((resource) =>
            resource.urn.endsWith("Droplet::node4") ? { ...resource, delete: true } : resource,
        );
        assert.deepEqual(
            readState({ deployment: { resources } }, "lab-cli").nodes.map(({ name }) => name),
            ["node1", "node2", "node3"],
        );
    });
});

describe("a healthy cluster", () => {
    test("swarm ls", () => {
        assert.equal(
            nodeTable(view("healthy")),
            [
                "ID                         NAME   PUBLIC       PRIVATE     ROLE     MANAGER    SWARM  AVAILABILITY  CLOUD   SIZE         TAGS",
                "65e2g9g0n3k5awdzk21fdltpx  node1  198.18.12.5  10.144.0.4  manager  leader     ready  drain         active  s-1vcpu-1gb  swarm-lab-cli,swarm-lab-cli-manager",
                "v40koitig0bmqrdcdhnotydv5  node2  198.18.12.6  10.144.0.5  manager  reachable  ready  drain         active  s-1vcpu-1gb  swarm-lab-cli,swarm-lab-cli-manager",
                "oo6wuy4v3mmlo46548757c8by  node3  198.18.12.3  10.144.0.2  manager  reachable  ready  drain         active  s-1vcpu-1gb  swarm-lab-cli,swarm-lab-cli-manager",
                "adw9hzkpdiqtbljqr7rlj3zv6  node4  198.18.12.4  10.144.0.3  worker   -          ready  active        active  s-1vcpu-1gb  swarm-lab-cli,swarm-lab-cli-worker",
                "",
            ].join("\n"),
        );
    });

    test("swarm status", () => {
        const facts = {
            view: view("healthy"),
            clusterId,
            certificates: {
                root: "2046-11-21T21:26:00.000Z",
                nodes: [
                    { name: "node1", until: "2027-02-24T21:31:00.000Z" },
                    { name: "node2", until: "2027-02-23T21:31:00.000Z" },
                    { name: "node3", problem: "no SSH" },
                ],
            },
        };
        const health = healthOf(facts);
        assert.deepEqual(
            [health.status, health.verdict, health.reasons, health.notes],
            [0, "healthy", [], []],
        );
        assert.equal(
            healthText(facts, health),
            [
                "stack         lab-cli, healthy",
                "cluster       8z6vnr2jkuv9f35j6ip7h10hn",
                "leader        node1",
                "managers      3 of 3 reachable; the quorum bears the loss of 1 more",
                "nodes         4 ready (node[1:4])",
                "services      nginx  2/2  80:80/tcp",
                "engines       26.1.5+dfsg1",
                "certificates  the first of 2 nodes' ends in 88 d (node2, 2027-02-23); not read on node3; the root's on 2046-11-21",
                "drift         none",
                "",
            ].join("\n"),
        );
    });

    test("swarm ps", () => {
        const now = view("healthy");
        assert.equal(
            taskTable(tasksOf(now, "nginx", false), now.at),
            [
                "ID            TASK     NODE   WANTED   STATE    FOR     ERROR",
                "5j8rojg571bd  nginx.1  node4  running  running  33 min  -",
                "0mbls755b6sf  nginx.2  node4  running  running  33 min  -",
                "",
            ].join("\n"),
        );
        assert.throws(() => tasksOf(now, "nginks", false), {
            message: 'there is no service "nginks" in the swarm; there are: nginx',
            status: 64,
        });
    });

    test("certificates that were not renewed", () => {
        const nodes = [
            { name: "node1", until: "2026-11-28T22:05:01.922Z" },
            { name: "node2", until: "2026-11-20T21:31:00.000Z" },
        ];
        const health = healthOf({ view: view("healthy"), clusterId, certificates: { nodes } });
        assert.deepEqual(
            [health.status, health.reasons],
            [1, ["the certificate of node1 ends in 2 d", "the certificate of node2 ended on 2026-11-20"]],
        );
    });

    test("without a token, the cloud's side is missing and nothing is made of that", () => {
        const now = view("healthy", {
            droplets: undefined,
            problems: ["the cloud's side is missing: there is no token"],
        });
        const health = healthOf({ view: now, clusterId });
        assert.deepEqual(
            [health.status, health.notes],
            [0, ["the cloud's side is missing: there is no token"]],
        );
        assert.match(nodeTable(now), /ready {2}drain {9}- {6}s-1vcpu-1gb {2}-\n/);
    });
});

describe("a worker that is down", () => {
    const now = view("worker-down");

    test("swarm status", () => {
        const health = healthOf({ view: now, clusterId });
        assert.equal(health.status, 1);
        assert.equal(
            healthText({ view: now, clusterId }, health),
            [
                "stack     lab-cli, degraded",
                "cluster   8z6vnr2jkuv9f35j6ip7h10hn",
                "leader    node1",
                "managers  3 of 3 reachable; the quorum bears the loss of 1 more",
                "nodes     3 ready (node[1:3]), 1 down (node4)",
                "services  nginx  0/2  80:80/tcp  no suitable node (4 nodes not available for new tasks) (2 times)",
                "engines   26.1.5+dfsg1",
                "drift     1, see below",
                "",
                "! node4 is down",
                "! nginx runs 0 of 2: no suitable node (4 nodes not available for new tasks) (2 times)",
                "! node4: its droplet 217891710 is off; switch it on again",
                "",
            ].join("\n"),
        );
    });

    test("swarm ps --all", () => {
        assert.equal(
            taskTable(tasksOf(now, undefined, true), now.at),
            [
                "ID            TASK     NODE   WANTED    STATE    FOR     ERROR",
                "euj2apef00ts  nginx.1  -      running   pending  26 s    no suitable node (4 nodes not available for new tasks)",
                "5j8rojg571bd  nginx.1  node4  shutdown  running  34 min  -",
                "uweo6u2tsyc6  nginx.2  -      running   pending  26 s    no suitable node (4 nodes not available for new tasks)",
                "0mbls755b6sf  nginx.2  node4  shutdown  running  34 min  -",
                "",
            ].join("\n"),
        );
    });
});

describe("a leader that is dead", () => {
    const now = view("leader-dead");

    test("another one leads, and the quorum bears no further loss", () => {
        const health = healthOf({ view: now, clusterId });
        assert.equal(health.status, 1);
        assert.equal(
            healthText({ view: now, clusterId }, health),
            [
                "stack     lab-cli, degraded",
                "cluster   8z6vnr2jkuv9f35j6ip7h10hn",
                "leader    node2",
                "managers  2 of 3 reachable; the quorum bears no loss",
                "nodes     1 unknown (node1), 3 ready (node[2:4])",
                "services  nginx  0/2  80:80/tcp  preparing on node4, after: task: non-zero exit (255) (2 times)",
                "engines   26.1.5+dfsg1",
                "drift     1, see below",
                "",
                "! the manager node1 is unreachable",
                "! node1 is unknown",
                "! nginx runs 0 of 2: preparing on node4, after: task: non-zero exit (255) (2 times)",
                "! node1: its droplet 217891712 is off; switch it on again",
                "",
            ].join("\n"),
        );
    });

    test("swarm ls", () => {
        assert.match(
            nodeTable(now),
            /\n65e2g9g0n3k5awdzk21fdltpx {2}node1 .* manager {2}unreachable {2}unknown {2}drain {9}off /,
        );
    });
});

describe("no manager to ask", () => {
    const now = view("healthy", { swarm: undefined });

    test("swarm ls shows what state and cloud know", () => {
        assert.match(
            nodeTable(now),
            /\n65e2g9g0n3k5awdzk21fdltpx {2}node1 .* \(manager\) {2}- {8}unknown {2}- {13}active /,
        );
    });

    test("swarm status, without a quorum and without an answer", () => {
        const lost = { view: now, clusterId, noManager: { message: "NO QUORUM: ...", noQuorum: true } };
        assert.deepEqual([healthOf(lost).status, healthOf(lost).verdict], [2, "no quorum"]);
        const away = { view: now, clusterId, noManager: { message: "none can be reached", noQuorum: false } };
        assert.equal(
            healthText(away, healthOf(away)),
            [
                "stack    lab-cli, unreachable",
                "cluster  8z6vnr2jkuv9f35j6ip7h10hn",
                "nodes    node[1:4] on record",
                "drift    none",
                "",
                "! none can be reached",
                "",
            ].join("\n"),
        );
    });
});

describe("where cluster and stack differ", () => {
    const { swarm, droplets } = sources("healthy");
    const nodes = swarm?.nodes ?? [];
    const withNodes = (changed: typeof nodes) => ({ swarm: swarm && { ...swarm, nodes: changed } });
    const member = (index: number) => nodes[index] as (typeof nodes)[number];
    const indexOf = (name: string) => nodes.findIndex(({ Description }) => Description.Hostname === name);

    test("a node that is not in the swarm", () => {
        const now = view(
            "healthy",
            withNodes(nodes.filter(({ Description }) => Description.Hostname !== "node4")),
        );
        assert.deepEqual(texts(drift(now, clusterId)), [
            "node4 is in the stack and not in the swarm; pulumi up --refresh, or: swarm doctor",
        ]);
        assert.match(nodeTable(now), /node4 .* \(worker\) {2}- {10}absent {2}- /);
    });

    test("a droplet that is gone", () => {
        const now = view("healthy", { droplets: droplets?.filter(({ name }) => name !== "node4") });
        assert.deepEqual(texts(drift(now, clusterId)), [
            "node4: its droplet 217891710 is gone from the cloud; pulumi up --refresh makes it anew",
        ]);
    });

    test("a role that was changed by hand", () => {
        const changed = nodes.with(indexOf("node4"), {
            ...member(indexOf("node4")),
            Spec: { ...member(indexOf("node4")).Spec, Role: "manager" },
            ManagerStatus: { Reachability: "reachable" },
        });
        assert.deepEqual(texts(drift(view("healthy", withNodes(changed)), clusterId)), [
            "node4 is a manager and should be a worker; pulumi up",
        ]);
    });

    test("members that the stack did not make, or has no longer; a droplet that is lost", () => {
        const template = member(indexOf("node4"));
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
        const lost = { ...droplets?.[0], id: 99, name: "node6", privateIp: "10.144.0.79" } as NonNullable<
            typeof droplets
        >[number];
        const now = view("healthy", {
            ...withNodes([...nodes, stranger, former]),
            droplets: [...(droplets ?? []), lost],
        });
        const found = drift(now, clusterId);
        assert.deepEqual(texts(found), [
            "laptop (foreign1) is a member that the stack did not make; it is left alone",
            "node5 (former1, down) is a member that the stack no longer has; pulumi up removes it",
            "node6 (droplet 99) carries the stack's tag and is in neither state nor swarm; see: swarm orphans",
        ]);
        assert.deepEqual(
            found.map(({ degrades }) => degrades),
            [false, true, true],
        );
        assert.deepEqual(
            now.nodes
                .slice(4)
                .map(({ name, origin, state, dropletStatus }) => [name, origin, state, dropletStatus]),
            [
                ["laptop", "foreign", "ready", undefined],
                ["node5", "stack", "down", undefined],
                ["node6", "lost", "absent", "active"],
            ],
        );
        assert.deepEqual(healthOf({ view: now, clusterId }).notes, [
            "laptop (foreign1) is a member that the stack did not make; it is left alone",
            "engine versions differ: 26.1.5+dfsg1 on node[1:5]; 27.0.1 on laptop",
        ]);
    });

    test("a lost droplet that has joined is one line, not two", () => {
        const template = member(indexOf("node4"));
        const joined = { ...template, ID: "joined1", Status: { State: "ready", Addr: "10.144.0.79" } };
        const lost = { ...droplets?.[0], id: 99, name: "node4", privateIp: "10.144.0.79" } as NonNullable<
            typeof droplets
        >[number];
        const now = view("healthy", {
            ...withNodes([...nodes, joined]),
            droplets: [...(droplets ?? []), lost],
        });
        assert.deepEqual(
            now.nodes
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
        assert.deepEqual(texts(drift(view("healthy"), "somethingelse")), [
            "the managers are in the cluster 8z6vnr2jkuv9f35j6ip7h10hn, while the stack made somethingelse",
        ]);
    });
});

describe("services", () => {
    const { swarm } = sources("healthy");
    const [service] = swarm?.services ?? [];
    if (!swarm || !service) throw new Error("the recording has no service");
    const serviceView = (spec: object, more: object = {}) =>
        view("healthy", {
            swarm: { ...swarm, services: [{ ...service, ...more, Spec: { ...service.Spec, ...spec } }] },
        }).services[0];

    test("a global one wants a task a node, a job what runs of it", () => {
        assert.deepEqual(
            [serviceView({ Mode: { Global: {} } })?.mode, serviceView({ Mode: { Global: {} } })?.wanted],
            ["global", 1],
        );
        assert.deepEqual(serviceView({ Mode: { ReplicatedJob: {} } })?.wanted, 2);
    });

    test("an error from a node is one line, and steers no terminal", () => {
        const tasks = swarm.tasks.map((task) => ({
            ...task,
            Status: { ...task.Status, Err: "starting failed:\n\u001b[2Jno such device" },
        }));
        assert.equal(
            view("healthy", { swarm: { ...swarm, tasks } }).tasks[0]?.error,
            "starting failed: [2Jno such device",
        );
    });

    test("ports in host mode, an image without its digest", () => {
        const port = { Protocol: "udp", TargetPort: 53, PublishedPort: 5353, PublishMode: "host" };
        assert.deepEqual(serviceView({}, { Endpoint: { Ports: [port] } })?.ports, ["5353:53/udp (host)"]);
        assert.equal(serviceView({})?.image, "nginx:latest");
    });

    test("an update that was rolled back degrades", () => {
        const services = [{ ...service, UpdateStatus: { State: "rollback_completed" } }];
        const now = view("healthy", { swarm: { ...swarm, services } });
        assert.deepEqual(healthOf({ view: now, clusterId }).reasons, [
            "the last update of nginx is rollback completed",
        ]);
    });
});
