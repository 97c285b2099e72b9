/**
 * The map's page in a real browser, on clusters that the tests make up: what it shows, says and does. That it shows a
 * real cluster is for `map.test.ts` to prove.
 */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { ClusterView } from "../../cli/clusterView.ts";
import { Follow } from "../../cli/map/follow.ts";
import { type MapServer, serveMap } from "../../cli/map/server.ts";
import { bare, large, node, task, troubled, view } from "../cli/mapViews.ts";
import { openBrowser, openPage } from "./support/chromium.ts";

let browser: Browser;
before(async () => {
    browser = await openBrowser();
});
after(async () => {
    await browser?.close();
});

/** A server whose cluster may be exchanged at any time, or be made to fail. */
async function serving(
    t: TestContext,
    first: ClusterView,
): Promise<{ server: MapServer; becomes: (next: ClusterView | Error) => void }> {
    let now: ClusterView | Error = first;
    const follow = new Follow({
        read: async () => {
            if (now instanceof Error) throw now;
            return { view: now };
        },
        say: () => {},
    });
    const server = await serveMap(0, () => follow.look());
    t.after(() => server.close());
    return {
        server,
        becomes: (next) => {
            now = next;
        },
    };
}

/** `node2: nginx.1 running`, a line a node, as the page shows it. */
async function shown(page: Page): Promise<string[]> {
    const cards = await page.locator(".node").all();
    return await Promise.all(
        cards.map(async (card) => {
            const name = await card.getByRole("heading").textContent();
            const tasks = await card.locator(".task").allInnerTexts();
            return `${name}: ${tasks.map((text) => text.replaceAll(/\s+/g, " ")).join(", ") || "-"}`;
        }),
    );
}

/** Waits until a node's card shows this. */
const until = (page: Page, name: string, text: string) =>
    page
        .locator(".node", { has: page.getByRole("heading", { name, exact: true }) })
        .getByText(text)
        .first()
        .waitFor();

const moved = view({
    tasks: [
        task("nginx.1", "node2"),
        task("nginx.2", "node4", { desired: "shutdown" }),
        task("nginx.2", "node3"),
    ],
});

describe("the map's page", () => {
    test("says what is there to those who do not see it", async (t) => {
        const { server } = await serving(t, troubled);
        const page = await openPage(t, browser, server.url);
        await until(page, "node5", "down");
        assert.equal(await page.title(), "lab - swarm map");
        const flat = (text: string) => text.replaceAll(/^ +/gm, "");
        const tree = flat(await page.getByRole("main").ariaSnapshot());
        for (const part of [
            '- list "Services":\n    - listitem: nginx 2 of 4 run, nginx:1.0, rollback paused\n' +
                "    - listitem: api 0 of 2 run, api:1.0",
            '- heading "node5" [level=3]\n      - paragraph: worker\n      - paragraph: down, droplet off\n' +
                '      - paragraph: 198.51.100.7\n      - list "Tasks on node5":\n        - listitem: nginx.3 unknown',
            '- listitem: "api.1 failed task: non-zero exit (1)"',
            '- list "Tasks without a node":',
            "- listitem: api.2 waiting no suitable node (insufficient resources on 3 nodes)",
            '- list "Problems":\n    - listitem: "node2: no answer on port 22"',
        ]) {
            assert.ok(tree.includes(flat(part)), `${part}\nis not in\n${tree}`);
        }
        const log = page.getByRole("log");
        assert.equal(await log.getAttribute("aria-live"), "polite");
        assert.equal(await page.locator("html").getAttribute("lang"), "en");
    });

    test("follows without being loaded again, and tells in words", async (t) => {
        const { server, becomes } = await serving(t, view());
        const page = await openPage(t, browser, server.url);
        await until(page, "node4", "nginx.2");
        assert.deepEqual(await shown(page), [
            "node1: -",
            "node2: nginx.1 running",
            "node3: -",
            "node4: nginx.2 running",
        ]);
        await page.evaluate("document.body.dataset.loaded = 'once'");
        // What a screen reader would be given: the texts that are added to the log.
        await page.evaluate(`
            window.heard = [];
            new MutationObserver((records) => {
                for (const { addedNodes } of records) for (const node of addedNodes) window.heard.push(node.lastChild?.textContent);
            }).observe(document.querySelector("[role=log]"), { subtree: true, childList: true });
        `);
        becomes(moved);
        await until(page, "node3", "nginx.2");
        assert.deepEqual(await shown(page), [
            "node1: -",
            "node2: nginx.1 running",
            "node3: nginx.2 running",
            "node4: nginx.2 leaving",
        ]);
        becomes(view({ nodes: [...view().nodes, node("node5")], tasks: [task("nginx.1", "node2")] }));
        await page.getByRole("heading", { name: "node5" }).waitFor();
        await page.getByText("node5 is new: worker, ready").waitFor();
        assert.deepEqual(await page.evaluate("window.heard.filter(Boolean)"), [
            "nginx.2: running on node3; before: running on node4",
            "nginx.2 is gone",
            "node5 is new: worker, ready",
        ]);
        assert.equal(await page.evaluate("document.body.dataset.loaded"), "once");
    });

    test("an address stands in one line on a desktop, with the nodes beside each other", async (t) => {
        const addresses = { publicIp: "198.151.100.107", privateIp: "10.120.100.107" };
        const nodes = ["node1", "node2", "node3", "node4"].map((name) => node(name, addresses));
        const { server } = await serving(t, view({ nodes }));
        const viewport = { width: 1280, height: 800 };
        const page = await openPage(t, browser, server.url, { viewport });
        await until(page, "node4", "ready");
        const lines = await page.evaluate(`(() =>
            [...document.querySelectorAll(".address")].map((element) => {
                const range = document.createRange();
                range.selectNodeContents(element);
                return new Set([...range.getClientRects()].map(({ top }) => top)).size;
            })
        )()`);
        assert.deepEqual(lines, [1, 1, 1, 1]);
    });

    test("keeps the last picture, with its age, when the cluster does not answer", async (t) => {
        const { server, becomes } = await serving(t, view());
        const page = await openPage(t, browser, server.url);
        await until(page, "node4", "nginx.2");
        await page.getByText("Live").waitFor();
        becomes(new Error("none of the 3 managers can be reached"));
        await page
            .getByText("The cluster cannot be read: none of the 3 managers can be reached", { exact: true })
            .first()
            .waitFor();
        assert.equal(await page.getByRole("status").textContent(), "Waiting for the cluster");
        await page.getByText(/^, read [2-9] s ago$/).waitFor();
        assert.equal((await shown(page))[3], "node4: nginx.2 running");
        becomes(view());
        await page.getByText("The cluster answers again").waitFor();
        await page.getByText("Live").waitFor();
        assert.equal(await page.locator("#trouble").isVisible(), false);
    });

    test("says so when the command has ended, and comes back with it", async (t) => {
        const { server } = await serving(t, view());
        const page = await openPage(t, browser, server.url);
        await until(page, "node4", "nginx.2");
        await server.close();
        await page.getByText("No answer from the command swarm map").waitFor();
        assert.equal((await shown(page))[3], "node4: nginx.2 running");
        const follow = new Follow({ read: async () => ({ view: moved }), say: () => {} });
        const again = await serveMap(Number(new URL(server.url).port), () => follow.look());
        t.after(() => again.close());
        await until(page, "node3", "nginx.2");
    });

    for (const [what, cluster] of Object.entries({ bare, troubled, large })) {
        test(`a phone shows ${what} without being pushed sideways`, async (t) => {
            const { server } = await serving(t, cluster);
            const viewport = { width: 320, height: 640 };
            const page = await openPage(t, browser, server.url, { viewport, hasTouch: true, isMobile: true });
            await page.locator(".node").last().waitFor();
            assert.equal(await page.locator(".node").count(), cluster.nodes.length);
            assert.equal(await page.evaluate("document.scrollingElement.scrollWidth"), 320);
        });
    }

    for (const colorScheme of ["light", "dark"] as const) {
        test(`every text can be read in ${colorScheme}: contrast 4.5:1 or better`, async (t) => {
            const { server } = await serving(t, troubled);
            const page = await openPage(t, browser, server.url, { colorScheme });
            await until(page, "node5", "down");
            assert.deepEqual(await page.evaluate(faintTexts), []);
        });
    }

    test("text from elsewhere stays text", async (t) => {
        const error = `<img src="http://example.com/x" onerror="alert(1)">`;
        const { server } = await serving(
            t,
            view({ tasks: [task("nginx.1", "node2", { state: "failed", error })], problems: [error] }),
        );
        const page = await openPage(t, browser, server.url);
        await until(page, "node2", error);
        assert.equal(await page.locator("img").count(), 0);
    });

    test("the policy forbids what a slip would let in", async (t) => {
        const { server } = await serving(t, view());
        const page = await openPage(
            t,
            browser,
            server.url,
            {},
            /TrustedHTML|Content Security Policy|^asked for http:\/\/127\.0\.0\.1:9\/$/,
        );
        await until(page, "node4", "nginx.2");
        const refused = await page.evaluate(`(async () => {
            const refused = [];
            document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => refused.push(effectiveDirective));
            const told = () => new Promise((done) => document.addEventListener("securitypolicyviolation", done, { once: true }));
            const slips = [
                () => { document.body.innerHTML = "x"; },
                () => { fetch("http://127.0.0.1:9/").catch(() => {}); },
                () => { new Image().src = "http://127.0.0.1:9/"; },
                () => { document.head.append(Object.assign(document.createElement("style"), { textContent: "*{}" })); },
                () => { document.body.append(Object.assign(document.createElement("iframe"), { src: "/" })); },
            ];
            for (const slip of slips) {
                const answer = told();
                try { slip(); } catch {}
                await answer;
            }
            return refused;
        })()`);
        assert.deepEqual(refused, [
            "require-trusted-types-for",
            "connect-src",
            "img-src",
            "style-src-elem",
            "frame-src",
        ]);
    });
});

/** Texts whose colour is too near to what lies behind them, with the ratio. Runs in the page; WCAG 2's arithmetic. */
const faintTexts = `(() => {
    const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
        const [red, green, blue] = parse(colour).map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            const [, , , alpha = 1] = parse(colour);
            if (alpha === 1) return colour;
        }
    };
    const faint = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
        if (!own || element.closest("noscript") || element.getClientRects().length === 0) continue;
        const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
        if (ratio < 4.5) faint.push(element.textContent + " " + ratio.toFixed(2));
    }
    return faint;
})()`;
