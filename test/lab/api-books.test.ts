import assert from "node:assert/strict";
import { test } from "node:test";
import { newApi, newDroplet } from "./apiClient.ts";

/** Kinds of resource of which the lab only keeps the books, beyond what the recordings show of them. */

test("reserved IPs: assigned, unassigned, and free again when their droplet goes", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    const { reserved_ip } = (await api.call("POST", "/v2/reserved_ips", { droplet_id: id })).body;
    assert.equal(reserved_ip.droplet.id, id);
    const path = `/v2/reserved_ips/${reserved_ip.ip}`;
    const act = (body: object) => api.call("POST", `${path}/actions`, body);
    assert.equal((await act({ type: "unassign" })).body.action.type, "unassign_ip");
    const again = await act({ type: "unassign" });
    assert.deepEqual(
        [again.status, again.body.message],
        [422, "The reserved IP is not assigned to a Droplet."],
    );
    assert.equal((await act({ type: "assign", droplet_id: id })).status, 201);
    const nobody = await act({ type: "assign", droplet_id: 1 });
    assert.deepEqual([nobody.status, nobody.body.message], [422, "droplet 1 does not exist"]);
    assert.equal((await api.call("GET", `${path}/actions`)).body.meta.total, 3);
    await api.call("DELETE", `/v2/droplets/${id}`);
    await api.settle();
    assert.equal((await api.call("GET", path)).body.reserved_ip.droplet, null);
    assert.equal((await api.call("POST", "/v2/reserved_ips", {})).status, 422);
    await api.app.close();
});

test("a project with resources is not deleted; a resource is in one project at a time", async () => {
    const api = newApi();
    const make = async (name: string) =>
        (await api.call("POST", "/v2/projects", { name, purpose: "Service or API" })).body.project.id;
    const [a, b] = [await make("a"), await make("b")];
    const urns = async (id: string) =>
        (await api.call("GET", `/v2/projects/${id}/resources`)).body.resources.map(
            ({ urn }: { urn: string }) => urn,
        );
    await api.call("POST", `/v2/projects/${a}/resources`, { resources: ["do:droplet:1"] });
    const refused = await api.call("DELETE", `/v2/projects/${a}`);
    assert.deepEqual([refused.status, refused.body.id], [412, "precondition_failed"]);
    await api.call("POST", `/v2/projects/${b}/resources`, { resources: ["do:droplet:1"] });
    assert.deepEqual([await urns(a), await urns(b)], [[], ["do:droplet:1"]]);
    assert.equal((await api.call("DELETE", `/v2/projects/${a}`)).status, 204);
    const patched = await api.call("PATCH", `/v2/projects/${b}`, { description: "x", is_default: true });
    assert.deepEqual([patched.body.project.description, patched.body.project.name], ["x", "b"]);
    assert.equal((await api.call("GET", "/v2/projects/default")).body.project.id, b);
    await api.app.close();
});

test("a volume belongs to one droplet, grows only, and is not deleted while attached", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    const wanted = { name: "data", region: "sgp1", size_gigabytes: 10, tags: ["db"] };
    const { volume } = (await api.call("POST", "/v2/volumes", wanted)).body;
    assert.equal((await api.call("POST", "/v2/volumes", wanted)).status, 409);
    const path = `/v2/volumes/${volume.id}`;
    const act = async (body: object) => {
        const answer = await api.call("POST", `${path}/actions`, body);
        return answer.body.message ?? answer.status;
    };
    assert.equal(await act({ type: "attach", droplet_id: id }), 202);
    assert.equal(
        await act({ type: "attach", droplet_id: id }),
        `volume is attached to droplet ${id} already`,
    );
    assert.equal(await act({ type: "resize", size_gigabytes: 5 }), "volume can only grow: it has 10 GiB");
    const refused = await api.call("DELETE", path);
    assert.deepEqual([refused.status, refused.body.message], [409, "volume is attached to a Droplet"]);
    assert.equal((await api.call("GET", "/v2/tags/db")).body.tag.resources.volumes.count, 1);
    await api.call("DELETE", `/v2/droplets/${id}`);
    await api.settle();
    assert.equal((await api.call("DELETE", path)).status, 204);
    await api.app.close();
});

test("a load balancer is a member of its VPC, and shows the droplets of its tag", async () => {
    const api = newApi();
    const { vpc } = (await api.call("POST", "/v2/vpcs", { name: "net", region: "sgp1" })).body;
    const id = await newDroplet(api, { vpc_uuid: vpc.id, tags: ["web"] });
    const rule = { entry_protocol: "tcp", entry_port: 80, target_protocol: "tcp", target_port: 80 };
    const wanted = { name: "lb", region: "sgp1", vpc_uuid: vpc.id, forwarding_rules: [rule] };
    const { load_balancer } = (await api.call("POST", "/v2/load_balancers", { ...wanted, tag: "web" })).body;
    assert.deepEqual([load_balancer.status, load_balancer.droplet_ids], ["new", [id]]);
    const path = `/v2/load_balancers/${load_balancer.id}`;
    assert.equal((await api.call("GET", path)).body.load_balancer.status, "active");
    assert.deepEqual((await api.call("PUT", path, wanted)).body.load_balancer.droplet_ids, []);
    await api.call("POST", `${path}/droplets`, { droplet_ids: [id] });
    assert.deepEqual((await api.call("GET", path)).body.load_balancer.droplet_ids, [id]);
    await api.call("DELETE", `/v2/droplets/${id}`);
    await api.settle();
    assert.deepEqual((await api.call("GET", path)).body.load_balancer.droplet_ids, []);
    assert.equal((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status, 409);
    assert.equal((await api.call("DELETE", path)).status, 204);
    assert.equal((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status, 204);
    const bad = await api.call("POST", "/v2/load_balancers", { ...wanted, region: "mars1" });
    assert.deepEqual([bad.status, bad.body.message], [422, 'region "mars1" is invalid']);
    await api.app.close();
});

test("records of a domain are found by type and name, and shown in its zone", async () => {
    const api = newApi();
    const path = "/v2/domains/swarm.example";
    await api.call("POST", "/v2/domains", { name: "swarm.example", ip_address: "192.0.2.1" });
    assert.equal((await api.call("POST", "/v2/domains", { name: "swarm.example" })).status, 422);
    await api.call("POST", `${path}/records`, { type: "CNAME", name: "www", data: "@", ttl: 300 });
    const found = async (query: string) =>
        (await api.call("GET", `${path}/records?${query}`)).body.domain_records.map(
            ({ name }: { name: string }) => name,
        );
    assert.deepEqual(await found("type=A"), ["@"]);
    assert.deepEqual(await found("name=www.swarm.example"), ["www"]);
    assert.equal(
        (await api.call("GET", path)).body.domain.zone_file,
        "$ORIGIN swarm.example.\n$TTL 1800\n@ 1800 IN A 192.0.2.1\nwww 300 IN CNAME @\n",
    );
    await api.app.close();
});

test("a certificate is pending when asked for, verified at the next look", async () => {
    const api = newApi();
    const wanted = { name: "web", type: "lets_encrypt", dns_names: ["swarm.example"] };
    const { certificate } = (await api.call("POST", "/v2/certificates", wanted)).body;
    assert.deepEqual([certificate.state, certificate.not_after], ["pending", "2027-02-21T00:00:00Z"]);
    const path = `/v2/certificates/${certificate.id}`;
    assert.equal((await api.call("GET", path)).body.certificate.state, "verified");
    const custom = await api.call("POST", "/v2/certificates", { name: "own" });
    assert.deepEqual(
        [custom.status, custom.body.message],
        [422, "private_key and leaf_certificate are required for a custom certificate"],
    );
    await api.app.close();
});
