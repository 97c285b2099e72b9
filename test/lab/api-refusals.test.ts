import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DROPLET, KEY, newApi, newDroplet } from "./apiClient.ts";

const RULE = { protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } };
const NOT_FOUND = "The resource you were accessing could not be found.";
const HOST_NAME = "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";

type Case = readonly [
    name: string,
    method: string,
    path: string,
    body: object | undefined,
    status: number,
    id: string,
    message: string,
];

const droplet = (name: string, more: object, message: string): Case => [
    `droplet: ${name}`,
    "POST",
    "/v2/droplets",
    { ...DROPLET, ...more },
    422,
    "unprocessable_entity",
    message,
];
const firewall = (name: string, more: object, message: string): Case => [
    `firewall: ${name}`,
    "POST",
    "/v2/firewalls",
    { name: "fw", inbound_rules: [RULE], ...more },
    422,
    "unprocessable_entity",
    message,
];
const missing = (method: string, path: string, body?: object): Case => [
    `${method} ${path}`,
    method,
    path,
    body,
    404,
    "not_found",
    NOT_FOUND,
];

const CASES: readonly Case[] = [
    missing("GET", "/v2/nothing"),
    missing("GET", "/v2/droplets/1"),
    missing("GET", "/v2/droplets/node1"),
    missing("DELETE", "/v2/droplets/1"),
    missing("GET", "/v2/droplets/1/actions"),
    missing("POST", "/v2/droplets/1/actions", { type: "reboot" }),
    missing("GET", "/v2/account/keys/1"),
    missing("DELETE", "/v2/account/keys/00:11"),
    missing("GET", "/v2/vpcs/x"),
    missing("GET", "/v2/tags/x"),
    missing("POST", "/v2/tags/x/resources", { resources: [] }),
    missing("GET", "/v2/firewalls/x"),
    missing("GET", "/v2/actions/1"),
    missing("GET", "/v2/images/no-such-slug"),
    missing("DELETE", "/v2/snapshots/1"),
    missing("GET", "/v2/reserved_ips/192.0.2.1"),
    missing("GET", "/v2/load_balancers/x"),
    missing("GET", "/v2/domains/x.example"),
    missing("GET", "/v2/volumes/x"),
    missing("GET", "/v2/certificates/x"),
    missing("GET", "/v2/projects/x"),
    droplet("unknown region", { region: "mars1" }, "You specified an invalid region for Droplet creation."),
    droplet("unknown size", { size: "huge" }, "You specified an invalid size for Droplet creation."),
    droplet("unknown image", { image: "nope" }, "You specified an invalid image for Droplet creation."),
    droplet("unknown image ID", { image: 5 }, "You specified an invalid image for Droplet creation."),
    droplet(
        "a snapshot of another region",
        { region: "nyc3" },
        "The image you specified is not available in the selected region, you can transfer it to this region from the images pages.",
    ),
    droplet(
        "unknown keys",
        { ssh_keys: [12, "aa:bb"] },
        "12, aa:bb are invalid key identifiers for Droplet creation.",
    ),
    droplet("bad name", { name: "node_1" }, HOST_NAME),
    droplet("no name", { name: undefined }, HOST_NAME),
    droplet("one bad name of several", { name: undefined, names: ["a", "-b"] }, HOST_NAME),
    droplet(
        "too many names",
        { name: undefined, names: Array.from({ length: 11 }, (_, index) => `n${index}`) },
        "at most 10 droplets can be created at a time, not 11",
    ),
    droplet("unknown VPC", { vpc_uuid: "x" }, "You specified an invalid VPC for Droplet creation."),
    droplet(
        "too much user data",
        { user_data: "é".repeat(32 * 1024 + 1) },
        "User data may not exceed 64 KiB in size.",
    ),
    droplet(
        "bad tag",
        { tags: ["a b"] },
        'tag "a b" contains invalid characters: letters, digits, colons, dashes and underscores are allowed, at most 255 of them',
    ),
    droplet(
        "wrong types",
        { size: 5, tags: "x" },
        "size: Invalid input: expected string, received number; tags: Invalid input: expected array, received string",
    ),
    firewall("no rule", { inbound_rules: null }, "at least one inbound or outbound rule is required"),
    firewall("unknown tag", { tags: ["x"] }, 'tag "x" does not exist'),
    firewall(
        "unknown tag as source",
        { inbound_rules: [{ ...RULE, sources: { tags: ["x"] } }] },
        'tag "x" does not exist',
    ),
    firewall("unknown droplet", { droplet_ids: [7] }, "droplet 7 does not exist"),
    firewall(
        "bad name",
        { name: "-fw" },
        'invalid firewall name "-fw": it begins with a letter or digit, then letters, digits, dots and dashes are allowed',
    ),
    firewall(
        "bad address",
        { inbound_rules: [{ ...RULE, sources: { addresses: ["here"] } }] },
        'inbound_rules.0.sources.addresses.0: "here" is neither an IP address nor a CIDR',
    ),
    firewall(
        "too many rules",
        { inbound_rules: Array.from({ length: 51 }, (_, index) => ({ ...RULE, ports: `${index + 1}` })) },
        "a firewall takes at most 50 rules, not 51",
    ),
    ...["0-5", "70000", "9-8", "ssh", ""].map((ports) =>
        firewall(
            `ports ${JSON.stringify(ports)}`,
            { inbound_rules: [{ ...RULE, ports }] },
            `invalid ports ${JSON.stringify(ports)}: a port (1 to 65535), a range such as "8000-9000", or "all" is allowed`,
        ),
    ),
    [
        "key: not a key",
        "POST",
        "/v2/account/keys",
        { name: "k", public_key: "hello" },
        422,
        "unprocessable_entity",
        "Key invalid, key should be of the format `type key [comment]`",
    ],
    [
        "VPC: unknown region",
        "POST",
        "/v2/vpcs",
        { name: "v", region: "mars1" },
        422,
        "unprocessable_entity",
        'region "mars1" does not exist',
    ],
    [
        "VPC: bad name",
        "POST",
        "/v2/vpcs",
        { name: "my vpc", region: "sgp1" },
        422,
        "unprocessable_entity",
        'name: "my vpc" may only contain alphanumeric characters, dashes, and periods',
    ],
    [
        "the vendor's image cannot be deleted",
        "DELETE",
        "/v2/images/debian-13-x64",
        undefined,
        403,
        "forbidden",
        "You do not have access for the attempted action.",
    ],
    [
        "deleting droplets without a tag",
        "DELETE",
        "/v2/droplets",
        undefined,
        422,
        "unprocessable_entity",
        "tag_name is required: droplets are deleted by tag here, by ID under their own path",
    ],
    [
        "the default project",
        "DELETE",
        "/v2/projects/default",
        undefined,
        412,
        "precondition_failed",
        "cannot delete a project with resources, or the default project",
    ],
];

describe("requests that are refused", () => {
    for (const [name, method, path, body, status, id, message] of CASES) {
        test(name, async () => {
            const { app, call, machines } = newApi();
            const answer = await call(method, path, body);
            const request_id = answer.headers["x-request-id"];
            assert.deepEqual([answer.status, answer.body], [status, { id, message, request_id }]);
            assert.equal(machines.machines.size, 0);
            await app.close();
        });
    }
});

test("without a token, or with another than the one set, nothing is answered", async () => {
    const { app, call } = newApi({ token: "right" });
    const expected = { id: "Unauthorized", message: "Unable to authenticate you" };
    for (const authorization of ["", "Bearer ", "Bearer wrong", "Basic right"]) {
        for (const path of ["/v2/account", "/v2/nothing"]) {
            const { status, body, headers } = await call("GET", path, undefined, { authorization });
            assert.deepEqual([status, body], [401, { ...expected, request_id: headers["x-request-id"] }]);
        }
    }
    assert.equal(
        (await call("GET", "/v2/account", undefined, { authorization: "Bearer right" })).status,
        200,
    );
    await app.close();
});

test("a body that is not JSON is refused", async () => {
    const { app } = newApi();
    const { statusCode, body } = await app.inject({
        method: "POST",
        url: "/v2/tags",
        headers: { authorization: "Bearer any", "content-type": "application/json" },
        payload: "{name",
    });
    assert.equal(statusCode, 400);
    assert.match(body, /"id":"bad_request","message":"The body is not JSON: /);
    await app.close();
});

test("what exists already is refused", async () => {
    const { app, call } = newApi();
    await call("POST", "/v2/tags", { name: "PROD" });
    const same: readonly [string, object, number, string][] = [
        [
            "/v2/account/keys",
            { name: "k", public_key: KEY.publicKey },
            422,
            "SSH Key is already in use on your account",
        ],
        ["/v2/firewalls", { name: "fw", inbound_rules: [RULE] }, 409, "duplicate name"],
        [
            "/v2/vpcs",
            { name: "net", region: "sgp1" },
            422,
            "The name net is already in use by another VPC network in your account.",
        ],
    ];
    for (const [path, body, status, message] of same) {
        assert.ok((await call("POST", path, body)).status < 300);
        const second = await call("POST", path, body);
        assert.deepEqual([second.status, second.body.message], [status, message]);
    }
    // A tag is not: asking again gives the same one, in its first capitalisation.
    const tag = await call("POST", "/v2/tags", { name: "prod" });
    assert.deepEqual([tag.status, tag.body.tag.name], [201, "PROD"]);
    await app.close();
});

test("the droplet limit holds for requests side by side, and counts what is still being deleted", async () => {
    const api = newApi({ settings: { dropletLimit: 3 } });
    const ask = (name: string) => api.call("POST", "/v2/droplets", { ...DROPLET, name, tags: [name] });
    const answers = await Promise.all(["a", "b", "c", "d", "e"].map(ask));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 202, 202, 422, 422]);
    const refused = answers.find(({ status }) => status === 422);
    assert.equal(refused?.body.message, "creating this/these droplet(s) will exceed your droplet limit");
    const { counts } = await api.settle();
    assert.deepEqual([counts.droplets, counts.tags], [3, 3], "what was refused has left nothing behind");
    const release = api.machines.hold("delete");
    await api.call("DELETE", `/v2/droplets/${answers[0]?.body.droplet.id}`);
    assert.equal((await ask("f")).status, 422);
    release();
    await api.settle();
    assert.equal((await ask("f")).status, 202);
    await api.settle();
    await api.app.close();
});

test("an action that cannot be is refused", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    const act = async (body: object) => {
        const answer = await api.call("POST", `/v2/droplets/${id}/actions`, body);
        await api.settle();
        return answer.status === 201 ? 201 : [answer.status, answer.body.message];
    };
    assert.deepEqual(await act({ type: "power_on" }), [422, "Droplet is already powered on."]);
    assert.deepEqual(await act({ type: "resize", size: "1gb" }), [
        422,
        "Droplet must be powered off to be resized.",
    ]);
    assert.deepEqual(await act({ type: "rename", name: "a b" }), [422, HOST_NAME]);
    assert.deepEqual(await act({ type: "rebuild" }), [
        422,
        '"rebuild" is not an action of this emulation; it knows power_on, power_off, shutdown, reboot, power_cycle, rename, resize, snapshot, enable_ipv6, enable_backups, disable_backups, password_reset',
    ]);
    assert.equal(await act({ type: "power_off" }), 201);
    assert.deepEqual(await act({ type: "power_off" }), [422, "Droplet is already powered off."]);
    assert.deepEqual(await act({ type: "reboot" }), [422, "Droplet is powered off."]);
    assert.deepEqual(await act({ type: "resize", size: "huge" }), [
        422,
        "You specified an invalid size for Droplet resize.",
    ]);
    assert.equal(await act({ type: "resize", size: "1gb", disk: true }), 201);
    assert.deepEqual(await act({ type: "resize", size: "512mb" }), [
        422,
        "This size is not available because it has a smaller disk.",
    ]);
    await api.app.close();
});
