import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { describe, type TestContext, test } from "node:test";
import type { Sight } from "../../cli/map/follow.ts";
import { isLoopback, type MapServer, serveMap } from "../../cli/map/server.ts";

const sight: Sight = { problem: "no manager answers", changes: [] };

/** A server that ends with the test. */
async function serve(t: TestContext, port = 0): Promise<MapServer> {
    const server = await serveMap(port, async () => sight);
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

describe("the map's server", () => {
    test("its page asks nobody else for anything, and says so", async (t) => {
        const server = await serve(t);
        const { status, headers, body } = await ask(server, "/?a=b");
        assert.equal(status, 200);
        assert.equal(headers["content-type"], "text/html; charset=utf-8");
        assert.equal(
            headers["content-security-policy"],
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        );
        assert.equal(headers["x-content-type-options"], "nosniff");
        assert.equal(headers["referrer-policy"], "no-referrer");
        assert.equal(headers["cross-origin-resource-policy"], "same-origin");
        assert.equal(headers["cache-control"], "no-store");
        assert.equal(headers["access-control-allow-origin"], undefined);
        const parts = [...body.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url]) => url as string);
        assert.deepEqual(parts.sort(), ["/page.css", "/page.js"]);
        for (const part of parts) {
            const file = await ask(server, part);
            assert.equal(file.status, 200);
            assert.doesNotMatch(file.body, /https?:\/\/|@import/);
        }
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
            // What the cluster is like is what one would be after.
            if (!loopback) assert.equal((await ask(server, "/sight", { host })).status, 421);
        });
    }

    test("a request without a host, as HTTP/1.0 allows, is not for this machine", () => {
        assert.equal(isLoopback(undefined), false);
        assert.equal(isLoopback(""), false);
    });

    for (const [method, path, status] of [
        ["HEAD", "/", 200],
        ["HEAD", "/sight", 200],
        ["POST", "/", 405],
        ["POST", "/sight", 405],
        ["DELETE", "/", 405],
        ["OPTIONS", "/sight", 405],
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
        await assert.rejects(serve(t, Number(port)), {
            name: "CliError",
            message: `port ${port} of 127.0.0.1 is taken; choose another with --port, or any that is free with --port 0`,
        });
    });

    test("what there is to show, as JSON", async (t) => {
        const { headers, body } = await ask(await serve(t), "/sight");
        assert.equal(headers["content-type"], "application/json; charset=utf-8");
        assert.deepEqual(JSON.parse(body), sight);
    });
});
