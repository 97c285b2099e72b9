/**
 * `swarm map` in a real browser, on a cluster in the lab that changes meanwhile. What the page shows is held
 * against what the manager's own docker says.
 *
 * With MAP_SCREENSHOT=docs/map.png the picture of the README is taken on the way.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { environmentOf, processEnv } from "../../lab/environment.ts";
import { root } from "../../lab/instance.ts";
import { inDroplet } from "../cluster/support/cloud.ts";
import { instance, LabStack, type Outputs } from "../cluster/support/stack.ts";
import { openBrowser, openPage } from "./support/chromium.ts";

const config = (replicas: number, workers = "node[2:4]") => ({
    managers: "node1",
    workers,
    managerAvailability: "drain",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.148.0.0/20",
    services: {
        nginx: { image: "nginx", replicas, ports: ["80:80"] },
        agent: { image: "busybox", global: true, command: ["sleep", "86400"] },
        queue: { image: "busybox", replicas: 1, command: ["sleep", "86400"] },
    },
});

/** Longest that the page may lag behind the cluster: some readings, on a machine that is busy. */
const LAG = { timeout: 30_000 };

describe("swarm map on a cluster", () => {
    let stack: LabStack;
    let outputs: Outputs;
    let command: ChildProcess;
    let browser: Browser;
    let page: Page;
    const closing: (() => Promise<void>)[] = [];

    before(async () => {
        browser = await openBrowser();
        stack = await LabStack.make("map", config(2));
        await stack.upOrThrow();
        outputs = await stack.outputs();
        command = spawn(path.join(root, "cli/bin/swarm"), ["map", "--port", "0", "--stack", stack.name], {
            env: processEnv(environmentOf(instance)),
            stdio: ["ignore", "pipe", "inherit"],
        });
        const url = await addressFrom(command);
        page = await openPage(
            { after: (close) => closing.push(close as () => Promise<void>) },
            browser,
            url,
            {
                viewport: { width: 1240, height: 600 },
            },
        );
        await page.evaluate("document.body.dataset.loaded = 'once'");
    });

    after(async () => {
        command?.kill("SIGTERM");
        await browser?.close();
        await stack?.remove();
    });

    /** The tasks that the manager's own docker wants to run, as {@link tasksShown} writes them. */
    async function tasksThere(): Promise<string[]> {
        const seed = outputs.nodes[0]?.dropletId as string;
        const services = "docker service ls -q | xargs docker service ps --filter desired-state=running";
        const said = await inDroplet(seed, `${services} --format '{{.Name}} {{.Node}}'`);
        // Host names are the nodes' names; a task of a global service has its node's ID where others have a number.
        return said
            .split("\n")
            .map((line) => line.replace(/^agent\.\w+ /, "agent "))
            .sort();
    }

    /** Waits until the page shows as many tasks of nginx running, then compares all that it shows with the cluster. */
    async function showsTheCluster(replicas: number): Promise<void> {
        await page.locator("#services li", { hasText: `nginx${replicas} of ${replicas} run` }).waitFor(LAG);
        const deadline = Date.now() + LAG.timeout;
        let shown: string[];
        let expected: string[];
        do {
            // Both are read anew: other services than nginx may still be moving, on the page and in the cluster.
            [shown, expected] = await Promise.all([tasksShown(page), tasksThere()]);
        } while (Date.now() < deadline && shown.join() !== expected.join());
        assert.deepEqual(shown, expected);
        assert.equal(await page.evaluate("document.body.dataset.loaded"), "once");
    }

    test("shows each node with role and state, and each task where docker has it", async () => {
        await showsTheCluster(2);
        const cards = await page
            .locator(".node")
            .evaluateAll((nodes) =>
                nodes.map((node) =>
                    ["name", "role", "state"]
                        .map((part) => node.querySelector(`.${part}`)?.textContent)
                        .join("; "),
                ),
            );
        assert.deepEqual(cards, [
            "node1; manager, leader; ready, drained",
            "node2; worker; ready",
            "node3; worker; ready",
            "node4; worker; ready",
        ]);
        assert.deepEqual(
            await page.locator(".node .address").allTextContents(),
            outputs.nodes.map(({ publicIp }) => publicIp),
        );
    });

    test("follows an up that wants more replicas, while it runs", async () => {
        stack.configure(config(5));
        const up = stack.upOrThrow();
        const log = page.getByRole("log");
        await log
            .getByText(/^nginx: \d of 5 run, /)
            .first()
            .waitFor({ timeout: 120_000 });
        await up;
        await showsTheCluster(5);
        for (const slot of [3, 4, 5])
            await log
                .getByText(new RegExp(`^nginx\\.${slot}(:| is new:) running on node`))
                .first()
                .waitFor(LAG);
    });

    test("shows replicas move from a node that is drained", async () => {
        const before = (await tasksShown(page)).filter(
            (line) => line.startsWith("nginx") && line.endsWith("node2"),
        );
        assert.ok(before.length > 0, "nginx has a task on node2");
        const seed = outputs.nodes[0]?.dropletId as string;
        await inDroplet(seed, "docker node update --availability drain node2");
        await page.getByText("node2: worker, ready, drained; before: worker, ready").waitFor(LAG);
        for (const line of before) {
            const slot = line.split(" ")[0]?.replace(".", "\\.");
            const moved = new RegExp(`^${slot}(:| is new:) running on node[34]`);
            await page.getByRole("log").getByText(moved).first().waitFor(LAG);
        }
        await showsTheCluster(5);
        assert.equal((await tasksShown(page)).filter((line) => line.endsWith("node2")).length, 0);
        if (process.env.MAP_SCREENSHOT) {
            await page.screenshot({ path: path.resolve(root, process.env.MAP_SCREENSHOT), fullPage: true });
        }
        await inDroplet(seed, "docker node update --availability active node2");
        await page.getByText("node2: worker, ready; before: worker, ready, drained").waitFor(LAG);
    });

    test("shows an up take a node away", async () => {
        stack.configure(config(3, "node[2:3]"));
        await stack.upOrThrow();
        outputs = await stack.outputs();
        await page.getByText("node4 is gone", { exact: true }).waitFor(LAG);
        await showsTheCluster(3);
        assert.deepEqual(await page.locator(".node h3").allTextContents(), ["node1", "node2", "node3"]);
    });

    test("has asked for nothing elsewhere, and ends with Ctrl-C", async () => {
        for (const close of closing) await close();
        const ended = once(command, "exit");
        command.kill("SIGINT");
        assert.deepEqual(await ended, [130, null]);
    });
});

/** `nginx.1 node2` for each task on the page, in the order of the alphabet. */
async function tasksShown(page: Page): Promise<string[]> {
    const tasks = await page.locator(".node .task").evaluateAll((tasks) =>
        tasks.map((task) => {
            const node = task.closest(".node")?.querySelector(".name")?.textContent;
            return `${task.querySelector(".label")?.textContent} ${node}`;
        }),
    );
    return tasks.sort();
}

/** The address that the command prints, within 30 s. */
async function addressFrom({ stdout }: ChildProcess): Promise<string> {
    let said = "";
    const limit = AbortSignal.timeout(30_000);
    for (;;) {
        const [chunk] = (await once(stdout as NodeJS.ReadableStream, "data", { signal: limit })) as [Buffer];
        said += chunk;
        const [address] = /http:\S+/.exec(said) ?? [];
        if (address !== undefined) return address;
    }
}
