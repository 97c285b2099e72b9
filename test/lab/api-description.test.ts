import assert from "node:assert/strict";
import { test } from "node:test";
import { newApi, newDroplet } from "./apiClient.ts";
import { assertDescribed, EXCEPTIONS, published } from "./described.ts";
import { Description } from "./description.ts";

const error = {
    content: {
        "application/json": {
            schema: {
                type: "object",
                properties: { id: { type: "string" }, message: { type: "string" } },
                required: ["id", "message"],
            },
        },
    },
};
const description = new Description({
    paths: {
        "/v2/things": {
            get: {
                responses: {
                    200: {
                        content: {
                            "application/json": {
                                schema: {
                                    allOf: [
                                        {
                                            type: "object",
                                            properties: {
                                                things: {
                                                    type: "array",
                                                    items: { $ref: "#/paths/~1v2~1things~1%7Bid%7D/thing" },
                                                },
                                            },
                                            required: ["things"],
                                        },
                                        { type: "object", properties: { meta: { type: "object" } } },
                                    ],
                                },
                            },
                        },
                    },
                    default: error,
                },
            },
        },
        "/v2/things/{id}": {
            thing: {
                type: "object",
                properties: {
                    id: { type: "string", format: "uuid" },
                    state: { type: "string", enum: ["new", "old"] },
                    note: { type: "string", nullable: true },
                },
                required: ["id"],
            },
            delete: {
                responses: {
                    204: { description: "gone" },
                    404: { $ref: "#/paths/~1v2~1things/get/responses/default" },
                },
            },
        },
    },
});

const UUID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4";
const things = (...list: readonly object[]) => ({ things: list });

const ANSWERS: readonly {
    readonly asked: string;
    readonly status: number;
    readonly body?: unknown;
    readonly found: readonly string[];
}[] = [
    {
        asked: "GET /v2/things?page=2",
        status: 200,
        body: { ...things({ id: UUID, note: null }), meta: { any: 1 } },
        found: [],
    },
    {
        asked: "GET /v2/things",
        status: 200,
        body: {},
        found: ["the body must have required property 'things'"],
    },
    { asked: "GET /v2/things", status: 200, found: ["there is a body"] },
    { asked: "GET /v2/things", status: 202, body: things(), found: ["there is no such status"] },
    {
        asked: "GET /v2/things",
        status: 200,
        body: things({ id: UUID, state: "ripe" }, { id: 7 }, { id: "7", colour: "red" }, { note: "" }),
        found: [
            "/things/*/state must be one of new,old",
            "/things/* must have required property 'id'",
            "/things/*/id must be string",
            '/things/*/id must match format "uuid"',
            "there is no /things/*/colour",
        ],
    },
    { asked: "GET /v2/things", status: 500, body: { id: "a", message: "b" }, found: [] },
    {
        asked: "GET /v2/things",
        status: 500,
        body: { id: "a" },
        found: ["the body must have required property 'message'"],
    },
    { asked: "DELETE /v2/things/7", status: 204, found: [] },
    { asked: "DELETE /v2/things/7", status: 204, body: {}, found: ["there is no body"] },
    {
        asked: "DELETE /v2/things/7",
        status: 404,
        body: { message: "b" },
        found: ["the body must have required property 'id'"],
    },
    { asked: "DELETE /v2/things/7", status: 409, body: {}, found: ["there is no such status"] },
    { asked: "PUT /v2/things/7", status: 404, body: {}, found: [] },
    { asked: "PUT /v2/things/7", status: 200, body: {}, found: ["there is no such operation"] },
    { asked: "GET /v2/other", status: 200, body: {}, found: ["there is no such operation"] },
];

test("an answer that is not described is seen", async (t) => {
    for (const { asked, status, body, found } of ANSWERS) {
        await t.test(`${asked} ${status} ${JSON.stringify(body)}`, () => {
            const [method = "", url = ""] = asked.split(" ");
            const text = body === undefined ? "" : JSON.stringify(body);
            const lines = description.violations({ method, url, status, text });
            assert.deepEqual(
                lines.map((line) => line.replace(/^[A-Z]+ \S+ \d+: /, "")).sort(),
                [...found].sort(),
            );
        });
    }
});

test("every exception is needed", async () => {
    const api = newApi();
    await newDroplet(api);
    const balancer = {
        name: "web",
        region: "sgp1",
        forwarding_rules: [
            { entry_protocol: "tcp", entry_port: 80, target_protocol: "tcp", target_port: 80 },
        ],
    };
    await api.call("POST", "/v2/load_balancers", balancer);
    await api.call("POST", "/v2/tags", { name: "web" });
    const lines: string[] = [];
    for (const kind of ["account", "droplets", "images", "load_balancers", "tags"]) {
        const url = `/v2/${kind}`;
        const { statusCode: status, body: text } = await api.app.inject({
            url,
            headers: { authorization: "Bearer any" },
        });
        lines.push(...published.violations({ method: "GET", url, status, text }));
    }
    assert.deepEqual(
        EXCEPTIONS.filter(({ line }) => !lines.some((one) => line.test(one))),
        [],
    );
    await api.app.close();
});

test("what the lab answers is held against the published description", () => {
    const text = JSON.stringify({
        vpcs: [{ id: UUID, name: "net", default: "yes" }],
        links: {},
        meta: { total: 1 },
    });
    assert.throws(() => assertDescribed({ method: "GET", url: "/v2/vpcs?page=1", status: 200, text }), {
        actual: ["GET /v2/vpcs 200: /vpcs/*/default must be boolean"],
    });
});
