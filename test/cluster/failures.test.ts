/**
 * What goes wrong, on one small cluster: each failure ends within a bound with an error that names the node or the
 * service, says what was waited for and what to do; and the next up, with the cause removed, goes on from there.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { addFault, droplets, inDroplet, limitDroplets, nginxAnswers, removeFaults } from "./support/cloud.ts";
import { LabStack } from "./support/stack.ts";

const nginx = { image: "nginx", replicas: 1, ports: ["8080:80"] };

const good = {
    managers: "m1",
    workers: "",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.130.0.0/24",
    nodeTimeout: 30,
    services: { nginx },
};

const withWorker = (more: Record<string, unknown>) => ({ ...good, workers: "w1", ...more });

describe("failures", () => {
    let stack: LabStack;
    before(async () => {
        stack = await LabStack.make("failures", good);
    });
    after(async () => {
        await removeFaults();
        await limitDroplets();
        await stack.remove();
    });

    /** Runs up with a config, and expects it to fail within the time with these texts. */
    async function fails(
        config: Record<string, unknown>,
        texts: readonly (string | RegExp)[],
        seconds = 120,
    ) {
        stack.configure(config);
        const ran = await stack.up();
        assert.notEqual(ran.status, 0, ran.text);
        for (const text of texts) {
            assert.ok(
                typeof text === "string" ? ran.text.includes(text) : text.test(ran.text),
                `${text} is not in:\n${ran.text}`,
            );
        }
        assert.ok(ran.seconds < seconds, `it took ${ran.seconds} s`);
        assert.doesNotMatch(ran.text, /SWMTKN-|PRIVATE KEY/);
        return ran.text;
    }

    test("no token", async () => {
        const ran = await stack.pulumi(["preview"], { DIGITALOCEAN_TOKEN: "" });
        assert.notEqual(ran.status, 0);
        assert.match(ran.text, /there is no DigitalOcean token: set DIGITALOCEAN_TOKEN/);
    });

    test("a wrong token", async () => {
        const ran = await stack.pulumi(["preview"], { DIGITALOCEAN_TOKEN: "dop_v1_wrong" });
        assert.notEqual(ran.status, 0);
        assert.match(ran.text, /DigitalOcean refused the token \(401\)/);
        assert.doesNotMatch(ran.text, /dop_v1_wrong/);
    });

    test("an unknown region, image and size, all at once, before anything is made", async () => {
        await fails({ ...good, region: "mars1", image: "no-such-image" }, [
            'swarm:region: "mars1" is not a region; there are: ',
            'swarm:image: "no-such-image" (for m1) is not an image that this account has',
        ]);
        await fails({ ...good, size: "s-64vcpu-1tb" }, [
            'swarm:size: "s-64vcpu-1tb" (for m1) is not a size that sgp1 offers; the nearest name there is ',
        ]);
        assert.deepEqual(await stack.resources(), []);
    });

    test("the account is full", async () => {
        await limitDroplets(1);
        await fails(withWorker({}), ["2 more droplets are wanted, but the account allows 1 and has 0"]);
        await limitDroplets();
    });

    test("the droplet limit is reached half-way: the rest is kept, and made use of later", async () => {
        await addFault({
            method: "POST",
            path: "/v2/droplets",
            skip: 1,
            times: null,
            status: 422,
            message: "creating this/these droplet(s) will exceed your droplet limit",
        });
        await fails(withWorker({}), ["creating this/these droplet(s) will exceed your droplet limit"]);
        const [made] = await droplets((await stack.names()).tags.all);
        await removeFaults();
        stack.configure(withWorker({}));
        await stack.upOrThrow();
        const names = await droplets((await stack.names()).tags.all);
        assert.equal(names.length, 2);
        assert.ok(names.some(({ id }) => id === made?.id));
        for (const { publicIp } of (await stack.outputs()).nodes) await nginxAnswers(publicIp, 8080);
    });

    // A host that cannot be used, and one that is not even spoken to. What is said of the other broken images is held by
    // unit tests and script tests, and what a host says that is slow to come up by the tests of losses.
    const images: { image: string; texts: (string | RegExp)[] }[] = [
        {
            image: "lab-no-docker",
            texts: [
                "w1: there is no docker command on this image; choose an image with Docker in it (swarm:image)",
            ],
        },
        { image: "lab-wrong-host-key", texts: [/w1 \(\S+\): WRONG HOST KEY: another machine answers/] },
    ];
    for (const { image, texts } of images) {
        test(`a worker from the image ${image}; the cluster stays as it is`, async () => {
            await fails(withWorker({ workerImage: image }), texts);
            const { nodes } = await stack.outputs();
            const ready = await inDroplet(nodes[0]?.dropletId ?? "", "docker node ls --format '{{.Status}}'");
            assert.deepEqual(ready.split("\n"), ["Ready", "Ready"]);
            for (const { publicIp } of nodes) await nginxAnswers(publicIp, 8080);
        });
    }

    test("a service whose image does not exist: the tasks' own error; the other service runs", async () => {
        const config = withWorker({
            services: { nginx, ghost: { image: "no/such-image", replicas: 1, timeout: 12 } },
        });
        await fails(config, [
            /service ghost: not converged after 1\d s: 0 of 1 tasks run/,
            /ghost\.1 on \S*: (Rejected|Preparing|Pending|Assigned|Ready)/,
            /No such image|could not be accessed on a registry/,
        ]);
    });

    test("services whose tasks die, end or are ill: their errors; mended by the next up", async () => {
        const config = (command: string, others?: string) => {
            const other = { timeout: others === undefined ? 15 : 60, stopGracePeriod: "0s" };
            return withWorker({
                services: {
                    nginx,
                    crash: {
                        image: "busybox",
                        replicas: 1,
                        timeout: 15,
                        stopGracePeriod: "0s",
                        command: ["sh"],
                        args: ["-c", command],
                    },
                    ends: { ...other, image: others ?? "lab/ends" },
                    ill: { ...other, image: others ?? "lab/unhealthy" },
                },
            });
        };
        await fails(config("sleep 1; exit 3"), [
            /service crash: not converged after 1\d s/,
            /crash\.1 on (w1|m1)/,
            "task: non-zero exit (3)",
            /service ends: not converged after 1\d s/,
            /the task ends\.1 on \S+ ended with exit status 0, and wrote at last:\s+done/,
            /service ill: not converged after 1\d s/,
            /ill\.1 on \S+: Failed .*unhealthy container/,
        ]);
        stack.configure(config("sleep 1000", "lab/slow"));
        await stack.upOrThrow();
    });

    test("a migration that fails: what it runs before, and what comes after that, stays as it was; mended by the next up", async () => {
        const config = (seconds: string, migration: string) =>
            withWorker({
                services: {
                    nginx,
                    migrate: {
                        image: "busybox",
                        mode: "replicated-job",
                        args: ["sh", "-c", migration],
                        timeout: 60,
                    },
                    app: {
                        image: "busybox",
                        args: ["sleep", seconds],
                        stopGracePeriod: "0s",
                        before: "migrate",
                    },
                    last: { image: "busybox", args: ["sleep", seconds], stopGracePeriod: "0s", after: "app" },
                },
            });
        stack.configure(config("100000", "echo tables made"));
        await stack.upOrThrow();
        const seed = (await stack.outputs()).nodes[0]?.dropletId ?? "";
        const args = async () =>
            (
                await inDroplet(
                    seed,
                    "docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Args}}' app last",
                )
            ).trim();
        await fails(config("200000", "echo no such table; exit 3"), [
            /service migrate: the job has failed: 0 of 1 tasks have completed/,
            /the task migrate\.\S* on (w1|m1) failed with exit status 3, and wrote at last:/,
            "no such table",
        ]);
        assert.equal(await args(), "[sleep 100000]\n[sleep 100000]");
        stack.configure(config("200000", "echo tables made"));
        await stack.upOrThrow();
        assert.equal(await args(), "[sleep 200000]\n[sleep 200000]");
    });

    test("a service that somebody made by hand is not taken over", async () => {
        const seed = (await stack.outputs()).nodes[0]?.dropletId ?? "";
        await inDroplet(
            seed,
            "docker service create --detach --name mine --stop-grace-period 0s busybox sleep 1000",
        );
        const services = { nginx, mine: { image: "busybox", args: ["sleep", "1000"] } };
        await fails(withWorker({ services }), [
            "service mine: the swarm has a service of this name that this stack did not make; remove it or choose another name",
        ]);
        await inDroplet(seed, "docker service rm mine");
        await stack.upOrThrow();
        assert.match(
            await inDroplet(seed, "docker service ls --format '{{.Name}} {{.Replicas}}'"),
            /^mine 1\/1$/m,
        );
    });
});
