import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { describe, type TestContext, test } from "node:test";
import type { ClusterView } from "../../cli/clusterView.ts";
import { Follow } from "../../cli/map/follow.ts";
import { isLoopback, type MapServer, serveMap } from "../../cli/map/server.ts";
import { view } from "./mapViews.ts";

/** A server whose cluster is read by `read`, and that ends with the test. */
async function serve(
    t: TestContext,
    read: () => Promise<ClusterView> = async () => view(),
    port = 0,
): Promise<MapServer> {
    const server = await serveMap({ port, follow: (show) => new Follow({ read, show, interval: 5 }) });
    t.after(() => server.close());
    return server;
}

async function ask(
    server: MapServer,
    path: string,
    { method = "GET", host }: { method?: string; host?: string } = {},
): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: string }> {
    const { hostname, port } = new URL(server.url);
    const headers = host === undefined ? {} : { host };
    const asked = request({ hostname, port, path, method, headers });
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of answer.setEncoding("utf8")) body += chunk;
    return { status: answer.statusCode, headers: answer.headers, body };
}

/** Opens the events, and gives the text that has come when it holds `until`. */
async function events(server: MapServer): Promise<{ until(text: string): Promise<string>; close(): void }> {
    const ending = new AbortController();
    const answer = await fetch(`${server.url}events`, { signal: ending.signal });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    const reader = (answer.body as ReadableStream<Uint8Array>)
        .pipeThrough(new TextDecoderStream())
        .getReader();
    let text = "";
    return {
        until: async (wanted) => {
            while (!text.includes(wanted)) {
                const { value, done } = await reader.read();
                if (done) throw new Error(`the events ended before ${wanted}: ${text}`);
                text += value;
            }
            return text;
        },
        close: () => ending.abort(),
    };
}

describe("the map's server", () => {
    test("its page asks nobody else for anything, and says so", async (t) => {
        const server = await serve(t);
        const { status, headers, body } = await ask(server, "/?a=b");
        assert.equal(status, 200);
        assert.equal(headers["content-type"], "text/html; charset=utf-8");
        assert.equal(
            headers["content-security-policy"],
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        );
        assert.equal(headers["x-content-type-options"], "nosniff");
        assert.equal(headers["referrer-policy"], "no-referrer");
        assert.equal(headers["cross-origin-resource-policy"], "same-origin");
        assert.equal(headers["cache-control"], "no-store");
        assert.equal(headers["access-control-allow-origin"], undefined);
        const parts = [...body.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url]) => url as string);
        assert.deepEqual(parts.sort(), ["/icon.svg", "/page.css", "/page.js", "/palette.css"]);
        for (const part of parts) {
            const file = await ask(server, part);
            assert.equal(file.status, 200);
            assert.doesNotMatch(file.body.replace("http://www.w3.org/2000/svg", ""), /https?:\/\/|@import/);
        }
    });

    test("every colour of the palette has its class", async (t) => {
        const server = await serve(t);
        const { body } = await ask(server, "/palette.css");
        assert.equal(body.split("\n")[7], ".c7 { background: #0072b2; color: #ffffff; }");
    });

    for (const [host, loopback] of [
        ["localhost", true],
        ["LOCALHOST:8740", true],
        ["127.0.0.1:8740", true],
        ["[::1]:1", true],
        ["example.com", false],
        ["localhost.example.com:8740", false],
        ["example.com:8740@localhost", false],
        ["127.0.0.1.example.com", false],
        ["127.0.0.2", false],
        ["localhost:8740:80", false],
        ["198.51.100.7", false],
    ] as const) {
        test(`Host: ${host} is ${loopback ? "" : "not "}this machine`, async (t) => {
            assert.equal(isLoopback(host), loopback);
            const server = await serve(t);
            for (const path of ["/", "/page.js"]) {
                const { status, body } = await ask(server, path, { host });
                assert.equal(status, loopback ? 200 : 421);
                if (!loopback) assert.equal(body, "This page is for localhost, 127.0.0.1 and [::1] alone.\n");
            }
            // The events are what one would be after.
            if (!loopback) assert.equal((await ask(server, "/events", { host })).status, 421);
        });
    }

    test("a request without a host, as HTTP/1.0 allows, is not for this machine", () => {
        assert.equal(isLoopback(undefined), false);
        assert.equal(isLoopback(""), false);
    });

    for (const [method, path, status] of [
        ["HEAD", "/", 200],
        ["HEAD", "/events", 404],
        ["POST", "/", 405],
        ["POST", "/events", 405],
        ["DELETE", "/", 405],
        ["OPTIONS", "/events", 405],
        ["GET", "/other", 404],
        ["GET", "//", 404],
        ["GET", "/../server.ts", 404],
        ["GET", "/page/../../server.ts", 404],
        ["GET", "/%00", 404],
    ] as const) {
        test(`${method} ${path} is answered with ${status}`, async (t) => {
            const server = await serve(t);
            const answer = await ask(server, path, { method });
            assert.equal(answer.status, status);
            assert.ok(answer.headers["content-security-policy"]);
            if (method === "HEAD") assert.equal(answer.body, "");
            if (status === 405) assert.equal(answer.headers.allow, "GET, HEAD");
        });
    }

    test("it listens on loopback alone", async (t) => {
        const server = await serve(t);
        assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    });

    test("a port that is taken is said so", async (t) => {
        const server = await serve(t);
        const { port } = new URL(server.url);
        await assert.rejects(serve(t, undefined, Number(port)), {
            name: "CliError",
            message: `port ${port} of 127.0.0.1 is taken; choose another with --port, or any that is free with --port 0`,
        });
    });
});

describe("the map's events", () => {
    test("a page that comes gets what there is, then what is new", async (t) => {
        let state = "ready";
        const server = await serve(t, async () =>
            view({ nodes: view().nodes.map((node) => ({ ...node, state })) }),
        );
        const page = await events(server);
        await page.until("all ready");
        state = "down";
        const text = await page.until("node4: down, before ready.");
        assert.match(text, /^retry: 1000\n\nevent: sight\ndata: \{"changes":\[\]\}\n\n/);
        const second = await events(server);
        const first = await second.until("\n\nevent: sight\n");
        assert.match(first, /0 ready.*"text":"node1: down, before ready\."/s);
        assert.match(first, /"age":\d+\}\n\n/);
        page.close();
        second.close();
    });

    test("the cluster is left alone while nobody looks", async (t) => {
        let reads = 0;
        let waiting: (() => void) | undefined;
        const server = await serve(t, async () => {
            reads += 1;
            waiting?.();
            return view();
        });
        await ask(server, "/");
        assert.equal(reads, 0);
        const page = await events(server);
        await page.until('"picture"');
        page.close();
        // Read once more at most, since the server may learn of the end a moment later.
        const settled = await stable(() => reads);
        const again = await events(server);
        await new Promise<void>((resolve) => {
            waiting = resolve;
        });
        assert.ok(reads > settled);
        again.close();
    });

    test("a cluster that cannot be read is told", async (t) => {
        const server = await serve(t, async () => {
            throw new Error("no manager answers");
        });
        const page = await events(server);
        await page.until('"problem":"no manager answers"');
        page.close();
    });

    test("16 pages may be open, and closing ends them all", async (t) => {
        const server = await serve(t);
        const pages = await Promise.all(Array.from({ length: 16 }, () => events(server)));
        const { status, body } = await ask(server, "/events");
        assert.equal(status, 503);
        assert.equal(body, "16 windows watch already.\n");
        await server.close();
        for (const page of pages) await assert.rejects(page.until("never"));
    });
});

/** The number when it has been the same for 20 readings' time, within 5 s. */
async function stable(number: () => number): Promise<number> {
    const deadline = Date.now() + 5_000;
    for (let last = number(), since = Date.now(); ; ) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (number() !== last) [last, since] = [number(), Date.now()];
        if (Date.now() - since > 100) return last;
        if (Date.now() > deadline) throw new Error(`the cluster is still read after 5 s: ${last} times`);
    }
}
