import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { accessFrom, CloudError, cloud } from "../../cloud.ts";
import { type Answering, fakeApi } from "../fakeApi.ts";

const TOKEN = "dop_v1_secret";

/** A client of an API that answers so, with the pauses that it would have made instead of pauses. */
async function client(context: TestContext, answer: Answering, url = (base: string) => base) {
    const api = await fakeApi(answer);
    context.after(() => api.close());
    const attempts: number[] = [];
    const pause = (attempt: number) => {
        attempts.push(attempt);
        return 1;
    };
    return { api, attempts, cloud: cloud({ token: TOKEN, url: url(api.url), pause }) };
}

const failure = (call: Promise<unknown>): Promise<CloudError> =>
    call.then(
        () => assert.fail("nothing was thrown"),
        (error: CloudError) => error,
    );

describe("a list", () => {
    test("is read to its last page, with the token", async (context) => {
        const { api, cloud } = await client(context, (call) => {
            const page = Number(/[?&]page=(\d)/.exec(call)?.[1]);
            return {
                body: {
                    vpcs: [{ id: `${page}a` }, { id: `${page}b` }],
                    links:
                        page < 3 ? { pages: { next: "https://elsewhere.example/?page=9", last: "x" } } : {},
                },
            };
        });
        assert.deepEqual(
            await cloud.list("/v2/vpcs", "vpcs"),
            ["1a", "1b", "2a", "2b", "3a", "3b"].map((id) => ({ id })),
        );
        // By number: an address that comes with an answer is not followed, the token would go there.
        assert.deepEqual(
            api.calls,
            [1, 2, 3].map((page) => `GET /v2/vpcs?page=${page}&per_page=200`),
        );
        assert.deepEqual([...api.authorizations], [`Bearer ${TOKEN}`]);
    });

    test("ends at a page without entries, whatever is named as the next one", async (context) => {
        const { api, cloud } = await client(context, (call) => ({
            body: {
                vpcs: call.includes("page=1&") ? [{ id: "a" }] : [],
                links: { pages: { next: "https://elsewhere.example/?page=9" } },
            },
        }));
        assert.deepEqual(await cloud.list("/v2/vpcs", "vpcs"), [{ id: "a" }]);
        assert.equal(api.calls.length, 2);
    });

    test("that is asked for by a query keeps it", async (context) => {
        const { api, cloud } = await client(context, () => ({ body: { droplets: [] } }));
        assert.deepEqual(await cloud.list("/v2/droplets?tag_name=swarm-dev", "droplets"), []);
        assert.deepEqual(api.calls, ["GET /v2/droplets?tag_name=swarm-dev&page=1&per_page=200"]);
    });

    test("that is not there is an error, and no empty one", async (context) => {
        const { api, cloud } = await client(context, () => undefined);
        const error = await failure(cloud.list("/v2/droplets?tag_name=swarm-dev", "droplets"));
        assert.deepEqual(
            [error.message, error.status],
            ["GET /v2/droplets?tag_name=swarm-dev&page=1&per_page=200: 404 there is no such list", 404],
        );
        assert.equal(api.calls.length, 1);
    });

    for (const [what, answer] of [
        ["is null", { body: { members: null } }],
        ["has no entries under its name", { body: {} }],
    ] as const) {
        test(`that ${what} is empty`, async (context) => {
            const { cloud } = await client(context, () => answer);
            assert.deepEqual(await cloud.list("/v2/vpcs/1/members", "members"), []);
        });
    }
});

describe("one thing", () => {
    test("is given as it came", async (context) => {
        const { cloud } = await client(context, () => ({ body: { droplet: { id: 7 } } }));
        assert.deepEqual(await cloud.get("/v2/droplets/7"), { droplet: { id: 7 } });
    });

    test("that is not there is undefined", async (context) => {
        const { cloud, api } = await client(context, () => undefined);
        assert.equal(await cloud.get("/v2/droplets/7"), undefined);
        assert.equal(api.calls.length, 1);
    });

    for (const [what, answer] of [
        ["is there", { status: 204 }],
        ["is gone already", undefined],
    ] as const) {
        test(`that ${what} can be removed`, async (context) => {
            const { cloud, api } = await client(context, () => answer);
            assert.equal(await cloud.remove("/v2/vpcs/1"), undefined);
            assert.deepEqual(api.calls, ["DELETE /v2/vpcs/1"]);
        });
    }

    test("is made and changed, with a body", async (context) => {
        const { cloud, api } = await client(context, () => ({ status: 201, body: { vpc: { id: "v" } } }));
        assert.deepEqual(await cloud.create("/v2/vpcs", { name: "a" }), { vpc: { id: "v" } });
        assert.equal(await cloud.change("/v2/vpcs/v", { default: true }), undefined);
        assert.deepEqual(api.requests, ['POST /v2/vpcs {"name":"a"}', 'PATCH /v2/vpcs/v {"default":true}']);
    });

    test("cannot be changed where it is not there", async (context) => {
        const { cloud } = await client(context, () => undefined);
        const error = await failure(cloud.change("/v2/vpcs/v", { default: true }));
        assert.equal(
            error.message,
            "PATCH /v2/vpcs/v: 404 The resource you were accessing could not be found.",
        );
    });

    test("is asked for at one address, however many slashes end it", async (context) => {
        const { cloud, api } = await client(
            context,
            () => ({ body: {} }),
            (url) => `${url}//`,
        );
        await cloud.get("/v2/account");
        assert.deepEqual(api.calls, ["GET /v2/account"]);
    });
});

describe("an API that is busy or fails", () => {
    for (const status of [429, 500, 502, 503]) {
        test(`${status} three times, then an answer: all is well`, async (context) => {
            const { cloud, api, attempts } = await client(context, (_call, before) =>
                before < 3 ? { status, body: { message: "later" } } : { body: { ok: true } },
            );
            assert.deepEqual(await cloud.get("/v2/account"), { ok: true });
            assert.deepEqual(attempts, [2, 3, 4]);
            assert.equal(api.calls.length, 4);
        });

        test(`${status} four times: its text, the call, and no token`, async (context) => {
            const { cloud, api, attempts } = await client(context, () => ({
                status,
                body: { id: "x", message: "try again later" },
            }));
            const error = await failure(cloud.remove("/v2/vpcs/1"));
            assert.ok(error instanceof CloudError);
            assert.equal(error.message, `DELETE /v2/vpcs/1: ${status} try again later`);
            assert.equal(error.status, status);
            assert.deepEqual(attempts, [2, 3, 4]);
            assert.equal(api.calls.length, 4);
        });
    }

    test("a request too many in a minute waits as long as it is asked to, and no longer than a minute", async (context) => {
        const asked = ["7", "3600", "soon"];
        const pauses: number[] = [];
        context.mock.method(globalThis, "fetch", async () => {
            const next = asked.shift();
            return next === undefined
                ? new Response("{}")
                : new Response("", { status: 429, headers: { "retry-after": next } });
        });
        context.mock.method(globalThis, "setTimeout", (work: () => void, milliseconds: number) => {
            pauses.push(milliseconds);
            queueMicrotask(work);
        });
        assert.deepEqual(await cloud({ token: TOKEN }).get("/v2/account"), {});
        assert.deepEqual(pauses, [7000, 61_000, 4000]);
    });

    test("a page in the middle that fails once does not lose or repeat entries", async (context) => {
        const { cloud } = await client(context, (call, before) =>
            call.includes("page=2&") && before === 0
                ? { status: 500 }
                : {
                      body: {
                          keys: [call.slice(-15)],
                          links: { pages: call.includes("page=1&") ? { next: "x" } : {} },
                      },
                  },
        );
        assert.equal((await cloud.list("/v2/account/keys", "keys")).length, 2);
    });

    test("is not waited for once the signal has come: neither for its answer nor in a pause", async (context) => {
        for (const answers of [true, false]) {
            const ending = new AbortController();
            let asked = 0;
            context.mock.method(globalThis, "fetch", async (_url: string, { signal }: RequestInit) => {
                asked += 1;
                setImmediate(() => ending.abort());
                if (answers) return new Response("", { status: 500, statusText: "Server Error" });
                return await new Promise((_resolve, reject) =>
                    signal?.addEventListener("abort", () => reject(signal.reason)),
                );
            });
            const start = performance.now();
            const pause = () => 60_000;
            await failure(cloud({ token: TOKEN, signal: ending.signal, pause }).get("/v2/account"));
            assert.ok(performance.now() - start < 10_000);
            assert.ok(asked <= 2, `${asked} calls`);
            context.mock.restoreAll();
        }
    });

    test("pauses are 1, 2 and 4 s where nothing else is said", async (context) => {
        context.mock.timers.enable({ apis: ["setTimeout"] });
        const pauses: number[] = [];
        const { mock } = context;
        mock.method(
            globalThis,
            "fetch",
            async () => new Response("", { status: 500, statusText: "Server Error" }),
        );
        mock.method(globalThis, "setTimeout", (work: () => void, milliseconds: number) => {
            pauses.push(milliseconds);
            queueMicrotask(work);
        });
        const error = await failure(cloud({ token: TOKEN }).get("/v2/account"));
        assert.equal(error.message, "GET /v2/account: 500 Server Error");
        assert.deepEqual(pauses, [1000, 2000, 4000]);
    });
});

describe("an API that refuses", () => {
    for (const [status, body, text] of [
        [
            401,
            { id: "Unauthorized", message: "Unable to authenticate you" },
            "401 Unable to authenticate you",
        ],
        [
            403,
            { message: "You are not authorized to perform this operation" },
            "403 You are not authorized to perform this operation",
        ],
        [409, { message: "Can not delete VPC with members" }, "409 Can not delete VPC with members"],
        [422, "<html>no JSON</html>", "422 Unprocessable Entity"],
        [400, {}, "400 Bad Request"],
    ] as const) {
        test(`${text}: said at once`, async (context) => {
            const { cloud, api } = await client(context, () => ({ status, body }));
            const error = await failure(cloud.list("/v2/vpcs", "vpcs"));
            assert.equal(error.message, `GET /v2/vpcs?page=1&per_page=200: ${text}`);
            assert.equal(error.status, status);
            assert.equal(api.calls.length, 1);
        });
    }
});

describe("no answer", () => {
    test("nobody listens: tried four times, and the reason is the system's", async (context) => {
        const { api, cloud, attempts } = await client(context, () => undefined);
        await api.close();
        const error = await failure(cloud.get("/v2/account"));
        assert.equal(
            error.message,
            `GET /v2/account: connect ECONNREFUSED ${api.url.slice("http://".length)}`,
        );
        assert.equal(error.status, 0);
        assert.deepEqual(attempts, [2, 3, 4]);
    });

    test("an answer that stalls: said after 20 s", async (context) => {
        context.mock.method(globalThis, "fetch", async (_url: string, { signal }: RequestInit) => {
            assert.ok(signal instanceof AbortSignal);
            throw new DOMException("The operation was aborted due to timeout", "TimeoutError");
        });
        const error = await failure(cloud({ token: TOKEN, pause: () => 0 }).get("/v2/account"));
        assert.equal(error.message, "GET /v2/account: no answer within 20 s");
    });
});

describe("token and address of the environment", () => {
    for (const [environment, access] of [
        [{}, undefined],
        [{ DIGITALOCEAN_TOKEN: "", DIGITALOCEAN_ACCESS_TOKEN: "" }, undefined],
        [
            { DIGITALOCEAN_TOKEN: "a", DIGITALOCEAN_ACCESS_TOKEN: "b" },
            { token: "a", url: undefined },
        ],
        [
            { DIGITALOCEAN_ACCESS_TOKEN: "b", DIGITALOCEAN_API_URL: "" },
            { token: "b", url: undefined },
        ],
        [
            { DIGITALOCEAN_TOKEN: "a", DIGITALOCEAN_API_URL: "http://127.0.0.1:8745" },
            { token: "a", url: "http://127.0.0.1:8745" },
        ],
    ] as const) {
        test(JSON.stringify(environment), () => assert.deepEqual(accessFrom(environment), access));
    }
});
