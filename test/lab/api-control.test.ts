import assert from "node:assert/strict";
import { test } from "node:test";
import { DROPLET, newApi, newDroplet } from "./apiClient.ts";

test("requests are logged in order, with user data kept out", async () => {
    const api = newApi();
    await newDroplet(api, { user_data: "#cloud-config\nssh_keys: secret" });
    await api.call("GET", "/v2/droplets?per_page=200");
    const { requests } = (await api.call("GET", "/lab/requests")).body;
    assert.deepEqual(
        requests.map(({ duration, ...rest }: { duration: number }) => {
            assert.equal(typeof duration, "number");
            return rest;
        }),
        [
            {
                number: 1,
                at: "2026-11-23T00:00:00.000Z",
                method: "POST",
                path: "/v2/droplets",
                body: { ...DROPLET, user_data: "[redacted, 30 bytes]" },
                status: 202,
                fault: null,
            },
            {
                number: 2,
                at: "2026-11-23T00:00:00.000Z",
                method: "GET",
                path: "/v2/droplets?per_page=200",
                status: 200,
                fault: null,
            },
        ],
    );
    assert.equal((await api.call("GET", "/lab/requests?after=1")).body.requests.length, 1);
    assert.equal((await api.call("DELETE", "/lab/requests")).status, 204);
    assert.deepEqual((await api.call("GET", "/lab/requests")).body, { requests: [] });
    await api.app.close();
});

test("the state counts what there is and names what is under way", async () => {
    const api = newApi();
    const release = api.machines.hold("create");
    const { droplet } = (await api.call("POST", "/v2/droplets", { ...DROPLET, tags: ["a"] })).body;
    const late = await api.call("GET", "/lab/state?settle=20");
    const what = `create droplet ${droplet.id} (node1)`;
    assert.deepEqual([late.status, late.body.message], [504, `still under way after 20 ms: ${what}`]);
    const state = (await api.call("GET", "/lab/state")).body;
    assert.deepEqual(state.pending, [what]);
    assert.deepEqual(state.counts, {
        droplets: 1,
        // A default one in each region.
        vpcs: 10,
        firewalls: 0,
        tags: 1,
        keys: 0,
        images: 2,
        snapshots: 1,
        reserved_ips: 0,
        load_balancers: 0,
        domains: 0,
        volumes: 0,
        certificates: 0,
        projects: 0,
    });
    release();
    assert.deepEqual((await api.settle()).droplets, [
        { id: droplet.id, name: "node1", status: "active", locked: false, deleting: false },
    ]);
    await api.app.close();
});

test("settings change what they name and nothing else", async () => {
    const api = newApi();
    const first = (await api.call("GET", "/lab/settings")).body.settings;
    assert.deepEqual(first, {
        dropletLimit: 25,
        hourlyLimit: 5000,
        burstLimit: null,
        activationDelay: 0,
        addressDelay: 0,
        tagDelay: 0,
        defaultVpcs: true,
        networksWhileNew: false,
    });
    const changed = (await api.call("POST", "/lab/settings", { dropletLimit: 1, burstLimit: 250 })).body
        .settings;
    assert.deepEqual(changed, { ...first, dropletLimit: 1, burstLimit: 250 });
    assert.equal((await api.call("GET", "/v2/account")).body.account.droplet_limit, 1);
    const bad = await api.call("POST", "/lab/settings", { dropletLimits: 1, activationDelay: -1 });
    assert.deepEqual(
        [bad.status, bad.body.message],
        [400, 'activationDelay: Too small: expected number to be >=0; Unrecognized key: "dropletLimits"'],
    );
    await api.app.close();
});

test("rate-limit headers count down; a burst beyond the limit is refused until its minute is over", async () => {
    const api = newApi({ settings: { burstLimit: 2 } });
    const ask = async () => {
        const { status, headers } = await api.call("GET", "/v2/account");
        return [status, Number(headers["ratelimit-remaining"]), headers["retry-after"]];
    };
    assert.deepEqual(
        [await ask(), await ask()],
        [
            [200, 4999, undefined],
            [200, 4998, undefined],
        ],
    );
    assert.deepEqual(await ask(), [429, 0, "60"]);
    const { body, headers } = await api.call("GET", "/v2/account");
    assert.deepEqual([body.id, body.message], ["too_many_requests", "API Rate limit exceeded."]);
    assert.deepEqual(
        [Number(headers["ratelimit-limit"]), Number(headers["ratelimit-reset"])],
        [5000, Date.UTC(2026, 10, 23, 1) / 1000],
    );
    api.time.now += 60_000;
    assert.deepEqual(await ask(), [200, 4997, undefined]);
    await api.app.close();
});

test("links of pages name the server as it was addressed", async () => {
    const api = newApi();
    const { body } = await api.call("GET", "/v2/regions?per_page=4", undefined, { host: "127.0.0.1:8080" });
    assert.deepEqual(body.links, {
        pages: {
            next: "http://127.0.0.1:8080/v2/regions?per_page=4&page=2",
            last: "http://127.0.0.1:8080/v2/regions?per_page=4&page=3",
        },
    });
    assert.deepEqual([body.regions.length, body.meta], [4, { total: 10 }]);
    await api.app.close();
});

test("an error inside the lab is answered as the service's own, with the cause in the log only", async () => {
    const api = newApi();
    api.machines.break("deleteVpc", "network has active endpoints");
    const { vpc } = (await api.call("POST", "/v2/vpcs", { name: "net", region: "sgp1" })).body;
    const { status, body } = await api.call("DELETE", `/v2/vpcs/${vpc.id}`);
    assert.deepEqual([status, body.id], [500, "server_error"]);
    assert.deepEqual(api.log, ["error: network of VPC net: network has active endpoints"]);
    api.machines.mend("deleteVpc");
    assert.equal((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status, 204);
    await api.app.close();
});
