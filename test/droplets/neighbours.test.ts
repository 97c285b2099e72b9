/** Labs of two checkouts, both by the same name and in one engine: whatever is done to one, the other has all it had. */
import assert from "node:assert/strict";
import {
    cpSync,
    existsSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    symlinkSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import Docker from "dockerode";
import { execa } from "execa";
import { daemonRuns } from "../../lab/daemon.ts";
import { labFilter } from "../../lab/droplets/lab.ts";
import { environmentOf, processEnv } from "../../lab/environment.ts";
import { type Instance, instanceFrom, root } from "../../lab/instance.ts";
import { socketPath } from "./support/lab.ts";
import { until } from "./support/wait.ts";

const top = realpathSync(mkdtempSync(path.join(tmpdir(), "checkouts-")));
const engine = new Docker({ socketPath: socketPath() });

interface Ran {
    readonly status: number;
    readonly text: string;
}

/** A checkout with the repository's lab and program, and packages that are there already. */
class Checkout {
    readonly folder: string;
    readonly env: NodeJS.ProcessEnv;
    readonly lab: Instance;

    constructor(name: string, port: number, publicCidr: string) {
        this.folder = path.join(top, name);
        this.env = { LAB_NAME: "lab", LAB_PORT: `${port}`, LAB_PUBLIC_CIDR: publicCidr };
        this.lab = instanceFrom(this.env, this.folder);
        for (const entry of readdirSync(root)) {
            if (
                /^(lab|cli|model|components|policy|.*\.(ts|json|yaml))$/.test(entry) &&
                !/^Pulumi\.lab/.test(entry)
            )
                cpSync(path.join(root, entry), path.join(this.folder, entry), { recursive: true });
        }
        symlinkSync(path.join(root, "node_modules"), path.join(this.folder, "node_modules"));
    }

    async run(verb: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
        const ran = await execa(process.execPath, ["lab/main.ts", verb], {
            cwd: this.folder,
            env: {
                ...processEnv(environmentOf(instanceFrom(process.env))),
                ...this.env,
                DOCKER_HOST: process.env.LAB_DOCKER_HOST,
                LAB_FAULTY_IMAGES: "",
                LAB_PLUGINS: "own",
                ...env,
            },
            extendEnv: false,
            all: true,
            reject: false,
            stdin: "ignore",
            timeout: 120_000,
        });
        return { status: ran.exitCode ?? -1, text: ran.all };
    }

    async does(verb: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
        const { status, text } = await this.run(verb, env);
        assert.equal(status, 0, `${verb} in ${this.folder}:\n${text}`);
        return text;
    }

    /** IDs of the lab's running containers and of its networks. */
    async things(): Promise<string[]> {
        const filters = labFilter(this.lab);
        const [containers, networks] = await Promise.all([
            engine.listContainers({ filters }),
            engine.listNetworks({ filters }),
        ]);
        return [...containers, ...networks].map(({ Id }) => Id).sort();
    }

    async makeDroplet(): Promise<void> {
        const answer = await fetch(`http://127.0.0.1:${this.lab.port}/v2/droplets`, {
            method: "POST",
            headers: {
                authorization: `Bearer ${readFileSync(this.lab.token, "utf8").trim()}`,
                "content-type": "application/json",
            },
            body: JSON.stringify({
                name: "node1",
                region: "sgp1",
                size: "s-1vcpu-1gb",
                image: "debian-13-docker",
            }),
        });
        assert.equal(answer.status, 202, await answer.text());
        await fetch(`http://127.0.0.1:${this.lab.port}/lab/state?settle=60000`);
    }
}

async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
}

describe("labs of two checkouts", () => {
    let a: Checkout;
    let b: Checkout;

    before(async () => {
        a = new Checkout("a", await freePort(), "198.18.212.0/26");
        b = new Checkout("b", await freePort(), "198.18.212.64/26");
    });
    after(async () => {
        for (const checkout of [a, b]) if (existsSync(checkout.lab.dir)) await checkout.run("down");
        rmSync(top, { recursive: true, force: true });
    });

    test("what a lab has is named with it, when another asks for it", async () => {
        await a.does("start");
        await a.makeDroplet();
        const things = await a.things();
        // A droplet and the registry; the public network and that of the region's VPC.
        assert.equal(things.length, 4);
        const port = await b.run("start", { LAB_PORT: a.env.LAB_PORT });
        assert.deepEqual(
            [port.status, port.text.trim()],
            [
                1,
                `Port ${a.lab.port} on 127.0.0.1, where the lab's API is to listen, is taken by the lab "lab" of ${a.folder}. Set LAB_PORT to a port that is free.`,
            ],
        );
        const range = await b.run("start", { LAB_PUBLIC_CIDR: "198.18.212.0/25" });
        assert.equal(range.status, 1);
        assert.match(
            range.text,
            /The droplets' public range, 198\.18\.212\.0\/25, overlaps with 198\.18\.212\.0\/26, which is taken by the lab "lab" of \S+\/a \(the Docker network "lab-[0-9a-f]{8}-public"\)\./,
        );
        assert.deepEqual(await a.things(), things);
    });

    test("each order of start, test, down and clean leaves the other alone", async () => {
        const up = new Map<Checkout, string[]>([[a, await a.things()]]);
        // The tests of a checkout have a lab of another name, for as long as they last.
        const tests = {
            LAB_NAME: "lab-test",
            LAB_PORT: `${await freePort()}`,
            LAB_PUBLIC_CIDR: "198.18.212.128/26",
        };
        const verbs: Record<string, (checkout: Checkout) => Promise<void>> = {
            start: async (checkout) => {
                await checkout.does("start");
                if (!up.has(checkout)) up.set(checkout, await checkout.things());
            },
            test: async (checkout) => {
                await checkout.does("start", tests);
                await checkout.does("down", tests);
            },
            down: async (checkout) => {
                await checkout.does("down");
                up.delete(checkout);
            },
            clean: async (checkout) => {
                assert.match(
                    await checkout.does("clean"),
                    /Caches: removed; images in (the engine at )?\S+ stay, for /,
                );
                up.delete(checkout);
                assert.equal(existsSync(path.join(checkout.folder, ".lab")), false);
            },
        };
        const order: [string, Checkout][] = [
            ...(["start", "test", "down", "test", "start", "clean"] as const).map(
                (verb): [string, Checkout] => [verb, b],
            ),
            ["start", b],
            ...(["start", "test", "down", "test", "start", "clean"] as const).map(
                (verb): [string, Checkout] => [verb, a],
            ),
        ];
        for (const [at, [verb, checkout]] of order.entries()) {
            await verbs[verb]?.(checkout);
            const step = `step ${at + 1}, ${verb} in ${checkout.folder}`;
            for (const one of [a, b]) {
                assert.deepEqual(await one.things(), up.get(one) ?? [], step);
                assert.equal(daemonRuns(one.lab), up.has(one), step);
            }
        }
    });

    test("a lab whose checkout is deleted ends by itself, and its port and range are free", async () => {
        await a.does("start");
        await a.makeDroplet();
        rmSync(a.folder, { recursive: true });
        await until("the deleted checkout's lab is gone", async () => (await a.things()).length === 0);
        const kept = await b.things();
        const again = new Checkout("c", a.lab.port, "198.18.212.0/26");
        await until("its port is free", async () => (await again.run("start")).status === 0);
        await again.does("clean");
        assert.deepEqual(await b.things(), kept);
    });

    test("a lab that runs refuses other settings, and keeps its own when none are asked for", async () => {
        const { status, text } = await b.run("start", {
            LAB_PORT: "8999",
            LAB_PUBLIC_CIDR: "198.18.212.0/26",
            LAB_FAULTY_IMAGES: "1",
        });
        assert.equal(status, 1);
        assert.equal(
            text.trim(),
            [
                'The lab "lab" runs, with other settings than are asked for:',
                `- LAB_PORT: it has ${b.lab.port}, asked for is 8999`,
                "- LAB_PUBLIC_CIDR: it has 198.18.212.64/26, asked for is 198.18.212.0/26",
                "- LAB_FAULTY_IMAGES: it has 0, asked for is 1",
                'Unset them to keep the lab as it is, or "make down" first.',
            ].join("\n"),
        );
        assert.match(
            await b.does("start", { LAB_PORT: "", LAB_PUBLIC_CIDR: "", DOCKER_HOST: "" }),
            new RegExp(`runs already, at http://127.0.0.1:${b.lab.port}`),
        );
    });

    test("the status tells when the droplets are gone", async () => {
        await b.makeDroplet();
        const good = await b.run("status");
        assert.match(good.text, /^droplets 1 run$/m);
        assert.equal(good.status, 0);
        const filters = labFilter(b.lab);
        for (const { Id } of await engine.listContainers({ filters })) await engine.getContainer(Id).kill();
        const bad = await b.run("status");
        assert.match(bad.text, /^droplets 1 of 1 are gone from the Docker engine; /m);
        assert.equal(bad.status, 1);
    });
});
