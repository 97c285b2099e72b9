import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isSecret, type Props, secret, unwrapSecrets } from "../../lab/plugins/protocol/values.ts";
import {
    api,
    create,
    DROPLET,
    dropletBody,
    errorOf,
    plugin,
    start,
    TAG,
    type,
    VPC,
} from "./digitaloceanBench.ts";
import { until } from "./until.ts";

/** Waits, failures and bad inputs of the DigitalOcean plugin, which the recordings do not show. */

describe("requests", () => {
    test("429 and 5xx are tried again, for every method, and Retry-After is honoured", async () => {
        await start({
            "POST /v2/tags": [
                { status: 429, headers: { "retry-after": "1" }, body: {} },
                { status: 503, body: {} },
                { drop: true },
                { status: 201, body: TAG },
            ],
            "GET /v2/tags/t": [{ status: 500, body: {} }, { body: TAG }],
        });
        const begin = Date.now();
        assert.ok("response" in (await create("Tag", { name: "t" })));
        assert.equal(api.requests.length, 6);
        assert.ok(Date.now() - begin >= 1000, "the second it was asked to wait");
    });

    test("four retries are the end", async () => {
        const overloaded = { status: 503, body: { message: "overloaded", request_id: "r-1" } };
        await start({ "POST /v2/tags": [overloaded] });
        assert.equal(
            errorOf(await create("Tag", { name: "t" })),
            `Error creating tag: POST ${api.url}/v2/tags: 503 (request "r-1") overloaded; giving up after 5 attempt(s)`,
        );
        assert.equal(api.requests.length, 5);
    });

    test("an API that cannot be reached", async () => {
        await start({}, { httpRetryMax: "1" });
        await api.close();
        assert.match(
            errorOf(await create("Tag", { name: "t" })),
            /^Error creating tag: POST http:\/\/127\.0\.0\.1:\d+\/v2\/tags: giving up after 2 attempt\(s\): fetch failed: connect ECONNREFUSED /,
        );
    });

    const REFUSALS: [status: number, headers: Record<string, string>, text: string][] = [
        [422, { "x-request-id": "r-2" }, ': 422 (request "r-2") You specified an invalid image'],
        [403, {}, ": 403 You specified an invalid image"],
        [
            401,
            {},
            ": 401 You specified an invalid image (is digitalocean:token, or DIGITALOCEAN_TOKEN, the right one?)",
        ],
    ];
    for (const [status, headers, text] of REFUSALS) {
        test(`${status} is final`, async () => {
            const body = { id: "x", message: "You specified an invalid image" };
            await start({ "POST /v2/droplets": [{ status, headers, body }] });
            assert.deepEqual(await create("Droplet", DROPLET), {
                error: `Error creating droplet: POST ${api.url}/v2/droplets${text}`,
            });
            assert.equal(api.requests.length, 1);
        });
    }

    test("without a token nothing is asked", async () => {
        await start({}, { token: "" });
        assert.equal(
            errorOf(await create("Tag", { name: "t" })),
            "Error creating tag: no DigitalOcean token: set digitalocean:token in the stack's configuration " +
                "(as a secret), or DIGITALOCEAN_TOKEN or DIGITALOCEAN_ACCESS_TOKEN in the environment",
        );
        assert.deepEqual(api.requests, []);
    });
});

describe("a droplet", () => {
    test("is waited for while it is unknown, new or locked", async () => {
        await start({
            "POST /v2/droplets": [{ status: 202, body: dropletBody({ status: "new", locked: true }) }],
            "GET /v2/droplets/7": [
                { status: 404, body: {} },
                { body: dropletBody({ status: "new", locked: true }) },
                { body: dropletBody({ locked: true }) },
                { body: dropletBody() },
            ],
        });
        const answer = await create("Droplet", DROPLET);
        assert.ok("response" in answer, errorOf(answer));
        assert.equal((answer.response.properties as Props).ipv4Address, "203.0.113.7");
        assert.equal(api.requests.length, 5);
    });

    test("that does not come up in time is kept in the state, with what it was made of", async () => {
        await start({
            "POST /v2/droplets": [{ status: 202, body: dropletBody({ status: "new" }) }],
            "GET /v2/droplets/7": [{ body: dropletBody({ status: "new", locked: true }) }],
        });
        const answer = await create("Droplet", { ...DROPLET, userData: secret("#cloud-config") }, 1);
        assert.ok("error" in answer && answer.details);
        assert.match(
            answer.error,
            /^Error creating droplet: (context deadline exceeded after 1s: )?waited 1s for droplet 7 to be active; last state seen: new, locked$/,
        );
        const { id, inputs, properties, reasons } = answer.details as Props & { properties: Props };
        assert.equal(id, "7");
        assert.deepEqual(inputs, { ...DROPLET, userData: secret("#cloud-config") });
        assert.equal(properties.name, "node1");
        assert.ok(isSecret(properties.userData));
        assert.deepEqual(reasons, [answer.error]);
    });

    test("is kept in the state when the run is cancelled while it comes up", async () => {
        await start({
            "POST /v2/droplets": [{ status: 202, body: dropletBody({ status: "new" }) }],
            "GET /v2/droplets/7": [{ body: dropletBody({ status: "new" }) }],
        });
        const promise = create("Droplet", DROPLET);
        await until("the plugin looks", () => api.requests.length >= 2);
        await plugin.cancel();
        const answer = await promise;
        assert.ok("error" in answer && answer.details);
        assert.match(
            answer.error,
            /^Error creating droplet: context canceled: waited \ds for droplet 7 to be active; last state seen: new$/,
        );
        assert.equal(answer.details.id, "7");
    });

    test("comes up again after a resize that was refused", async () => {
        await start({
            "POST /v2/droplets/7/actions": [
                { status: 201, body: { action: { id: 1, type: "power_off" } } },
                { status: 422, body: { message: "too small" } },
                { status: 201, body: { action: { id: 2, type: "power_on" } } },
            ],
            "GET /v2/droplets/7": [{ body: dropletBody({ status: "off" }) }, { body: dropletBody() }],
        });
        const olds = { ...DROPLET, status: "active", size: "big", id: "7" };
        const answer = await plugin.call({
            method: "Update",
            type: type("Droplet"),
            id: "7",
            olds,
            oldInputs: {},
            news: DROPLET,
        });
        assert.equal(
            errorOf(answer),
            `Error updating droplet 7: POST ${api.url}/v2/droplets/7/actions: 422 too small`,
        );
        assert.deepEqual(
            api.requests.filter((request) => request.startsWith("POST")),
            [
                'POST /v2/droplets/7/actions {"type":"power_off"}',
                'POST /v2/droplets/7/actions {"disk":true,"size":"s","type":"resize"}',
                'POST /v2/droplets/7/actions {"type":"power_on"}',
            ],
        );
    });

    test("is renamed and tagged in place", async () => {
        const named = dropletBody({ name: "new", tags: ["b"] });
        await start({
            "POST /v2/droplets/7/actions": [{ status: 201, body: { action: { id: 1, type: "rename" } } }],
            "GET /v2/droplets/7": [{ body: dropletBody() }, { body: named }],
            "DELETE /v2/tags/a/resources": [{ status: 204 }],
            "POST /v2/tags": [{ status: 201, body: TAG }],
            "POST /v2/tags/b/resources": [{ status: 204 }],
        });
        const olds = { ...DROPLET, status: "active", tags: ["a"], id: "7" };
        const news = { ...DROPLET, name: "new", tags: ["b"] };
        const call = { type: type("Droplet"), id: "7", olds, oldInputs: {}, news };
        const answer = await plugin.call({ method: "Update", ...call });
        assert.ok("response" in answer, errorOf(answer));
        const resources = '{"resources":[{"resource_id":"7","resource_type":"droplet"}]}';
        assert.deepEqual(
            api.requests.filter((request) => !request.startsWith("GET")),
            [
                'POST /v2/droplets/7/actions {"type":"rename","name":"new"}',
                `DELETE /v2/tags/a/resources ${resources}`,
                'POST /v2/tags {"name":"b"}',
                `POST /v2/tags/b/resources ${resources}`,
            ],
        );
    });

    test("that is gone: a refresh drops it, a deletion fails as the official one's does", async () => {
        await start({});
        const call = { type: type("Droplet"), id: "7", properties: { ...DROPLET, id: "7" }, inputs: DROPLET };
        assert.deepEqual(await plugin.call({ method: "Read", ...call }), { response: {} });
        assert.equal(
            errorOf(await plugin.call({ method: "Delete", ...call })),
            "Error deleting droplet 7: Error waiting for droplet to be unlocked for destroy (7): unexpected state 'Not Found', " +
                "wanted target 'false'. last error: %!s(<nil>)",
        );
        assert.deepEqual(api.requests, ["GET /v2/droplets/7", "GET /v2/droplets/7"]);
    });

    test("its user data is a hash in the state, secret when it was", async () => {
        await start({
            "POST /v2/droplets": [{ status: 202, body: dropletBody() }],
            "GET /v2/droplets/7": [{ body: dropletBody() }],
        });
        const answer = await create("Droplet", { ...DROPLET, userData: secret("#cloud-config\n{}") });
        assert.ok("response" in answer);
        const { userData } = answer.response.properties as Props;
        assert.ok(isSecret(userData));
        // printf '#cloud-config\n{}' | sha1sum
        assert.equal(unwrapSecrets(userData ?? null), "bba373d2f1e4b0d557b2d22088aae9c28d1a22d3");
        assert.match(api.requests[0] ?? "", /"user_data":"#cloud-config\\n\{\}"/);
    });
});

describe("a VPC", () => {
    test("that readers do not see yet is waited for", async () => {
        await start({
            "POST /v2/vpcs": [{ status: 201, body: VPC }],
            "GET /v2/vpcs/v1": [{ status: 404, body: {} }, { body: VPC }],
        });
        const answer = await create("Vpc", { name: "n", region: "sgp1" });
        assert.ok("response" in answer, errorOf(answer));
        assert.equal((answer.response.properties as Props).createdAt, "2026-11-22 23:57:21 +0000 UTC");
    });

    test("with members is deleted when they have left", async () => {
        const busy = { status: 409, body: { message: "Can not delete VPC with members" } };
        await start({ "DELETE /v2/vpcs/v1": [busy, busy, { status: 204 }] });
        const answer = await plugin.call({
            method: "Delete",
            type: type("Vpc"),
            id: "v1",
            properties: { id: "v1" },
        });
        assert.deepEqual(answer, { response: {} });
        assert.equal(api.requests.length, 3);
    });

    test("two in one region are made one after the other", async () => {
        await start({
            "POST /v2/vpcs": [
                { status: 201, body: VPC },
                { status: 422, body: { message: "overlaps" } },
            ],
            "GET /v2/vpcs/v1": [{ body: VPC }],
        });
        const both = ["a", "b"].map((name) => create("Vpc", { name, region: "sgp1" }));
        const [one, two] = await Promise.all(both);
        assert.ok(one && two && "response" in one);
        assert.equal(errorOf(two), `Error creating VPC: POST ${api.url}/v2/vpcs: 422 overlaps`);
    });
});

describe("Check", () => {
    const CASES: [name: string, resource: string, news: Props, failures: string[] | undefined][] = [
        ["what is required", "SshKey", { name: "n" }, ["publicKey: Missing required property 'publicKey'"]],
        [
            "what there is not",
            "Tag",
            { name: "t", colour: "red" },
            ["colour: digitalocean:index/tag:Tag has no input 'colour'; its inputs are name"],
        ],
        [
            "rules of a firewall",
            "Firewall",
            { name: "f", inboundRules: [{ protocol: "tcp" }, { protocol: "icmp" }, { protocol: "esp" }] },
            [
                "inboundRules[0].portRange: `port_range` of inbound_rules is required if protocol is `tcp` or `udp`",
                'inboundRules[2].protocol: got "esp", allowed are tcp, udp, icmp',
            ],
        ],
    ];
    for (const [name, resource, news, failures] of CASES) {
        test(name, async () => {
            await start({});
            const answer = await plugin.call({ method: "Check", type: type(resource), news });
            assert.ok("response" in answer);
            assert.deepEqual(answer.response.failures, failures);
        });
    }

    test("a name is made up, kept, and lets a replacement be made first", async () => {
        await start({});
        const { name: _, ...unnamed } = DROPLET;
        const check = async (olds: Props) => {
            const answer = await plugin.call({
                method: "Check",
                type: type("Droplet"),
                name: "web",
                olds,
                news: unnamed,
            });
            assert.ok("response" in answer);
            return answer.response.inputs as Props;
        };
        const first = await check({});
        assert.match(String(first.name), /^web-[0-9a-f]{7}$/);
        assert.deepEqual(first.__defaults, ["name", "resizeDisk"]);
        const again = await check({ ...first, name: "web-0000000" });
        assert.equal(again.name, "web-0000000");
        const olds = { ...first, id: "7" };
        const diff = await plugin.call({
            method: "Diff",
            type: type("Droplet"),
            id: "7",
            olds,
            news: { ...first, image: "2" },
        });
        assert.ok("response" in diff);
        assert.deepEqual([diff.response.replaces, diff.response.deleteBeforeReplace], [["image"], undefined]);
    });
});
