import assert from "node:assert/strict";
import { test } from "node:test";
import type { PacketFilter } from "../../lab/machines.ts";
import { type Api, DROPLET, newApi, newDroplet, until } from "./apiClient.ts";

const port = (ports: string, sources: object) => ({ protocol: "tcp", ports, sources });
const SSH = port("22", { addresses: ["0.0.0.0/0"] });

/** The filter that a machine has, as `port: cidr cidr` lines of its inbound rules. */
function opened(api: Api, id: number): string[] | null {
    const filter: PacketFilter | undefined = api.machines.machines.get(id)?.filter;
    assert.notEqual(filter, undefined);
    return filter?.inbound.map((rule) => `${rule.ports?.from}: ${rule.cidrs.join(" ")}`) ?? null;
}

async function made(api: Api, path: string, body: object) {
    const answer = await api.call("POST", path, body);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    await api.settle();
    return answer.body;
}

test("a droplet's machine begins with the filter of the firewalls that cover it", async () => {
    const api = newApi();
    await made(api, "/v2/tags", { name: "web" });
    await made(api, "/v2/firewalls", { name: "fw", inbound_rules: [SSH], tags: ["web"] });
    const tagged = await newDroplet(api, { tags: ["web"] });
    const bare = await newDroplet(api, { name: "bare" });
    assert.deepEqual(opened(api, tagged), ["22: 0.0.0.0/0"]);
    assert.equal(opened(api, bare), null);
    assert.deepEqual(api.machines.filters, []);
    await api.app.close();
});

test("whatever changes who is covered or meant is followed by the machines concerned, and only those", async () => {
    const api = newApi();
    await made(api, "/v2/tags", { name: "web" });
    const fw = await made(api, "/v2/firewalls", {
        name: "fw",
        inbound_rules: [port("7946", { tags: ["web"] })],
        tags: ["web"],
    });
    const path = `/v2/firewalls/${fw.firewall.id}`;
    const a = await newDroplet(api, { name: "a", tags: ["web"] });
    assert.deepEqual(opened(api, a), ["7946: 10.100.64.10/32 172.31.200.10/32"]);

    const b = await newDroplet(api, { name: "b" });
    assert.equal(opened(api, b), null);
    const resources = [{ resource_id: String(b), resource_type: "droplet" }];
    await made(api, "/v2/tags/web/resources", { resources });
    const both = ["7946: 10.100.64.10/32 10.100.64.11/32 172.31.200.10/32 172.31.200.11/32"];
    assert.deepEqual([opened(api, a), opened(api, b)], [both, both]);

    await api.call("DELETE", "/v2/tags/web/resources", { resources });
    await api.settle();
    assert.deepEqual([opened(api, a), opened(api, b)], [["7946: 10.100.64.10/32 172.31.200.10/32"], null]);

    const calls = api.machines.filters.length;
    await made(api, `${path}/droplets`, { droplet_ids: [b] });
    assert.deepEqual(opened(api, b), ["7946: 10.100.64.10/32 172.31.200.10/32"]);
    assert.equal(api.machines.filters.length, calls + 1, "the other droplet is left alone");

    await made(api, `${path}/rules`, { inbound_rules: [SSH] });
    assert.deepEqual(opened(api, b), ["7946: 10.100.64.10/32 172.31.200.10/32", "22: 0.0.0.0/0"]);
    await api.call("DELETE", `${path}/rules`, { inbound_rules: [port("7946", { tags: ["web"] })] });
    await api.settle();
    assert.deepEqual(opened(api, b), ["22: 0.0.0.0/0"]);

    await api.call("PUT", path, {
        name: "fw",
        inbound_rules: [port("80", { droplet_ids: [a] })],
        tags: ["web"],
    });
    await api.settle();
    assert.deepEqual([opened(api, a), opened(api, b)], [["80: 10.100.64.10/32 172.31.200.10/32"], null]);

    await api.call("DELETE", `${path}/tags`, { tags: ["web"] });
    await api.settle();
    assert.equal(opened(api, a), null);
    await made(api, `${path}/tags`, { tags: ["web"] });
    assert.deepEqual(opened(api, a), ["80: 10.100.64.10/32 172.31.200.10/32"]);
    await api.call("DELETE", path);
    await api.settle();
    assert.equal(opened(api, a), null);
    await api.app.close();
});

test("a tag that is deleted covers and means nobody", async () => {
    const api = newApi();
    await made(api, "/v2/tags", { name: "web" });
    await made(api, "/v2/tags", { name: "ops" });
    await made(api, "/v2/firewalls", {
        name: "fw",
        inbound_rules: [port("80", { tags: ["ops"], addresses: ["192.0.2.1"] })],
        tags: ["web"],
    });
    const a = await newDroplet(api, { tags: ["web", "ops"] });
    assert.deepEqual(opened(api, a), ["80: 10.100.64.10/32 172.31.200.10/32 192.0.2.1/32"]);
    await api.call("DELETE", "/v2/tags/ops");
    await api.settle();
    assert.deepEqual(opened(api, a), ["80: 192.0.2.1/32"]);
    await api.call("DELETE", "/v2/tags/web");
    await api.settle();
    assert.equal(opened(api, a), null);
    assert.deepEqual((await api.call("GET", `/v2/droplets/${a}`)).body.droplet.tags, []);
    await api.app.close();
});

test("the addresses of a droplet open before it is made and close when it is deleted", async () => {
    const api = newApi();
    await made(api, "/v2/tags", { name: "web" });
    await made(api, "/v2/firewalls", {
        name: "fw",
        inbound_rules: [port("1", { tags: ["web"] })],
        tags: ["web"],
    });
    const a = await newDroplet(api, { name: "a", tags: ["web"] });
    const release = api.machines.hold("create");
    const { droplet } = (await api.call("POST", "/v2/droplets", { ...DROPLET, name: "b", tags: ["web"] }))
        .body;
    // The filter of `a` follows although the machine of `b` is still being made.
    await until("the filter of the first", async () => api.machines.filters.length === 1);
    assert.deepEqual(opened(api, a), [
        "1: 10.100.64.10/32 10.100.64.11/32 172.31.200.10/32 172.31.200.11/32",
    ]);
    release();
    await api.settle();
    await api.call("DELETE", `/v2/droplets/${droplet.id}`);
    await api.settle();
    assert.deepEqual(opened(api, a), ["1: 10.100.64.10/32 172.31.200.10/32"]);
    await api.app.close();
});

test("a rule that changes while a machine is being made is applied once it exists", async () => {
    const api = newApi();
    await made(api, "/v2/tags", { name: "web" });
    const release = api.machines.hold("create");
    const { droplet } = (await api.call("POST", "/v2/droplets", { ...DROPLET, tags: ["web"] })).body;
    await api.call("POST", "/v2/firewalls", { name: "fw", inbound_rules: [SSH], tags: ["web"] });
    release();
    await api.settle();
    assert.deepEqual(opened(api, droplet.id), ["22: 0.0.0.0/0"]);
    await api.app.close();
});

test("a firewall waits until its machines have followed", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    const release = api.machines.hold("setFilter");
    const body = { name: "fw", inbound_rules: [SSH], droplet_ids: [id] };
    const { firewall } = (await api.call("POST", "/v2/firewalls", body)).body;
    const path = `/v2/firewalls/${firewall.id}`;
    const pending = (removing: boolean, status: string) => [{ droplet_id: id, removing, status }];
    assert.deepEqual([firewall.status, firewall.pending_changes], ["waiting", pending(false, "waiting")]);
    release();
    await api.settle();
    const after = (await api.call("GET", path)).body.firewall;
    assert.deepEqual([after.status, after.pending_changes], ["succeeded", []]);

    const releaseAgain = api.machines.hold("setFilter");
    await api.call("DELETE", `${path}/droplets`, { droplet_ids: [id] });
    const removing = (await api.call("GET", path)).body.firewall;
    assert.deepEqual([removing.status, removing.pending_changes], ["waiting", pending(true, "waiting")]);
    releaseAgain();
    await api.settle();
    assert.equal((await api.call("GET", path)).body.firewall.status, "succeeded");

    api.machines.break("setFilter", "nft: syntax error");
    await api.call("POST", `${path}/droplets`, { droplet_ids: [id] });
    await api.settle();
    const failed = (await api.call("GET", path)).body.firewall;
    assert.deepEqual([failed.status, failed.pending_changes], ["failed", pending(false, "failed")]);
    assert.equal(api.log.at(-1), `error: filter of droplet ${id} (node1): nft: syntax error`);

    // The next change tries again.
    api.machines.mend("setFilter");
    await api.call("POST", `${path}/rules`, { inbound_rules: [port("80", { addresses: ["192.0.2.1"] })] });
    await api.settle();
    assert.equal((await api.call("GET", path)).body.firewall.status, "succeeded");
    assert.deepEqual(opened(api, id), ["22: 0.0.0.0/0", "80: 192.0.2.1/32"]);
    await api.app.close();
});

test("ports come back as sent, or as 0 for all and for icmp; sources and destinations always", async () => {
    const api = newApi();
    const to = { addresses: ["0.0.0.0/0"] };
    const { firewall } = await made(api, "/v2/firewalls", {
        name: "fw",
        outbound_rules: [
            { protocol: "tcp", ports: "all", destinations: to },
            { protocol: "udp", ports: "1-65535", destinations: to },
            { protocol: "icmp", destinations: to },
            { protocol: "tcp", ports: "22", destinations: {} },
        ],
        droplet_ids: null,
    });
    assert.deepEqual(firewall.outbound_rules, [
        { protocol: "tcp", ports: "0", destinations: to },
        { protocol: "udp", ports: "1-65535", destinations: to },
        { protocol: "icmp", ports: "0", destinations: to },
        { protocol: "tcp", ports: "22", destinations: {} },
    ]);
    assert.deepEqual([firewall.inbound_rules, firewall.droplet_ids, firewall.tags], [[], [], []]);
    await api.app.close();
});
