/**
 * Droplets that the state does not know: what previews, ups and destroys say of them, and the command that lists and
 * removes them. And a network whose answers were lost: the next up makes its own way.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { execa } from "execa";
import { environmentOf, processEnv } from "../../lab/environment.ts";
import { root } from "../../lab/instance.ts";
import { addFault, api, droplets, leftovers, removeFaults, settings, vpcId } from "./support/cloud.ts";
import { healthy, type Wanted } from "./support/oracle.ts";
import { instance, LabStack } from "./support/stack.ts";

const config = {
    managers: "m1",
    workers: "",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.124.5.0/24",
    services: { nginx: { image: "nginx", replicas: 1, ports: ["80:80"] } },
};

const wanted: Wanted = { managers: ["m1"], workers: [], replicas: 1 };

describe("lost droplets", () => {
    let stack: LabStack;
    let lost: { id: number; name: string };
    let tag: string;
    before(async () => {
        stack = await LabStack.make("lost", config);
    });
    after(async () => {
        await removeFaults();
        for (const { id, name } of await droplets()) {
            if (name === "ghost") await api("DELETE", `/v2/droplets/${id}`);
        }
        await stack.remove();
    });

    function swarm(...args: readonly string[]) {
        return execa("cli/bin/swarm", [...args, "--stack", stack.name], {
            cwd: root,
            env: processEnv(environmentOf(instance)),
            extendEnv: false,
            stdin: "ignore",
            reject: false,
        });
    }

    test("VPC, key, tags and firewall are made, and every answer is lost: the next up makes them again", async () => {
        for (const path of ["/v2/vpcs", "/v2/account/keys", "/v2/tags", "/v2/tags", "/v2/firewalls"]) {
            await addFault({ method: "POST", path, when: "after", drop: true });
        }
        const ran = await stack.up();
        await removeFaults();
        // A plugin that asks again by itself is told that the name is taken.
        assert.notEqual(ran.status, 0, ran.text);
        const second = await stack.upOrThrow();
        assert.match(
            second.text,
            /removed the (empty VPC|SSH key|firewall) \S+ \(ID \S+\), which .* in the way of the new one/,
        );
        await healthy(stack, wanted);
        assert.deepEqual(await leftovers(), { droplets: 1, vpcs: 1, firewalls: 1, tags: 3, keys: 1 });
    });

    test("a preview and an up name a droplet that the state does not know, and leave it alone", async () => {
        ({ all: tag } = (await stack.names()).tags);
        const made = await api("POST", "/v2/droplets", {
            name: "ghost",
            region: "sgp1",
            size: "s-1vcpu-1gb",
            image: "docker-22-04",
            vpc_uuid: await vpcId(tag),
            tags: [tag],
        });
        lost = (made.body as { droplet: typeof lost }).droplet;
        const text =
            `A droplet carries this stack's tag ${tag}, but is none of its resources:\n` +
            `  - ghost, ID ${lost.id}, made `;
        const preview = await stack.pulumi(["preview", "--expect-no-changes"]);
        assert.equal(preview.status, 0, preview.text);
        assert.ok(unindented(preview.text).includes(unindented(text)), preview.text);
        const ran = await stack.upOrThrow();
        assert.ok(unindented(ran.text).includes(unindented(text)), ran.text);
        assert.ok((await droplets(tag)).some(({ id }) => id === lost.id));
    });

    test("a preview of a scale-in does not take what is about to go for lost", async () => {
        stack.configure({ ...config, workers: "w1" });
        await stack.upOrThrow();
        stack.configure(config);
        const { text } = await stack.pulumi(["preview"]);
        assert.match(text, /ghost, ID/);
        assert.doesNotMatch(text, /- w1, ID/);
        await stack.upOrThrow();
    });

    test("destroy names it at once, rather than after the plugin's two minutes", async () => {
        const start = performance.now();
        await assert.rejects(stack.destroyOrThrow(), ({ message }: Error) => {
            assert.match(message, /^pulumi destroy --yes --skip-preview ended with status [1-9]/);
            assert.match(
                message,
                /The VPC cannot be deleted while something is in it that this stack's state does not know:/,
            );
            assert.match(message, new RegExp(`- ghost, droplet ${lost.id}`));
            return true;
        });
        const seconds = (performance.now() - start) / 1000;
        assert.ok(seconds < 60, `it took ${seconds} s`);
    });

    test("swarm orphans lists it, and removes it when it is told to; then destroy leaves nothing", async () => {
        const listed = await swarm("orphans");
        assert.equal(listed.exitCode, 1, listed.stderr);
        assert.match(listed.stdout, new RegExp(`^${lost.id} +ghost `, "m"));
        const refused = await swarm("orphans", "--delete");
        assert.notEqual(refused.exitCode, 0);
        assert.ok((await droplets(tag)).some(({ id }) => id === lost.id));
        const removed = await swarm("orphans", "--delete", "--yes");
        assert.equal(removed.exitCode, 0, removed.stderr);
        assert.deepEqual(await droplets(tag), []);
        await stack.destroyOrThrow();
        assert.deepEqual(await leftovers(), { droplets: 0, vpcs: 0, firewalls: 0, tags: 0, keys: 0 });
    });
});

describe("a region without a VPC", () => {
    let stack: LabStack;
    before(async () => {
        await settings({ defaultVpcs: false });
        stack = await LabStack.make("first-vpc", { ...config, services: {} });
    });
    after(async () => {
        await removeFaults();
        await stack.remove();
        await settings({ defaultVpcs: true });
    });

    const noNodes = ["network", "vpc-members", "deploy", "mark", "all", "manager", "worker"].flatMap(
        (name) => ["--target", `**::${name}`],
    );
    const nothing = { droplets: 0, vpcs: 0, firewalls: 0, tags: 0, keys: 0 };
    const becomesDefault = "the first VPC of sgp1 in the account becomes the region's default";
    /** Names of the VPCs in the region, the default one marked. */
    async function vpcs(): Promise<string[]> {
        const { body } = await api("GET", "/v2/vpcs?per_page=200");
        return (body as { vpcs: { name: string; region: string; default: boolean }[] }).vpcs
            .filter(({ region }) => region === "sgp1")
            .map((vpc) => `${vpc.name}${vpc.default ? " (default)" : ""}`);
    }

    test("its default is made first, as preview has said, and destroy leaves that alone behind", async () => {
        const preview = await stack.pulumi(["preview"]);
        assert.match(preview.text, new RegExp(`${becomesDefault}.* pulumi up makes default-sgp1 first`));
        assert.deepEqual(await vpcs(), []);
        const up = await stack.upOrThrow();
        assert.match(up.text, /made the VPC default-sgp1 \(10\.100\.0\.0\/20\) first, as DigitalOcean does/);
        assert.deepEqual(await vpcs(), ["default-sgp1 (default)", (await stack.names()).stack]);
        await stack.destroyOrThrow();
        assert.deepEqual(await leftovers(), nothing);
        assert.deepEqual(await vpcs(), ["default-sgp1 (default)"]);
    });

    test("where it could not be made, destroy makes it the default in the place of the stack's VPC, or says what is in the way", async () => {
        await settings({ defaultVpcs: false });
        const refusal = {
            method: "POST",
            path: "/v2/vpcs",
            body: { name: "default-sgp1" },
            status: 403,
        } as const;
        await addFault({ ...refusal, message: "not for this token", times: null });
        const up = await stack.upOrThrow(noNodes);
        const { stack: name } = await stack.names();
        assert.match(
            up.text,
            /could not make the VPC default-sgp1 first \(POST \/v2\/vpcs: 403 not for this token\)/,
        );
        assert.deepEqual(await vpcs(), [`${name} (default)`]);

        const refused = await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
        assert.notEqual(refused.status, 0, refused.text);
        assert.match(
            refused.text,
            /The stack's VPC is the default of sgp1, which DigitalOcean does not delete/,
        );
        assert.ok(refused.seconds < 60, `it took ${refused.seconds} s`);
        // As it says: everything else goes.
        const rest = await stack.pulumi(["destroy", "--yes", "--skip-preview", "--continue-on-error"]);
        assert.notEqual(rest.status, 0, rest.text);
        assert.deepEqual(await leftovers(), nothing);
        assert.deepEqual(await vpcs(), [`${name} (default)`]);

        await removeFaults();
        await stack.destroyOrThrow();
        assert.deepEqual(await leftovers(), nothing);
        assert.deepEqual(await vpcs(), ["default-sgp1 (default)"]);
    });
});

/** The engine indents what it is told, each line in its own way. */
function unindented(text: string): string {
    return text.replaceAll(/^\s+/gm, "");
}
