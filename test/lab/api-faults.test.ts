import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Faults, faultSchema, matches } from "../../lab/api/faults.ts";
import { DROPLET, newApi, until } from "./apiClient.ts";

const fault = (parts: object) => faultSchema.parse({ status: 500, ...parts });
const POST = { method: "POST", path: "/v2/droplets", body: { name: "node1", tags: ["a"] } };

describe("what a fault speaks of", () => {
    const CASES: readonly [object, boolean][] = [
        [{}, true],
        [{ method: "POST" }, true],
        [{ method: "GET" }, false],
        [{ path: "/v2/droplets" }, true],
        [{ path: "/v2/drop" }, false],
        [{ pattern: "^/v2/drop" }, true],
        [{ pattern: "^/v2/droplets/\\d+$" }, false],
        [{ body: { name: "node1" } }, true],
        [{ body: { name: "node1", tags: ["a"] } }, true],
        [{ body: { name: "node2" } }, false],
        [{ body: { size: "512mb" } }, false],
    ];
    for (const [parts, wanted] of CASES) {
        test(JSON.stringify(parts), () => assert.equal(matches(fault(parts), POST), wanted));
    }

    test("a body is asked for, but the request has none", () => {
        assert.equal(matches(fault({ body: { name: "a" } }), { ...POST, body: undefined }), false);
    });
});

test("a fault lets some pass, hits some, and is spent; the older one goes first", () => {
    const faults = new Faults();
    const first = faults.add(fault({ skip: 1, times: 2 }));
    const second = faults.add(fault({ method: "POST", times: null }));
    assert.deepEqual(
        [1, 2, 3, 4, 5].map(() => faults.take(POST)?.id),
        [second.id, first.id, first.id, second.id, second.id],
    );
    assert.deepEqual(
        faults.list().map(({ id, seen, hits }) => ({ id, seen, hits })),
        [
            { id: first.id, seen: 3, hits: 2 },
            { id: second.id, seen: 3, hits: 3 },
        ],
    );
    assert.deepEqual([faults.remove(second.id), faults.remove(second.id)], [true, false]);
    assert.equal(faults.take(POST), undefined);
});

describe("a fault that is not understood is refused with 400", () => {
    const CASES: readonly [object, string][] = [
        [{}, "one of status, drop and delay is required"],
        [{ status: 200 }, "status: Too small: expected number to be >=400"],
        [{ status: 500, drop: true }, "status and drop exclude one another"],
        [{ status: 500, path: "/a", pattern: "b" }, "path and pattern exclude one another"],
        [{ status: 500, pattern: "(" }, "pattern: is not a regular expression"],
        [{ drop: true, retryAfter: 5 }, "message and retryAfter need a status"],
        [{ status: 500, often: 3 }, 'Unrecognized key: "often"'],
        [
            { status: 500, method: "get" },
            'method: Invalid option: expected one of "GET"|"POST"|"PUT"|"PATCH"|"DELETE"',
        ],
    ];
    for (const [body, message] of CASES) {
        test(JSON.stringify(body), async () => {
            const { app, call } = newApi();
            const answer = await call("POST", "/lab/faults", body);
            assert.deepEqual(
                [answer.status, answer.body.id, answer.body.message],
                [400, "bad_request", message],
            );
            await app.close();
        });
    }
});

test("before the effect: the request is not carried out", async () => {
    const api = newApi();
    const body = { method: "POST", path: "/v2/tags", status: 429, retryAfter: 3, message: "slow down" };
    const { fault } = (await api.call("POST", "/lab/faults", body)).body;
    const hit = await api.call("POST", "/v2/tags", { name: "a" });
    assert.deepEqual(
        [hit.status, hit.body, hit.headers["retry-after"], Number(hit.headers["ratelimit-limit"])],
        [
            429,
            { id: "too_many_requests", message: "slow down", request_id: hit.headers["x-request-id"] },
            "3",
            5000,
        ],
    );
    assert.equal((await api.call("GET", "/v2/tags/a")).status, 404);
    assert.equal((await api.call("POST", "/v2/tags", { name: "a" })).status, 201);
    const { faults } = (await api.call("GET", "/lab/faults")).body;
    assert.deepEqual(faults, [{ ...fault, seen: 1, hits: 1 }]);
    await api.app.close();
});

test("after the effect: it is carried out, and the answer lost behind a 503", async () => {
    const api = newApi();
    await api.call("POST", "/lab/faults", { pattern: "^/v2/droplets", when: "after", status: 503, times: 2 });
    const hit = await api.call("POST", "/v2/droplets", DROPLET);
    assert.deepEqual([hit.status, hit.body.message], [503, "Injected by fault 1 of the lab."]);
    assert.equal((await api.call("GET", "/v2/droplets/1")).status, 503, "also instead of another error");
    await api.settle();
    assert.equal((await api.call("GET", "/v2/droplets")).body.meta.total, 1);
    await api.app.close();
});

test("a 404 just after creation, and the limit half-way", async () => {
    const api = newApi();
    await api.call("POST", "/lab/faults", {
        method: "GET",
        pattern: "^/v2/droplets/\\d+$",
        status: 404,
        times: 1,
    });
    await api.call("POST", "/lab/faults", {
        method: "POST",
        path: "/v2/droplets",
        status: 422,
        skip: 1,
        times: null,
    });
    const { droplet } = (await api.call("POST", "/v2/droplets", DROPLET)).body;
    assert.equal((await api.call("GET", `/v2/droplets/${droplet.id}`)).status, 404);
    assert.equal((await api.call("GET", `/v2/droplets/${droplet.id}`)).status, 200);
    assert.equal((await api.call("POST", "/v2/droplets", DROPLET)).status, 422);
    assert.equal((await api.call("DELETE", "/lab/faults/2")).status, 204);
    assert.equal((await api.call("POST", "/v2/droplets", DROPLET)).status, 202);
    assert.equal((await api.call("DELETE", "/lab/faults")).status, 204);
    assert.deepEqual((await api.call("GET", "/lab/faults")).body.faults, []);
    const none = await api.call("DELETE", "/lab/faults/2");
    assert.deepEqual([none.status, none.body.message], [404, "there is no fault 2"]);
    await api.settle();
    await api.app.close();
});

test("paths that do not exist can fail too, the lab's own paths cannot", async () => {
    const api = newApi();
    await api.call("POST", "/lab/faults", { status: 500, times: null });
    assert.equal((await api.call("GET", "/v2/nothing")).status, 500);
    assert.equal((await api.call("GET", "/lab/faults")).status, 200);
    await api.app.close();
});

describe("over a real connection", () => {
    const begin = async () => {
        const api = newApi();
        const origin = await api.app.listen({ host: "127.0.0.1", port: 0 });
        const post = (path: string, body: object) =>
            fetch(origin + path, {
                method: "POST",
                headers: { authorization: "Bearer any", "content-type": "application/json" },
                body: JSON.stringify(body),
                signal: AbortSignal.timeout(10_000),
            });
        return { api, post };
    };

    test("a connection dropped before the effect", async () => {
        const { api, post } = await begin();
        await post("/lab/faults", { path: "/v2/tags", drop: true });
        await assert.rejects(post("/v2/tags", { name: "a" }), { message: "fetch failed" });
        assert.equal((await api.call("GET", "/v2/tags/a")).status, 404);
        assert.equal((await post("/v2/tags", { name: "a" })).status, 201);
        const { requests } = (await api.call("GET", "/lab/requests")).body;
        assert.deepEqual(
            requests.map((one: { status: number | null; fault: number | null }) => [one.status, one.fault]),
            [
                [null, 1],
                [404, null],
                [201, null],
            ],
        );
        await api.app.close();
    });

    test("a connection dropped after the effect", async () => {
        const { api, post } = await begin();
        await post("/lab/faults", { path: "/v2/tags", drop: true, when: "after" });
        await assert.rejects(post("/v2/tags", { name: "a" }), { message: "fetch failed" });
        assert.equal((await api.call("GET", "/v2/tags/a")).status, 200);
        await api.app.close();
    });

    test("a delay, after which the request is carried out; closing ends one", async () => {
        const { api, post } = await begin();
        await post("/lab/faults", { path: "/v2/tags", delay: 60 });
        const before = performance.now();
        assert.equal((await post("/v2/tags", { name: "a" })).status, 201);
        assert.ok(performance.now() - before >= 59);
        await post("/lab/faults", { path: "/v2/tags", delay: 600_000 });
        const waiting = post("/v2/tags", { name: "b" }).catch(() => "ended");
        const hits = async () => (await api.call("GET", "/lab/faults")).body.faults[1].hits;
        await until("the request to be held", async () => (await hits()) === 1);
        await api.app.close();
        await waiting;
    });
});
