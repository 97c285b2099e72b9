/** service.sh: what it sends to the Engine's API, and what ends before it begins. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LEADERLESS } from "./fakeDaemon.ts";
import {
    answer,
    assertDone,
    DIGEST,
    deploy,
    OUT_OF_SEQUENCE,
    running,
    there,
    type World,
} from "./fakeEngine.ts";

describe("what is sent", () => {
    test("a new service: the whole spec, its image with digest and platforms", async () => {
        const run = await deploy({
            env: { GROUPS: "a", MOTD: 'two\nlines, "$HOME" \\ |&' },
            ports: ["80:80"],
        });
        assertDone(run, answer());
        assert.deepEqual(run.requests, ["GET /distribution/nginx/json", "POST /services/create"]);
        const { ContainerSpec, Placement } = run.sent.TaskTemplate;
        assert.equal(ContainerSpec.Image, `nginx:latest@${DIGEST}`);
        assert.deepEqual(ContainerSpec.Env, ["GROUPS=a", 'MOTD=two\nlines, "$HOME" \\ |&']);
        assert.deepEqual(Placement.Platforms, [
            { architecture: "amd64", os: "linux" },
            { architecture: "", os: "linux", variant: "v7" },
        ]);
        assert.deepEqual(run.sent.Labels, { "swarm.image": "nginx", "swarm.stack": "swarm-dev" });
    });

    test("nothing where the manager has lost the label that says whose all is", async () => {
        const run = await deploy({}, { label: "" });
        assert.equal(
            run.stderr,
            "service web: node1 has lost its label swarm.stack, by which the stack knows what is its own; pulumi up without " +
                "--target gives it back\n",
        );
        assert.deepEqual([run.status, run.requests], [1, []]);
    });

    test("no value is an argument of a process, however long it is", async () => {
        const hush = "hush".repeat(40_000);
        const run = await deploy({ env: { PASSWORD: hush } });
        assertDone(run, answer());
        assert.deepEqual(run.sent.TaskTemplate.ContainerSpec.Env, [`PASSWORD=${hush}`]);
        assert.ok(run.dockerCalls.every((call) => !call.includes("hush")));
    });

    for (const [image, pinned] of [
        ["nginx:1.29", `nginx:1.29@${DIGEST}`],
        ["registry.example.com:5000/team/app", `registry.example.com:5000/team/app:latest@${DIGEST}`],
        [`nginx@sha256:${"b".repeat(64)}`, `nginx@sha256:${"b".repeat(64)}`],
    ] as const) {
        test(`the image ${image}`, async () => {
            const run = await deploy({ image });
            assertDone(run, answer({ image: pinned }));
            assert.equal(run.sent.TaskTemplate.ContainerSpec.Image, pinned);
        });
    }

    test("text that looks like a line to be filled in stays as it is", async () => {
        const text = '\n   "Image": "x",\n   "Platforms": [],\n  "ForceUpdate": 0,\n     "SecretID": "db"';
        const run = await deploy(
            { env: { A: text }, labels: { Image: "y", ForceUpdate: "0" } },
            { service: there({ forced: 4 }) },
        );
        assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
        assert.deepEqual(run.sent.TaskTemplate.ContainerSpec.Env, [`A=${text}`]);
        assert.equal(run.sent.Labels.Image, "y");
        assert.equal(run.sent.Labels.ForceUpdate, "0");
        assert.equal(run.sent.TaskTemplate.ForceUpdate, 4);
    });

    test("secrets and configs get the IDs that the swarm has for their names", async () => {
        const spec = {
            TaskTemplate: {
                ContainerSpec: {
                    Secrets: [{ SecretName: "db" }, { SecretName: "key" }],
                    Configs: [{ ConfigName: "db" }],
                },
            },
        };
        const objects = ["secret db s1", "secret key s2", "config db c1"];
        const run = await deploy({ spec }, { objects });
        assertDone(run, answer());
        const { Secrets, Configs } = run.sent.TaskTemplate.ContainerSpec;
        assert.deepEqual(Secrets, [
            { SecretName: "db", SecretID: "s1" },
            { SecretName: "key", SecretID: "s2" },
        ]);
        assert.deepEqual(Configs, [{ ConfigName: "db", ConfigID: "c1" }]);
        // Nor is one of theirs whose ID begins with the name.
        const without = await deploy({ spec }, { objects: ["secret key db7", "config db c1"] });
        assert.equal(without.stderr, "service web: the swarm has no secret called db\n");
        assert.deepEqual(without.requests, ["GET /distribution/nginx/json"]);
    });

    test("an update goes by the version that was read, and keeps the image while the config names the same", async () => {
        const run = await deploy({ labels: { a: "b" } }, { service: there({ forced: 2 }) });
        assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
        assert.deepEqual(run.requests, ["POST /services/old1/update?version=17"]);
        assert.equal(run.sent.TaskTemplate.ContainerSpec.Image, "nginx:latest@sha256:1");
        assert.deepEqual(run.sent.TaskTemplate.Placement.Platforms, [{ Architecture: "amd64", OS: "linux" }]);
        assert.equal(run.sent.TaskTemplate.ForceUpdate, 2);
    });

    test("a service that has only lost its stack's label gets it again", async () => {
        const run = await deploy({}, { service: there({ stack: "-" }) });
        assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
        assert.deepEqual(run.requests, ["POST /services/old1/update?version=17"]);
        assert.equal(run.sent.Labels["swarm.stack"], "swarm-dev");
    });

    for (const [what, service] of [
        ["the config names another one", there({ label: "nginx:1.28", image: "nginx:1.28@sha256:1" })],
        ["somebody has set another one", there({ image: "busybox:latest@sha256:1" })],
    ] as const) {
        test(`the image is looked up again when ${what}`, async () => {
            const run = await deploy({}, { service });
            assertDone(run, answer({ id: "old1" }));
            assert.equal(run.sent.TaskTemplate.ContainerSpec.Image, `nginx:latest@${DIGEST}`);
        });
    }

    for (const [what, ports, forced] of [
        ["the same ports", ["vip", "udp 53 53 host", "tcp 80 8080 ingress"], 2],
        ["another port", ["vip", "udp 53 53 host", "tcp 80 8081 ingress"], 3],
        ["the other mode of the endpoint", ["dnsrr", "udp 53 53 host", "tcp 80 8080 ingress"], 3],
        ["another mode", ["vip", "udp 53 53 ingress", "tcp 80 8080 ingress"], 3],
        ["a port more", ["vip", "tcp 80 8080 ingress"], 3],
        ["ports at all", ["vip"], 3],
    ] as const) {
        test(`${what}: forced or not, since Docker keeps the tasks where the constraints change as well`, async () => {
            const published = ["8080:80", { published: 53, target: 53, protocol: "udp", mode: "host" }];
            const run = await deploy({ ports: published }, { service: there({ forced: 2 }), ports });
            assert.equal(run.status, 0, run.stderr);
            // Sorted by the published port.
            assert.equal(run.sent.EndpointSpec.Ports[0].PublishedPort, 53);
            assert.equal(run.sent.TaskTemplate.ForceUpdate, forced);
        });
    }

    test("a name that is the beginning of another service's ID is nobody's", async () => {
        const run = await deploy({}, { service: there({ name: "other" }) });
        assertDone(run, answer());
        assert.deepEqual(run.requests, ["GET /distribution/nginx/json", "POST /services/create"]);
    });

    test("another mode: removed and made again", async () => {
        const run = await deploy(
            { global: true },
            { service: there(), tasks: { 0: running(1) }, replicas: { 0: "1/1" } },
        );
        assert.equal(run.stderr, "service web: its mode becomes Global, for which it is made anew\n");
        assert.ok(run.dockerCalls.includes("service rm old1"));
        assert.deepEqual(run.requests, ["POST /services/create"]);
        assert.deepEqual(run.sent.Mode, { Global: {} });
    });

    test("networks are made where there is none of exactly that name, and go when the service has left them", async () => {
        const run = await deploy(
            { networks: ["front", "back"] },
            {
                service: there(),
                networks: [
                    "front id-of-front swarm-dev",
                    "gone id-of-gone swarm-dev",
                    "theirs id-of-theirs other",
                ],
                uses: ["id-of-front", "id-of-gone", "id-of-theirs"],
                used: ["id-of-front", "id-of-back"],
            },
        );
        assert.equal(run.stderr, "");
        assert.equal(
            run.files.networks,
            "front id-of-front swarm-dev\ntheirs id-of-theirs other\nback id-of-back swarm-dev\n",
        );
        assert.deepEqual(run.sent.TaskTemplate.Networks, [{ Target: "back" }, { Target: "front" }]);
    });

    test("a network has the options of the config; one that has others already is not used", async () => {
        const own = {
            front: { attachable: true, internal: true, driverOptions: { mtu: 1400 } },
        };
        const options = { networks: [{ name: "front", aliases: ["www"] }] };
        const run = await deploy(options, {}, { networks: own });
        assertDone(run, answer());
        const [made = ""] = run.files.networks?.split("\n") ?? [];
        assert.match(made, /^front id-of-front swarm-dev [0-9a-f]{12}$/);
        assert.deepEqual(run.sent.TaskTemplate.Networks, [{ Target: "front", Aliases: ["www"] }]);
        const again = await deploy(options, { networks: [made] }, { networks: own });
        assertDone(again, answer());
        for (const networks of [{}, { front: { attachable: true } }]) {
            const other = await deploy(options, { networks: [made] }, { networks });
            assert.equal(
                other.stderr,
                "service web: its network front has other options in the swarm than in the config. Those of this stack are " +
                    "made anew by a whole pulumi up; another's stays as it is\n",
            );
            assert.deepEqual(other.requests, []);
        }
    });

    test("a network is no other whose ID begins with its name; one that another service has just made is there", async () => {
        const run = await deploy(
            { networks: ["id", "raced"] },
            { networks: ["other id-of-other swarm-dev"], refusals: ["raced network raced already exists"] },
        );
        assertDone(run, answer());
        assert.equal(
            run.files.networks,
            "other id-of-other swarm-dev\nid id-of-id swarm-dev\nraced id-of-raced swarm-dev\n",
        );
    });

    test("a change is sent again where there is no leader for a moment, but one that is made never with a version", async () => {
        const leaderless = `500 {"message":"${LEADERLESS}"}`;
        const run = await deploy({}, { posts: [leaderless] });
        assertDone(run, answer());
        assert.deepEqual(run.requests, [
            "GET /distribution/nginx/json",
            "POST /services/create",
            "POST /services/create",
        ]);
    });

    test("a change that the swarm refuses while it changes the service itself is sent again, to the new version", async () => {
        const run = await deploy({}, { service: there(), posts: [OUT_OF_SEQUENCE, OUT_OF_SEQUENCE] });
        assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
        assert.deepEqual(run.requests, [
            "POST /services/old1/update?version=17",
            "POST /services/old1/update?version=99",
            "POST /services/old1/update?version=99",
        ]);
    });
});

const refused: readonly (readonly [what: string, world: World, stderr: string])[] = [
    [
        "a service that is somebody else's",
        { service: there({ stack: "-", label: "-" }) },
        "service web: the swarm has a service of this name that this stack did not make; remove it or choose another name\n",
    ],
    [
        "another stack's service",
        { service: there({ stack: "other" }) },
        "service web: the swarm has a service of this name that this stack did not make; remove it or choose another name\n",
    ],
    [
        "what the daemon refuses, in its words",
        { posts: ['400 {"message":"invalid \\"mount\\" target, must be an absolute path"}'] },
        'service web: invalid "mount" target, must be an absolute path\n',
    ],
    [
        "a swarm that refuses for as long as the service has to converge",
        { service: there(), posts: Array.from({ length: 5 }, () => OUT_OF_SEQUENCE) },
        "service web: rpc error: code = Unknown desc = update out of sequence, for 2 s\n",
    ],
    [
        "a network that cannot be made",
        { refusals: ["front could not find an available subnet"] },
        "service web: its network front cannot be made: could not find an available subnet\n",
    ],
    [
        "a daemon that is not there",
        { posts: ["- Cannot connect to the Docker daemon at unix:///var/run/docker.sock."] },
        "service web: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n",
    ],
];

describe("what ends before it begins", () => {
    for (const [what, world, stderr] of refused) {
        test(what, async () => {
            const run = await deploy(world.refusals ? { networks: ["front"] } : {}, world, { limit: 2 });
            assert.equal(run.stderr, stderr);
            assert.equal(run.stdout, "");
            assert.equal(run.status, 1);
        });
    }
});
