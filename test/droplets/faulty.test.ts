/** Droplets that are broken on purpose, each in the one way that its image's name says. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { imageRefs } from "../../lab/droplets/images/ensure.ts";
import { TestLab } from "./support/lab.ts";
import { reachable, until } from "./support/wait.ts";

const lab = new TestLab("faulty", 1, { faulty: true });

const PLEASE_WAIT = "Please wait while we get your droplet ready...";

const symptoms: { target: string; command: string; answer: string }[] = [
    { target: "lab-no-docker", command: "command -v docker || echo none", answer: "none" },
    {
        target: "lab-old-docker",
        // Fails as a whole while the daemon starts.
        command: "version=$(docker version --format '{{.Server.Version}}') && echo $version | cut -d+ -f1",
        answer: "1.11.2",
    },
    {
        target: "lab-dead-docker",
        command: "docker version >/dev/null 2>&1 || dockerd 2>&1 || true",
        answer: "failed to start daemon: broken on purpose",
    },
    { target: "lab-please-wait", command: "echo nonce", answer: PLEASE_WAIT },
    { target: "lab-forced-command", command: "echo nonce", answer: PLEASE_WAIT },
];

before(() => lab.start());
after(() => lab.remove());

// Three beside the one that takes its time.
describe("droplets that are broken on purpose", { concurrency: 4 }, () => {
    test("lab-slow-boot and lab-no-ssh run Docker before SSH is open", async () => {
        await Promise.all([
            lab.create(10, imageRefs().variant("lab-slow-boot"), null),
            lab.create(11, imageRefs().variant("lab-no-ssh"), null),
        ]);
        const started = performance.now();
        for (const id of [10, 11]) {
            await until(`Docker runs on droplet ${id}`, async () => {
                await lab.inside(id, ["docker", "version"]);
                return true;
            });
            assert.equal(await reachable(lab.publicIp(id), 22), false);
        }
        await until("the slow one's SSH is open", () => reachable(lab.publicIp(10), 22));
        assert.ok(performance.now() - started > 15_000);
        assert.equal(await reachable(lab.publicIp(11), 22), false);
        await Promise.all([lab.machines.delete(10), lab.machines.delete(11)]);
    });

    for (const [index, { target, command, answer }] of symptoms.entries()) {
        test(target, async () => {
            const id = 20 + index;
            await lab.create(id, imageRefs().variant(target), null);
            assert.equal(await lab.eventually(id, command), answer);
            if (target === "lab-forced-command") {
                await until(
                    "the command is no longer forced",
                    async () => (await lab.visit(id, command)) === "nonce",
                );
            }
            await lab.machines.delete(id);
        });
    }

    test("lab-wrong-host-key", async () => {
        await lab.create(30, imageRefs().variant("lab-wrong-host-key"), null);
        await until("SSH is open", () => reachable(lab.publicIp(30), 22));
        await assert.rejects(lab.visit(30, "true"), /host/i);
        await lab.machines.delete(30);
    });
});
