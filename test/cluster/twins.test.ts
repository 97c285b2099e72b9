/**
 * Stacks that are called alike in one account: neither harms the other, and each says what is in its way. Two clones with
 * two backends and one name, one of them made before stacks had marks; and names that differ in a character.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { newApi } from "../lab/apiClient.ts";
import { changedProgram } from "./support/changedProgram.ts";
import { api, droplets, leftovers, untilInDroplet } from "./support/cloud.ts";
import { healthy } from "./support/oracle.ts";
import { instance, LabStack, type Outputs, type Ran } from "./support/stack.ts";

const config = {
    managers: "m1",
    workers: "",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.136.1.0/24",
    services: { nginx: { image: "nginx", replicas: 1, ports: ["80:80"] } },
};
const wanted = { managers: ["m1"], workers: [], replicas: 1 };
const nothing = { droplets: 0, vpcs: 0, firewalls: 0, tags: 0, keys: 0 };

interface ApiFirewall {
    readonly name: string;
    readonly tags: readonly string[];
    readonly droplet_ids: readonly number[];
}

async function firewalls(): Promise<readonly ApiFirewall[]> {
    const { body } = await api("GET", "/v2/firewalls?per_page=200");
    return (body as { firewalls: ApiFirewall[] }).firewalls;
}

/** The stack's swarm is healthy, on the droplets that it had, behind the stack's own firewall. */
async function whole(stack: LabStack, had: Outputs): Promise<void> {
    const { tags, stack: label } = await stack.names();
    // The swarm hears of an engine's labels within some 20 s.
    const labels = "docker node inspect self --format '{{index .Description.Engine.Labels \"swarm.stack\"}}'";
    await untilInDroplet(had.nodes[0]?.dropletId ?? "", labels, new RegExp(`^${label}$`, "m"));
    const outputs = await healthy(stack, wanted);
    assert.deepEqual([outputs.clusterId, outputs.nodes], [had.clusterId, had.nodes]);
    assert.equal((await firewalls()).filter((firewall) => firewall.tags.includes(tags.all)).length, 1);
}

describe("two clones, two backends, one name", () => {
    let first: LabStack;
    let second: LabStack;
    let hadFirst: Outputs;
    let hadSecond: Outputs;
    before(async () => {
        first = await LabStack.make("twins", config);
        const folder = changedProgram("none", []);
        const backend = mkdtempSync(path.join(instance.dir, "backend-"));
        mkdirSync(path.join(backend, ".pulumi"));
        second = await LabStack.make("twins", config, { folder, backend: `file://${backend}?metadata=skip` });
    });
    after(async () => {
        await second?.remove();
        await first?.remove();
    });

    /** All of a stack's names begin with this. */
    const unmarked = () => `swarm-${first.name}`;
    const noOrphans = async (stack: LabStack) => {
        const { status, text } = await stack.swarm(["orphans"]);
        assert.deepEqual([status, /^Every droplet with the mark [0-9a-f]{8} is/.test(text)], [0, true], text);
    };

    /** A preview and an up that end with this, and orphans that are none, leave the first stack as it is. */
    async function isRefused(stack: LabStack, text: RegExp): Promise<void> {
        const preview = await stack.pulumi(["preview"]);
        assert.notEqual(preview.status, 0, preview.text);
        assert.match(preview.text, text);
        const up = await stack.up();
        assert.notEqual(up.status, 0, up.text);
        assert.match(up.text, text);
        assert.doesNotMatch(up.text, /^.*removed the /m);
        const orphans = await stack.swarm(["orphans", "--delete", "--yes"]);
        assert.equal(orphans.status, 0, orphans.text);
        await whole(first, hadFirst);
    }

    test("a stack from before there were marks is in the way by its range, and is left alone", async () => {
        // As the program was: without a stash, and the readable part of the names all of them.
        const before = changedProgram(first.name, [
            {
                file: "components/deployKey.ts",
                from: 'new pulumi.Stash("mark", { input: now }, { parent: this })',
                to: "{ output: now }",
            },
            {
                file: "model/stackNames.ts",
                from: "[unmarkedName(project, stack), mark]",
                to: "[unmarkedName(project, stack)]",
            },
            {
                file: "model/stackNames.ts",
                from: 'const BEFORE_ROLE = ":"',
                to: 'const BEFORE_ROLE = "-"',
            },
        ]);
        await first.upOrThrow(["--cwd", before]);
        assert.equal((await first.names()).stack, unmarked());
        hadFirst = await first.outputs();
        await isRefused(
            second,
            new RegExp(
                `the VPC ${unmarked()} \\(.*\\): it has this stack's name and no mark, so a stack of this name`,
            ),
        );
    });

    test("it takes its mark on in its place, as its preview shows, and loses no droplet by it", async () => {
        assert.deepEqual(
            (await first.preview())
                .filter((step) => !/^(create-replacement|delete-replaced) /.test(step))
                .sort(),
            [
                "create mark",
                "replace all",
                "replace all",
                "replace manager",
                "replace worker",
                "update deploy",
                "update m1",
                "update m1-join",
                "update network",
                "update roster",
                "update swarm",
            ],
        );
        await first.upOrThrow();
        assert.match((await first.names()).stack, new RegExp(`^${unmarked()}-[0-9a-f]{8}$`));
        assert.deepEqual(await first.preview(), []);
        await noOrphans(first);
    });

    /** The first stack's things, as the account lists them. */
    async function ofFirst() {
        const { tags } = await first.names();
        const vpcs = (await api("GET", "/v2/vpcs?per_page=200")).body as { vpcs: { name: string }[] };
        return {
            droplets: await droplets(tags.all),
            firewalls: (await firewalls()).filter((firewall) => firewall.tags.includes(tags.all)),
            vpcs: vpcs.vpcs.filter(({ name }) => name === tags.all),
        };
    }

    test("then it is in the way by its mark, and is left alone, in whichever order the other one is tried", async () => {
        const inTheWay = new RegExp(
            `the VPC ${unmarked()}-\\w+ \\(.*\\): it carries another mark under this stack's name`,
        );
        const nothingLost =
            /^(Every droplet with the mark [0-9a-f]{8} is|The state of the stack "\S+" has no mark)/;
        const tries: readonly (readonly [run: () => Promise<Ran>, fails: boolean, says: RegExp])[] = [
            [() => second.pulumi(["preview"]), true, inTheWay],
            [() => second.pulumi(["up", "--yes"]), true, inTheWay],
            [() => second.up(), true, inTheWay],
            [() => second.swarm(["orphans", "--delete", "--yes"]), false, nothingLost],
            [() => second.pulumi(["destroy", "--yes", "--skip-preview"]), false, /Resources:|no resources/i],
        ];
        const had = await ofFirst();
        for (const [run, fails, says] of eachAfterEach(tries)) {
            const { status, text } = await run();
            assert.equal(status !== 0, fails, text);
            assert.match(text, says);
            assert.doesNotMatch(text, /^.*removed the /m);
            assert.deepEqual(await ofFirst(), had);
        }
        await second.destroyOrThrow();
        await whole(first, hadFirst);
    });

    test("beside each other, neither has the other's droplets for lost, nor its things for its own", async () => {
        second.set({ vpcIpRange: "10.136.2.0/24" });
        const up = await second.upOrThrow();
        assert.doesNotMatch(up.text, /are? none of its resources|removed the /);
        hadSecond = await second.outputs();
        await Promise.all([whole(second, hadSecond), whole(first, hadFirst)]);
        await Promise.all([noOrphans(first), noOrphans(second)]);
        assert.deepEqual(await Promise.all([first.preview(), second.preview()]), [[], []]);
    });

    test("the other one destroyed and made again, the first stays whole", async () => {
        const had = await ofFirst();
        await second.destroyOrThrow();
        assert.deepEqual(await ofFirst(), had);
        const up = await second.pulumi(["up", "--yes"]);
        assert.equal(up.status, 0, up.text);
        hadSecond = await second.outputs();
        await Promise.all([whole(second, hadSecond), whole(first, hadFirst)]);
    });

    test("with a token of another account nothing is concluded, and everything says that", async () => {
        const other = newApi();
        const env = { DIGITALOCEAN_API_URL: await other.app.listen({ port: 0, host: "127.0.0.1" }) };
        try {
            const state = await first.export();
            for (const [ran, fails] of [
                [await first.pulumi(["preview"], env), true],
                [await first.pulumi(["up", "--yes", "--skip-preview"], env), true],
                // Of the swarm itself, which is well.
                [await first.swarm(["status"], env), false],
                [await first.swarm(["doctor"], env), true],
                [await first.swarm(["orphans", "--delete", "--yes"], env), true],
            ] as const) {
                assert.equal(ran.status !== 0, fails, ran.text);
                assert.match(ran.text, /this token sees another account: it knows neither the stack's VPC /);
                assert.doesNotMatch(ran.text, /makes it anew|is gone from the cloud|none of its resources/);
            }
            const resources = (text: string) => JSON.parse(text).deployment.resources.length;
            assert.equal(resources(await first.export()), resources(state));
            const changes = other.machines.calls.filter((call) => !call.startsWith("images"));
            assert.deepEqual(changes, []);
        } finally {
            await other.app.close();
        }
        await whole(first, hadFirst);
    });

    test("a firewall of running nodes is not given away to be replaced", async () => {
        const ran = await first.pulumi(["preview", "--replace", "**:Firewall::all"]);
        assert.notEqual(ran.status, 0, ran.text);
        assert.match(
            ran.text,
            /this stack's firewall \S+ \(ID \S+\) is there and protects m1, so it is not deleted/,
        );
    });

    test("members of a swarm that answers are not deleted by an old copy of the state, whatever is said but the name", async () => {
        const now = await first.export();
        const { deployment, ...rest } = JSON.parse(now) as {
            deployment: { resources: { type: string; outputs?: object }[] };
        };
        const resources = deployment.resources.filter(({ type }) => !/Droplet$|remote:Command$/.test(type));
        await first.import(JSON.stringify({ ...rest, deployment: { ...deployment, resources } }));
        try {
            const ran = await first.swarm(["orphans", "--delete", "--yes"]);
            assert.equal(ran.status, 64, ran.text);
            assert.match(
                ran.text,
                /- m1 \(droplet \d+\): (a manager lists it as a ready member|it says that it is in a swarm)/,
            );
        } finally {
            await first.import(now);
        }
        await whole(first, hadFirst);
    });

    test("the one destroyed, the other stays whole", async () => {
        await first.destroyOrThrow();
        assert.equal((await droplets()).length, 1);
        await whole(second, hadSecond);
        await noOrphans(second);
        await second.destroyOrThrow();
        assert.deepEqual(await leftovers(), nothing);
    });
});

/** Each of them right after each other one, once. */
function* eachAfterEach<T>(all: readonly T[]): Generator<T> {
    assert.equal(all.length, 5, "going round in each step finds all pairs where the number is prime");
    for (let step = 1; step < all.length; step += 1)
        for (let place = 0; place < all.length; place += 1) yield all[(place * step) % all.length] as T;
    yield all[0] as T;
}

describe("names that look alike", () => {
    const names = ["a-b", "a_b", "a.b", "Prod", "prod", "prod-worker"];
    const stacks: LabStack[] = [];
    after(async () => {
        await Promise.all(stacks.map((stack) => stack.remove()));
    });

    test("each has a network, a firewall and tags of its own", async () => {
        for (const [index, name] of names.entries()) {
            const vpcIpRange = `10.136.${10 + index}.0/24`;
            stacks.push(await LabStack.make(name, { ...config, vpcIpRange, services: {} }));
        }
        const targets = ["deploy", "mark", "network", "all", "manager", "worker"].flatMap((name) => [
            "--target",
            `**::${name}`,
        ]);
        await Promise.all(stacks.map((stack) => stack.upOrThrow(targets)));
        const own = await Promise.all(stacks.map((stack) => stack.names()));
        const tags = own.flatMap((name) => Object.values(name.tags));
        assert.equal(new Set(tags.map((tag) => tag.toLowerCase())).size, 3 * names.length);
        assert.deepEqual(await leftovers(), {
            droplets: 0,
            vpcs: names.length,
            firewalls: names.length,
            tags: 3 * names.length,
            keys: names.length,
        });
    });

    test("those whose tags were once one have a swarm each, and the others' stay when one goes", async () => {
        const [Prod, prod, worker] = stacks.slice(3) as [LabStack, LabStack, LabStack];
        await Promise.all([Prod, prod, worker].map((stack) => stack.upOrThrow()));
        const isWhole = async (stack: LabStack) => {
            const wait = await stack.swarm(["wait", "--timeout", "60"]);
            assert.equal(wait.status, 0, wait.text);
            assert.deepEqual(await stack.preview(), []);
            const orphans = await stack.swarm(["orphans"]);
            assert.match(orphans.text, /^Every droplet with the mark [0-9a-f]{8} is/);
            const { tags } = await stack.names();
            assert.equal((await firewalls()).filter((one) => one.tags.includes(tags.all)).length, 1);
            const ids = (await stack.outputs()).nodes.map(({ dropletId }) => Number(dropletId));
            assert.deepEqual(
                (await droplets(tags.all)).map(({ id }) => id),
                ids,
            );
        };
        await Promise.all([Prod, prod, worker].map(isWhole));
        await prod.destroyOrThrow();
        await Promise.all([Prod, worker].map(isWhole));
        const own = await Promise.all(stacks.filter((stack) => stack !== prod).map((stack) => stack.names()));
        assert.deepEqual(
            (await firewalls()).map(({ tags }) => tags[0]).sort(),
            own.map(({ tags }) => tags.all).sort(),
        );
    });
});
