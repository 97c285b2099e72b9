/**
 * On an image that is what DigitalOcean's own one with Docker is: commands are answered with a text until the first boot
 * is over, ufw lets in Docker's API and a few SSH connections alone, Docker is Docker's own packages. Its engine is of
 * exactly the oldest version that the program takes.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inDroplet } from "./support/cloud.ts";
import { healthy } from "./support/oracle.ts";
import { LabStack } from "./support/stack.ts";

const config = {
    image: "lab-marketplace",
    managers: "m1",
    workers: "w1",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.124.6.0/24",
    // More services than an address may begin SSH sessions in half a minute.
    services: Object.fromEntries([
        ["nginx", { image: "nginx", replicas: 2, ports: ["80:80"] }],
        ...Array.from({ length: 4 }, (_, index) => [`more${index}`, { image: "nginx", replicas: 1 }]),
    ]),
};

describe("the marketplace's image", () => {
    let stack: LabStack;
    before(async () => {
        stack = await LabStack.make("marketplace", config);
    });
    after(async () => await stack.remove());

    test("a first up", async () => {
        await stack.upOrThrow();
        const outputs = await healthy(stack, { managers: ["m1"], workers: ["w1"], replicas: 2 });
        assert.deepEqual(outputs.dockerVersions, ["20.10.24+dfsg1"]);
        for (const { dropletId } of outputs.nodes) await asItShouldBe(dropletId);
    });

    test("a worker more, and the rest stays as it was", async () => {
        stack.set({ workers: "w[1:2]" });
        await stack.upOrThrow();
        const { nodes } = await healthy(stack, { managers: ["m1"], workers: ["w1", "w2"], replicas: 2 });
        await asItShouldBe(nodes.find(({ name }) => name === "w2")?.dropletId ?? "");
    });
});

async function asItShouldBe(droplet: string): Promise<void> {
    const rules = (await inDroplet(droplet, "ufw status"))
        .split("\n")
        .filter((line) => / (ALLOW|LIMIT|DENY|REJECT) /.test(line) && !line.includes("(v6)"))
        .map((line) => line.trim().replaceAll(/ {2,}/g, " | "));
    assert.deepEqual(rules.sort(), [
        "22/tcp | ALLOW | Anywhere",
        "2375/tcp | ALLOW | Anywhere",
        "2376/tcp | ALLOW | Anywhere",
        "2377,7946/tcp | ALLOW | 10.124.6.0/24",
        "4789,7946/udp | ALLOW | 10.124.6.0/24",
    ]);
    const held = await inDroplet(droplet, "dpkg --get-selections | grep hold");
    assert.deepEqual(
        held
            .split("\n")
            .map((line) => line.split("\t")[0])
            .sort(),
        ["containerd.io", "docker-ce", "docker-ce-cli"],
    );
}
