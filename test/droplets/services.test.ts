/** What a change of a service does to its tasks, by the program's own script on a swarm with real ones. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { examples } from "./support/examples.ts";
import { TestLab } from "./support/lab.ts";
import { OneManager, type Options, serviceOf } from "./support/oneManager.ts";
import { privateImageTests, rotationTests } from "./support/privateImages.ts";
import { FIRST } from "./support/serviceOptions.ts";
import { prepare, takeServiceWalk } from "./support/serviceWalk.ts";

const lab = new TestLab("services", 4);
const manager = new OneManager(lab);

before(async () => {
    await lab.start();
    await manager.start();
    await prepare(manager);
});
after(() => lab.remove());

/** The walk of `make test`, the same one in each run. */
const SEED = 1;
const STEPS = 8;

test(`a walk of ${STEPS} changes`, () => takeServiceWalk(manager, SEED, STEPS));

const deploy = (options: Options) => manager.deploy(serviceOf("web", { ...FIRST.options, ...options }));

/** Deploys one form after another, all of which leave the tasks alone. */
async function leavesTasksAlone(forms: readonly Options[]): Promise<void> {
    await deploy(forms[0] as Options);
    const tasks = await manager.tasks("web");
    assert.equal(tasks.length, 2);
    for (const form of forms.slice(1)) {
        await deploy(form);
        assert.deepEqual(await manager.tasks("web"), tasks, JSON.stringify(form));
        assert.deepEqual(await manager.tasks("web", "up to date"), tasks);
    }
}

describe("tasks are left alone", () => {
    after(() => manager.remove("web"));

    test("by a change of a label, whatever the number of variables", () => {
        const env = Object.fromEntries([..."HGFEDCBA"].map((name) => [name, name.toLowerCase()]));
        return leavesTasksAlone(["1", "2", "3"].map((tier) => ({ replicas: 2, env, labels: { tier } })));
    });

    test("by a change of a label, whatever the order of the mounts", () => {
        const mounts = ["zz", "aa", "mm"].map((source) => ({ source, target: `/m/${source}` }));
        return leavesTasksAlone(["1", "2", "3"].map((tier) => ({ replicas: 2, mounts, labels: { tier } })));
    });

    test("by a constraint that they meet already, added and taken away, at once", async () => {
        const [some, more] = [["node.role==manager"], ["node.role==manager", "node.labels.zone==a"]];
        const forms = [[], some, more, some, []].map((constraints) => ({ replicas: 2, constraints }));
        // What does not converge fails only after this.
        await leavesTasksAlone(forms.map((form) => ({ ...form, timeout: 30 })));
    });
});

describe("a published port", () => {
    after(() => manager.remove("web"));

    const rows: { what: string; ports: unknown[]; published: string }[] = [
        {
            what: "in mode host",
            ports: [{ published: 8081, target: 80, mode: "host" }],
            published: "8081:80/tcp host",
        },
        {
            what: "moved",
            ports: [{ published: 8082, target: 80, mode: "host" }],
            published: "8082:80/tcp host",
        },
        { what: "made ingress", ports: ["8082:80"], published: "8082:80/tcp ingress" },
        { what: "removed", ports: [], published: "" },
        {
            what: "beside another one that leads to the same target",
            ports: ["8081:80", "8083:80"],
            published: "8081:80/tcp ingress 8083:80/tcp ingress",
        },
        { what: "which then goes", ports: ["8083:80"], published: "8083:80/tcp ingress" },
    ];
    for (const { what, ports, published } of rows) {
        test(`${what}: there is that, and nothing else`, async () => {
            await deploy({ image: "nginx", command: undefined, ports });
            const format =
                "{{range .Endpoint.Ports}}{{.PublishedPort}}:{{.TargetPort}}/{{.Protocol}} {{.PublishMode}} {{end}}";
            assert.equal(await manager.run(`docker service inspect --format '${format}' web`), published);
        });
    }
});

test("a job has converged when it has completed, runs again when it changes, and says how it failed", async () => {
    const job = (script: string, more: Options = {}) =>
        serviceOf("job", {
            image: "busybox",
            command: ["sh", "-c", script],
            mode: "replicated-job",
            ...more,
        });
    const runs = () => manager.run("docker service inspect --format '{{.JobStatus.JobIteration.Index}}' job");
    const twice = job("sleep 1", { replicas: 2, maxConcurrent: 1 });
    await manager.deploy(twice);
    const count = await manager.run("docker service ls --filter name=job --format '{{.Replicas}}'");
    assert.equal(count, "0/1 (2/2 completed)");
    const first = await runs();
    assert.deepEqual(await manager.differences(twice), []);
    // It has completed already, and is not run again.
    await manager.deploy(twice);
    assert.equal(await runs(), first);
    await assert.rejects(manager.deploy(job("echo no such table; exit 3")), ({ message }: Error) => {
        assert.match(message, /service job: the job has failed: 0 of 1 tasks have completed, 1 have failed/);
        assert.match(
            message,
            /the task job\.\S+ on droplet1 failed with exit status 3, and wrote at last:\nno such table\n/,
        );
        return true;
    });
    const failing = serviceOf("job", {
        image: "busybox",
        command: ["sh", "-c", "echo unhealthy; sleep 60"],
        healthcheck: { test: "false", interval: "500ms", retries: 1 },
        restart: { condition: "none" },
    });
    // Which is another mode.
    await assert.rejects(
        manager.deploy(failing),
        /a task has failed.*\n.*failed with exit status \d+, and wrote at last:\nunhealthy/,
    );
    await manager.remove("job");
});

/** sshd allows ten at once. */
const AT_ONCE = 5;

describe("examples of the documentation", () => {
    afterEach(() => manager.clear());

    test("the examples of docs/services.md run, and a preview finds nothing to say of them", async () => {
        // There at the same time, so one name each.
        const services = examples().flatMap(({ services, nodeLabels: _, ...config }, index) =>
            Object.entries(services).map(([name, options]) =>
                serviceOf(`${name}-${index}`, runnable(options), config),
            ),
        );
        await manager.run(
            "echo x | docker secret create web-key - && echo x | docker config create web-motd -",
        );
        for (let next = 0; next < services.length; next += AT_ONCE)
            await Promise.all(services.slice(next, next + AT_ONCE).map((service) => manager.deploy(service)));
        assert.deepEqual(await manager.differences(...services), []);
    });

    test("stack files from the wild, written anew in docs/stacks.md, are up, and a preview finds nothing to say of them", async () => {
        const services = examples("stacks").flatMap(({ services, ...config }) =>
            Object.entries(services).map(([name, { args: _, healthcheck: __, ...options }]) => {
                const networks = Object.entries(config.networks as object).filter(([network]) =>
                    JSON.stringify(options.networks).includes(`"${network}"`),
                );
                const own = { ...config, networks: Object.fromEntries(networks) };
                return serviceOf(name, runnable({ ...options, image: "nginx" }), own);
            }),
        );
        for (let next = 0; next < services.length; next += AT_ONCE)
            await Promise.all(services.slice(next, next + AT_ONCE).map((service) => manager.deploy(service)));
        assert.deepEqual(await manager.differences(...services), []);
    });
});

/**
 * On one manager, with the images that the lab has, and its engine, which is older than 27.0.0. Each by itself: the order of
 * services is the engine's to keep.
 */
function runnable({ image, constraints, ...given }: Options): Options {
    const { oomScoreAdj: _, after: __, before: ___, ...options } = given;
    return {
        ...options,
        image: /^registry\.(example|digitalocean)\.com/.test(`${image}`) ? "nginx" : image,
        constraints: (constraints as string[] | undefined)?.filter((one) => one !== "node.role==worker"),
    };
}

describe("secrets", () => {
    after(async () => {
        await manager.remove("rotated");
        await manager.removeUnused();
    });
    rotationTests(manager);
});

describe("private images", () => {
    after(() => manager.remove("private"));
    privateImageTests(lab, manager);
});
