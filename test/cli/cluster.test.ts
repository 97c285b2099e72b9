/** Tables and verdicts from what a real cluster of three managers and a worker said. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeTable } from "../../cli/commands/ls.ts";
import { healthOf, healthText } from "../../cli/health.ts";
import { compared, sources, view } from "./recordings.ts";

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
            ...compared("healthy"),
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

    test("certificates that were not renewed", () => {
        const nodes = [
            { name: "node1", until: "2026-11-28T22:05:01.922Z" },
            { name: "node2", until: "2026-11-20T21:31:00.000Z" },
        ];
        const health = healthOf({ ...compared("healthy"), certificates: { nodes } });
        assert.deepEqual(
            [health.status, health.reasons],
            [1, ["the certificate of node1 ends in 2 d", "the certificate of node2 ended on 2026-11-20"]],
        );
    });

    test("without a token, the cloud's side is missing and nothing is made of that", () => {
        const facts = compared("healthy", {
            droplets: undefined,
            problems: ["the cloud's side is missing: there is no token"],
        });
        const now = facts.view;
        const health = healthOf(facts);
        assert.deepEqual(
            [health.status, health.notes],
            [0, ["the cloud's side is missing: there is no token"]],
        );
        assert.match(nodeTable(now), /ready {2}drain {9}- {6}s-1vcpu-1gb {2}-\n/);
    });
});

describe("a worker that is down", () => {
    const facts = compared("worker-down");

    test("swarm status", () => {
        const health = healthOf(facts);
        assert.equal(health.status, 1);
        assert.equal(
            healthText(facts, health),
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
                "! node4: its droplet 217891710 is off; switch it on (cli/bin/swarm power on node4), or have it made anew: " +
                    "cli/bin/swarm replace node4",
                "",
            ].join("\n"),
        );
    });
});

describe("a leader that is dead", () => {
    const facts = compared("leader-dead");
    const now = facts.view;

    test("or that waits for the unlock key, which it says itself", () => {
        const { reasons } = healthOf({ ...facts, locked: ["node1"] });
        assert.equal(
            reasons[0],
            "the manager node1 is LOCKED since its engine was started again (swarm:autolock); unlock it: pulumi stack output " +
                "unlockKey --show-secrets | swarm ssh node1 -- docker swarm unlock",
        );
    });

    test("another one leads, and the quorum bears no further loss", () => {
        const health = healthOf(facts);
        assert.equal(health.status, 1);
        assert.equal(
            healthText(facts, health),
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
                "! node1: its droplet 217891712 is off; switch it on (cli/bin/swarm power on node1), or have it made anew: " +
                    "cli/bin/swarm replace node1",
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
    const facts = compared("healthy", { swarm: undefined });
    const now = facts.view;

    test("swarm ls shows what state and cloud know", () => {
        assert.match(
            nodeTable(now),
            /\n65e2g9g0n3k5awdzk21fdltpx {2}node1 .* \(manager\) {2}- {8}unknown {2}- {13}active /,
        );
    });

    test("swarm status, without a quorum and without an answer", () => {
        const lost = { ...facts, noManager: { message: "NO QUORUM: ...", noQuorum: true } };
        assert.deepEqual([healthOf(lost).status, healthOf(lost).verdict], [2, "no quorum"]);
        const droplets = sources("healthy").droplets?.map((one) =>
            one.name === "node2" ? { ...one, status: "off" } : one,
        );
        const off = { ...compared("healthy", { swarm: undefined, droplets }), noManager: lost.noManager };
        const told = healthText(off, healthOf(off));
        assert.match(told, /^drift +1, see below$/m);
        assert.match(
            told,
            /^! node2: its droplet \d+ is off; bring it back \(switch it on, mend its network\): without/m,
        );
        const away = { ...facts, noManager: { message: "none can be reached", noQuorum: false } };
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

    test("a task that has ended well was meant to, unless another one has followed it", () => {
        const [first] = swarm.tasks;
        assert.ok(first);
        const { Timestamp } = first.Status;
        const ended = (State: string) => ({
            ...first,
            DesiredState: "shutdown",
            Status: { Timestamp: `1${Timestamp}`, State },
        });
        const next = { ...first, DesiredState: "ready", Status: { Timestamp, State: "ready" } };
        const counts = (...tasks: (typeof first)[]) => {
            const { running, wanted } = view("healthy", { swarm: { ...swarm, tasks } }).services[0] ?? {};
            return [running, wanted];
        };
        assert.deepEqual(counts(ended("complete")), [0, 1]);
        assert.deepEqual(counts(ended("failed")), [0, 2]);
        assert.deepEqual(counts(ended("complete"), next), [0, 2]);
    });

    test("an error from a node is one line, and steers no terminal", () => {
        const tasks = swarm.tasks.map((task) => ({
            ...task,
            Status: { ...task.Status, Err: "starting failed:\n\u001b[2Jno such device" },
        }));
        assert.equal(
            view("healthy", { swarm: { ...swarm, tasks } }).tasks[0]?.error,
            "starting failed: no such device",
        );
    });

    test("ports in host mode, an image without its digest", () => {
        const port = { Protocol: "udp", TargetPort: 53, PublishedPort: 5353, PublishMode: "host" };
        assert.deepEqual(serviceView({}, { Endpoint: { Ports: [port] } })?.ports, ["5353:53/udp (host)"]);
        assert.equal(serviceView({})?.image, "nginx:latest");
    });
});
