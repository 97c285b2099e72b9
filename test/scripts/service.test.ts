/** service.sh: what it sends to the Engine's API, when a service has converged, and what is said when it has not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseSettings } from "../../config.ts";
import { engineSpec, JOB_LABEL, type JsonObject, specText } from "../../model/engineSpec.ts";
import { networkLines } from "../../model/networks.ts";
import type { Line } from "../../model/scriptInput.ts";
import { LEADERLESS } from "./fakeDaemon.ts";
import { runScript, type ScriptRun } from "./harness.ts";

const fakeEngine = fileURLToPath(new URL("fakeEngine.sh", import.meta.url));
const DIGEST = `sha256:${"a".repeat(64)}`;
const PLATFORMS =
    '[{"architecture":"amd64","os":"linux"},{"architecture":"arm","os":"linux","variant":"v7"}]';
const DISTRIBUTION = `{"Descriptor":{"mediaType":"x","digest":"${DIGEST}","size":1},"Platforms":${PLATFORMS}}`;

/** What the fake has, by second where it changes; see fakeEngine.sh. */
interface World {
    readonly service?: string;
    readonly ports?: readonly string[];
    readonly job?: string;
    readonly networks?: readonly string[];
    readonly refusals?: readonly string[];
    readonly objects?: readonly string[];
    readonly distribution?: string;
    readonly posts?: readonly string[];
    readonly uses?: readonly string[];
    readonly used?: readonly string[];
    readonly update?: Readonly<Record<number, string>>;
    readonly replicas?: Readonly<Record<number, string>>;
    readonly tasks?: Readonly<Record<number, readonly string[]>>;
    readonly logs?: string;
    /** The stack's label on the manager; default: swarm-dev. */
    readonly label?: string;
}

const OUT_OF_SEQUENCE = '500 {"message":"rpc error: code = Unknown desc = update out of sequence"}';

interface ServiceRun extends ScriptRun {
    readonly requests: readonly string[];
    // biome-ignore lint/suspicious/noExplicitAny: whatever JSON was sent, for the tests to look into.
    readonly sent: any;
}

async function deploy(
    options: Record<string, unknown>,
    world: World = {},
    host: {
        readonly limit?: number;
        readonly differs?: string;
        readonly networks?: object;
        readonly mark?: string;
    } = {},
): Promise<ServiceRun> {
    const parsed = parseSettings({
        sshFrom: ["203.0.113.7/32"],
        networks: host.networks ?? {},
        services: { web: { image: "nginx", ...options } },
    });
    assert.ok("settings" in parsed, "problems" in parsed ? parsed.problems.join("\n") : "");
    const [service] = parsed.settings.services;
    assert.ok(service);
    const lines: Line[] = [
        ["node", "node1"],
        ["service", "web"],
        ["image", service.image],
        ["limit", host.limit ?? 60],
        ...networkLines(service, parsed.settings.networks),
    ];
    const spec = engineSpec(service);
    const labels = spec.Labels as JsonObject;
    const file = (content: readonly string[] = []) => content.map((line) => `${line}\n`).join("");
    const timed = (kind: string, by: Readonly<Record<number, string | readonly string[]>> = {}) =>
        Object.entries(by).map(([at, text]) => [
            `${at}.${kind}`,
            typeof text === "string" ? `${text}\n` : file(text),
        ]);
    const replicas = `${options.replicas ?? 1}/${options.replicas ?? 1}`;
    const run = await runScript(
        "service",
        "create",
        lines,
        {
            docker: `*) . '${fakeEngine}' ;;`,
            stoppedClock: true,
            files: {
                requests: "",
                sent: "",
                service: world.service ?? "",
                job: `${world.job ?? ""}\n`,
                ports: file(world.ports ?? ["vip"]),
                networks: file(world.networks),
                label: `${world.label ?? "swarm-dev"}\n`,
                refusals: file(world.refusals),
                objects: file(world.objects),
                distribution: world.distribution ?? DISTRIBUTION,
                posts: file(world.posts),
                uses: file(world.uses),
                ...(world.used && { used: file(world.used) }),
                logs: world.logs ?? "",
                ...Object.fromEntries(timed("update", world.update)),
                ...Object.fromEntries(timed("replicas", world.replicas ?? { 0: replicas })),
                ...Object.fromEntries(
                    timed("tasks", world.tasks ?? { 0: running(Number(options.replicas ?? 1)) }),
                ),
            },
            ...(host.differs && { env: { PULUMI_COMMAND_SWARM_DIFFERS: host.differs } }),
        },
        specText(host.mark === undefined ? spec : { ...spec, Labels: { ...labels, [JOB_LABEL]: host.mark } }),
    );
    const sent = run.files.sent ? JSON.parse(run.files.sent) : undefined;
    return { ...run, sent, requests: (run.files.requests ?? "").split("\n").filter(Boolean) };
}

const running = (count: number) =>
    Array.from(
        { length: count },
        (_, index) => `t${index + 1}|running|Running 3 seconds ago|yes|web.${index + 1}|node1|`,
    );

const there = (
    change: {
        image?: string;
        label?: string;
        stack?: string;
        mode?: string;
        name?: string;
        forced?: number;
    } = {},
) =>
    `${change.name ?? "web"} old1 17 ${change.forced ?? 0} {"${change.mode ?? "Replicated"}":{}} ${change.stack ?? "swarm-dev"} ` +
    `${change.label ?? "nginx"} ${change.image ?? "nginx:latest@sha256:1"} [{"Architecture":"amd64","OS":"linux"}]\n`;

const answer = (more: Record<string, string> = {}) =>
    `${JSON.stringify({ script: "service", node: "node1", service: "web", id: "new1", image: `nginx:latest@${DIGEST}`, running: "1/1", ...more })}\n`;

function assertDone(run: ServiceRun, stdout: string) {
    assert.equal(run.stderr, "");
    assert.equal(run.stdout, stdout);
    assert.equal(run.status, 0);
}

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
        const without = await deploy({ spec }, { objects: objects.slice(1) });
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
            front: { attachable: true, internal: true, encrypted: true, driverOptions: { mtu: 1400 } },
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

const task = (id: string, state: string, more: { desired?: string; fresh?: boolean; error?: string } = {}) =>
    `${id}|${more.desired ?? "running"}|${state} 3 seconds ago|${more.fresh === false ? "no" : "yes"}|web.1|node2|${more.error ?? ""}`;
const failed = (id: string) =>
    task(id, "Failed", { desired: "shutdown", error: '"task: non-zero exit (3)"' });

/** Whole seconds after which it has converged: two of calm, ten once a task has failed. */
const converges: readonly (readonly [
    what: string,
    options: Record<string, unknown>,
    world: World,
    slept: number,
])[] = [
    ["tasks that have just started have two seconds to prove themselves", {}, {}, 2],
    ["ten once any has failed", {}, { tasks: { 0: [task("a", "Running"), failed("b")] } }, 10],
    [
        "and again from the last that was exchanged",
        {},
        {
            tasks: {
                0: [task("a", "Running"), failed("b")],
                5: [task("c", "Running"), failed("a"), failed("b")],
            },
        },
        15,
    ],
    ["tasks that ran before are proven", {}, { service: there() }, 0],
    [
        "a failure of the spec before is none of this one's",
        {},
        {
            service: there(),
            tasks: { 0: [task("a", "Running"), task("b", "Failed", { desired: "shutdown", fresh: false })] },
        },
        0,
    ],
    [
        "while an update is under way it has not",
        {},
        { service: there(), update: { 0: "updating update in progress", 4: "completed update completed" } },
        4,
    ],
    [
        "nor while a task of the old spec is to run",
        {},
        {
            service: there(),
            tasks: { 0: [task("a", "Running", { fresh: false })], 3: [task("b", "Running")] },
        },
        5,
    ],
    [
        "nor while the one that runs is about to stop, and no update is known of yet",
        {},
        {
            service: there(),
            tasks: {
                0: [task("a", "Running", { desired: "shutdown", fresh: false })],
                2: [task("b", "Running")],
            },
        },
        4,
    ],
    [
        "nor while too few run",
        { replicas: 2 },
        {
            replicas: { 0: "1/2", 3: "2/2" },
            tasks: { 0: [task("a", "Running"), task("b", "Starting")], 3: running(2) },
        },
        5,
    ],
    ["no replicas are at once", { replicas: 0 }, { tasks: { 0: [] } }, 0],
    [
        "a global service has none in the instant of its making",
        { global: true },
        { replicas: { 0: "0/0", 2: "1/1" }, tasks: { 0: [], 2: running(1) } },
        4,
    ],
    [
        "one that is to end has, when it has ended well",
        { restart: { condition: "none" } },
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("a", "Preparing")], 4: [task("a", "Complete", { desired: "shutdown" })] },
        },
        6,
    ],
    [
        "one that has ended before with the same spec, well or not, has when its last task has",
        { restart: { condition: "none" } },
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("c", "Complete", { desired: "shutdown" }), failed("b"), failed("a")] },
        },
        2,
    ],
    [
        "on-failure too, after failures",
        { restart: { condition: "on-failure" } },
        {
            replicas: { 0: "0/1" },
            tasks: { 0: [task("a", "Complete", { desired: "shutdown" }), failed("b")] },
        },
        10,
    ],
    [
        "global ones too",
        { global: true, restart: { condition: "none" } },
        {
            replicas: { 0: "0/0" },
            tasks: {
                0: [
                    task("a", "Complete", { desired: "shutdown" }),
                    task("b", "Complete", { desired: "shutdown" }),
                ],
            },
        },
        2,
    ],
];

describe("when it has converged", () => {
    for (const [what, options, world, slept] of converges) {
        test(what, async () => {
            const run = await deploy(options, { ...world }, { limit: 60 });
            assert.equal(run.status, 0, run.stderr);
            assert.equal(run.sleeps, slept, run.stderr);
        });
    }
});

const states = 'web.1 on node2: Failed 3 seconds ago: "task: non-zero exit (3)"';
const fails: readonly (readonly [
    what: string,
    options: Record<string, unknown>,
    world: World,
    stderr: string,
])[] = [
    [
        "an update that is paused",
        {},
        {
            service: there(),
            update: { 0: "paused update paused due to failure of task b" },
            tasks: { 0: [failed("b")] },
            logs: "no such file: /etc/x\n",
        },
        `service web: its update ended as paused: update paused due to failure of task b\nthe task web.1 on node2 failed with exit status 3, and wrote at last:\nno such file: /etc/x\nits tasks:\n${states}\n`,
    ],
    [
        "an update that was rolled back",
        {},
        {
            service: there(),
            update: { 0: "updating update in progress", 2: "rollback_completed rollback completed" },
        },
        "service web: its update ended as rollback_completed: rollback completed\nits tasks:\nweb.1 on node1: Running 3 seconds ago\n",
    ],
    [
        "time that has run out: what was last seen",
        { replicas: 2 },
        {
            replicas: { 0: "1/2" },
            tasks: { 0: [task("a", "Running"), task("b", "Pending", { error: '"no suitable node"' })] },
        },
        "waiting for service web, 5 s: 1 of 2 tasks run\nwaiting for service web, 15 s: 1 of 2 tasks run\n" +
            "service web: not converged after 20 s: 1 of 2 tasks run\nits tasks:\n" +
            'web.1 on node2: Running 3 seconds ago\nweb.1 on node2: Pending 3 seconds ago: "no suitable node"\n',
    ],
    [
        "a task that fails and is not to be started again",
        { restart: { condition: "none" } },
        { replicas: { 0: "0/1" }, tasks: { 0: [failed("b")] }, logs: "boom\n" },
        `service web: a task has failed, and its restart condition is none\nthe task web.1 on node2 failed with exit status 3, and wrote at last:\nboom\nits tasks:\n${states}\n`,
    ],
    [
        "an image that could not be looked up, and is not there",
        { image: "nope" },
        {
            distribution: "",
            replicas: { 0: "0/1" },
            tasks: { 0: [task("b", "Rejected", { desired: "shutdown", error: '"No such image: nope"' })] },
        },
        "waiting for service web, 5 s: 0 of 1 tasks run, 1 have failed\nwaiting for service web, 15 s: 0 of 1 tasks run, 1 have failed\n" +
            'service web: not converged after 20 s: 0 of 1 tasks run, 1 have failed\nits image could not be looked up: manifest unknown: "nope" is not there\n' +
            'its tasks:\nweb.1 on node2: Rejected 3 seconds ago: "No such image: nope"\n',
    ],
];

describe("a job", () => {
    const job = { mode: "replicated-job", args: ["migrate"] };
    const MARK = "0123456789ab";
    const done = { replicas: { 0: "0/1 (1/1 completed)" } };
    const before = { service: there({ mode: "ReplicatedJob", forced: 2 }), ...done };

    test("has converged when its tasks have completed", async () => {
        const run = await deploy(job, { replicas: { 0: "0/1 (0/1 completed)", 3: "0/1 (1/1 completed)" } });
        assertDone(run, answer());
        assert.equal(run.sleeps, 3);
        assert.deepEqual(run.sent.Mode, { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } });
    });

    test("on each node, of which it knows none in the instant of its making", async () => {
        const replicas = { 0: "0/0 (0/0 completed)", 2: "2/2 (0/2 completed)", 4: "0/0 (2/2 completed)" };
        const run = await deploy({ mode: "global-job" }, { replicas });
        assertDone(run, answer({ running: "2/2" }));
        assert.equal(run.sleeps, 4);
    });

    test("is not sent again where it has completed for the same", async () => {
        const run = await deploy(job, { ...before, job: MARK }, { mark: MARK });
        assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
        assert.deepEqual(run.requests, []);
    });

    for (const [what, world, host] of [
        ["for another mark", { ...before, job: "ba9876543210" }, { mark: MARK }],
        ["where it was never marked", { ...before, job: "" }, { mark: MARK }],
        [
            "where the swarm differs from the config",
            { ...before, job: MARK },
            { mark: MARK, differs: "differs now" },
        ],
        [
            "where it has not completed",
            { ...before, job: MARK, replicas: { 0: "0/1 (0/1 completed)", 3: "0/1 (1/1 completed)" } },
            { mark: MARK },
        ],
    ] as const) {
        test(`runs again, its tasks told from those before, ${what}`, async () => {
            const run = await deploy(job, world, host);
            assertDone(run, answer({ id: "old1", image: "nginx:latest@sha256:1" }));
            assert.deepEqual(run.requests, ["POST /services/old1/update?version=17"]);
            assert.equal(run.sent.TaskTemplate.ForceUpdate, 3);
        });
    }

    for (const [what, tasks, stderr] of [
        [
            "that fails and is not started again",
            [failed("b")],
            "service web: the job has failed: 0 of 1 tasks have completed, 1 have failed, and no other is started\n" +
                `the task web.1 on node2 failed with exit status 3, and wrote at last:\nno such table\nits tasks:\n${states}\n`,
        ],
        [
            "that is started again, until its time is over",
            [task("c", "Running"), failed("b")],
            "waiting for service web, 5 s: 0 of 1 tasks have completed, 1 have failed\n" +
                "waiting for service web, 15 s: 0 of 1 tasks have completed, 1 have failed\n" +
                "service web: not converged after 20 s: 0 of 1 tasks have completed, 1 have failed\n" +
                "the task web.1 on node2 failed with exit status 3, and wrote at last:\nno such table\n" +
                `its tasks:\nweb.1 on node2: Running 3 seconds ago\n${states}\n`,
        ],
    ] as const) {
        test(`${what}: says which task, where, and how`, async () => {
            const world = {
                replicas: { 0: "0/1 (0/1 completed)" },
                tasks: { 0: tasks },
                logs: "no such table\n",
            };
            const run = await deploy(job, world, { limit: 20 });
            assert.equal(run.stderr, stderr);
            assert.equal(run.status, 1);
        });
    }
});

describe("what is said when it does not converge", () => {
    for (const [what, options, world, stderr] of fails) {
        test(what, async () => {
            const run = await deploy(options, world, { limit: 20 });
            assert.equal(run.stderr, stderr);
            assert.equal(run.stdout, "");
            assert.equal(run.status, 1);
        });
    }

    test("and what is not deleted because of it, where nodes are about to go", async () => {
        const world = { service: there(), update: { 0: "paused stopped" } };
        const differs = `differs ${new Date().toISOString()} leaving the droplet 7 of node4, the droplet 8 of node5`;
        const run = await deploy({}, world, { differs });
        assert.equal(
            run.stderr.split("\n").at(-2),
            "Since it failed, this up deletes nothing: the droplet 7 of node4, the droplet 8 of node5 stay. To have them go all the same: pulumi up --continue-on-error",
        );
    });
});
