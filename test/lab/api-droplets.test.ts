import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUE } from "../../lab/droplets/images/catalogue.ts";
import { machineImage } from "../../lab/droplets/images/ensure.ts";
import { type Api, DROPLET, KEY, newApi, newDroplet, until } from "./apiClient.ts";
import { FakeMachines } from "./fakeMachines.ts";

test("a droplet is new and locked until its machine runs, then active with both addresses", async () => {
    const api = newApi();
    const key = await api.call("POST", "/v2/account/keys", { name: "me", public_key: `${KEY.publicKey}\n` });
    assert.equal(key.body.ssh_key.fingerprint, KEY.fingerprint);
    const release = api.machines.hold("create");
    const created = await api.call("POST", "/v2/droplets", {
        ...DROPLET,
        size: "s-2vcpu-4gb",
        ssh_keys: [KEY.fingerprint],
        user_data: "#cloud-config\n",
        tags: ["web"],
        monitoring: true,
        ipv6: true,
    });
    assert.equal(created.status, 202);
    const { droplet, links } = created.body;
    assert.deepEqual([droplet.status, droplet.locked, droplet.networks], ["new", true, { v4: [], v6: [] }]);
    assert.deepEqual(
        [droplet.memory, droplet.vcpus, droplet.disk, droplet.size_slug],
        [4096, 2, 80, "s-2vcpu-4gb"],
    );
    assert.deepEqual(droplet.features, ["droplet_agent", "private_networking", "ipv6", "monitoring"]);
    assert.deepEqual([droplet.region.slug, droplet.image.id, droplet.tags], ["sgp1", 18153887, ["web"]]);
    const actionPath = new URL(links.actions[0].href).pathname;
    const { action } = (await api.call("GET", actionPath)).body;
    assert.deepEqual([action.type, action.status, action.completed_at], ["create", "in-progress", null]);

    release();
    await api.settle();
    const after = (await api.call("GET", `/v2/droplets/${droplet.id}`)).body.droplet;
    assert.deepEqual([after.status, after.locked], ["active", false]);
    assert.deepEqual(after.networks.v4, [
        { ip_address: "172.31.200.10", netmask: "255.255.255.0", gateway: "172.31.200.1", type: "public" },
        { ip_address: "10.100.64.10", netmask: "255.255.240.0", gateway: "", type: "private" },
    ]);
    const done = (await api.call("GET", actionPath)).body.action;
    assert.deepEqual([done.status, done.completed_at], ["completed", "2026-11-23T00:00:00Z"]);
    assert.deepEqual(api.machines.machines.get(droplet.id)?.spec, {
        id: droplet.id,
        name: "node1",
        image: "docker:26",
        userData: "#cloud-config\n",
        publicKeys: [KEY.publicKey],
        vpcId: after.vpc_uuid,
        region: "sgp1",
        memory: 4096 * 1024 * 1024,
    });
    // Without a VPC in the request, it is in the region's default one.
    const { vpc } = (await api.call("GET", `/v2/vpcs/${after.vpc_uuid}`)).body;
    assert.deepEqual([vpc.name, vpc.default, vpc.ip_range], ["default-sgp1", true, "10.100.64.0/20"]);
    await api.app.close();
});

test("addresses are shown while it is new where the settings say so", async () => {
    const api = newApi();
    await api.call("POST", "/lab/settings", { networksWhileNew: true });
    const { droplet } = (await api.call("POST", "/v2/droplets", DROPLET)).body;
    assert.equal(droplet.status, "new");
    assert.deepEqual(
        droplet.networks.v4.map((network: { type: string }) => network.type),
        ["public", "private"],
    );
    await api.settle();
    await api.app.close();
});

test("addresses are shown a moment after it is active where the settings say so", async () => {
    const api = newApi({ settings: { addressDelay: 3000 } });
    const id = await newDroplet(api);
    const shown = async () => {
        const { droplet } = (await api.call("GET", `/v2/droplets/${id}`)).body;
        return [droplet.status, droplet.networks.v4.length];
    };
    assert.deepEqual(await shown(), ["active", 0]);
    api.time.now += 2999;
    assert.deepEqual(await shown(), ["active", 0]);
    api.time.now += 1;
    assert.deepEqual(await shown(), ["active", 2]);
    await api.app.close();
});

test("a droplet is listed by its tag a moment after it was made where the settings say so", async () => {
    const api = newApi({ settings: { tagDelay: 3000 } });
    await newDroplet(api, { tags: ["web"] });
    const listed = async (query: string) =>
        (await api.call("GET", `/v2/droplets${query}`)).body.droplets.length;
    api.time.now += 2999;
    assert.deepEqual([await listed("?tag_name=web"), await listed("")], [0, 1]);
    api.time.now += 1;
    assert.deepEqual([await listed("?tag_name=web"), await listed("")], [1, 1]);
    await api.app.close();
});

test("several names make several droplets, found by name and tag", async () => {
    const api = newApi();
    const many = { ...DROPLET, name: undefined, names: ["a", "b", "c"], tags: ["web"] };
    const created = await api.call("POST", "/v2/droplets", many);
    assert.equal(created.status, 202);
    assert.equal(created.body.links.actions.length, 3);
    await newDroplet(api, { name: "d" });
    const names = async (query: string) =>
        (await api.call("GET", `/v2/droplets${query}`)).body.droplets.map(
            (one: { name: string }) => one.name,
        );
    assert.deepEqual(await names(""), ["a", "b", "c", "d"]);
    assert.deepEqual(await names("?tag_name=web"), ["a", "b", "c"]);
    assert.deepEqual(await names("?tag_name=none"), []);
    assert.deepEqual(await names("?name=B"), ["b"]);
    assert.deepEqual(await names("?per_page=2&page=2"), ["c", "d"]);
    assert.equal((await api.call("DELETE", "/v2/droplets?tag_name=web")).status, 204);
    await api.settle();
    assert.deepEqual(await names(""), ["d"]);
    await api.app.close();
});

test("a deleted droplet is a member of its VPC until its machine is gone, then nothing knows it", async () => {
    const api = newApi();
    const { vpc } = (await api.call("POST", "/v2/vpcs", { name: "net", region: "sgp1" })).body;
    const id = await newDroplet(api, { vpc_uuid: vpc.id, tags: ["web"] });
    const members = async () => (await api.call("GET", `/v2/vpcs/${vpc.id}/members`)).body.members;
    assert.deepEqual(await members(), [
        { name: "node1", urn: `do:droplet:${id}`, created_at: "2026-11-23T00:00:00Z" },
    ]);
    const release = api.machines.hold("delete");
    assert.equal((await api.call("DELETE", `/v2/droplets/${id}`)).status, 204);
    // Asked again, as after an answer that was lost.
    assert.equal((await api.call("DELETE", `/v2/droplets/${id}`)).status, 204);
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).body.droplet.locked, true);
    const early = await api.call("DELETE", `/v2/vpcs/${vpc.id}`);
    assert.deepEqual(
        [early.status, early.body.id, early.body.message],
        [409, "conflict", "Can not delete VPC with members"],
    );
    release();
    await api.settle();
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).status, 404);
    assert.deepEqual(await members(), []);
    assert.equal((await api.call("GET", "/v2/tags/web")).body.tag.resources.count, 0);
    assert.equal((await api.call("DELETE", `/v2/vpcs/${vpc.id}`)).status, 204);
    assert.equal(api.machines.vpcs.size, 0);
    assert.equal(api.machines.calls.filter((call) => call === `delete ${id}`).length, 1);
    await api.app.close();
});

test("a deletion waits for the creation that is under way", async () => {
    const api = newApi();
    const release = api.machines.hold("create");
    const { id } = (await api.call("POST", "/v2/droplets", DROPLET)).body.droplet;
    await api.call("DELETE", `/v2/droplets/${id}`);
    assert.deepEqual((await api.call("GET", "/lab/state")).body.pending, [
        `create droplet ${id} (node1)`,
        `delete droplet ${id} (node1)`,
    ]);
    release();
    await api.settle();
    assert.deepEqual(api.machines.calls.slice(-2), [`create ${id}`, `delete ${id}`]);
    assert.equal(api.machines.machines.size, 0);
    await api.app.close();
});

test("a droplet that is deleted by tag before it has addresses gets no machine", async () => {
    const api = newApi();
    const release = api.machines.hold("reserve");
    const creating = api.call("POST", "/v2/droplets", { ...DROPLET, tags: ["web"] });
    const asked = async () => api.machines.calls.some((call) => call.startsWith("reserve"));
    await until("the addresses to be asked for", asked);
    assert.equal((await api.call("DELETE", "/v2/droplets?tag_name=web")).status, 204);
    release();
    const { id } = (await creating).body.droplet;
    await api.settle();
    assert.deepEqual(api.machines.calls.slice(-2), [`reserve ${id}`, `delete ${id}`]);
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).status, 404);
    await api.app.close();
});

test("a machine that cannot be made leaves a droplet that is off and an errored action", async () => {
    const api = newApi();
    api.machines.break("create", "no space left");
    const id = await newDroplet(api);
    const { droplet } = (await api.call("GET", `/v2/droplets/${id}`)).body;
    assert.deepEqual([droplet.status, droplet.locked], ["off", false]);
    const { actions } = (await api.call("GET", `/v2/droplets/${id}/actions`)).body;
    assert.deepEqual(
        [actions[0].type, actions[0].status, actions[0].completed_at],
        ["create", "errored", "2026-11-23T00:00:00Z"],
    );
    assert.deepEqual(api.log, [`error: create of droplet ${id}: no space left`]);
    await api.call("DELETE", `/v2/droplets/${id}`);
    await api.settle();
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).status, 404);
    await api.app.close();
});

test("a machine that cannot be deleted leaves its droplet, and deleting it can be tried again", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    api.machines.break("delete", "device is busy");
    await api.call("DELETE", `/v2/droplets/${id}`);
    await api.settle();
    const { droplet } = (await api.call("GET", `/v2/droplets/${id}`)).body;
    assert.deepEqual([droplet.status, droplet.locked], ["active", false]);
    api.machines.mend("delete");
    await api.call("DELETE", `/v2/droplets/${id}`);
    await api.settle();
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).status, 404);
    await api.app.close();
});

test("where there is no address left, no droplet is made", async () => {
    const api = newApi();
    api.machines.break("reserve", "172.31.200.0/24 is full");
    const { status, body } = await api.call("POST", "/v2/droplets", DROPLET);
    assert.deepEqual(
        [status, body.message],
        [422, "This lab has no place for node1: 172.31.200.0/24 is full"],
    );
    assert.deepEqual((await api.call("GET", "/v2/droplets")).body.droplets, []);
    await api.app.close();
});

/** Names of the VPCs that are no region's default. */
async function ownVpcs(api: Api): Promise<string[]> {
    const { vpcs } = (await api.call("GET", "/v2/vpcs")).body as {
        vpcs: { name: string; default: boolean }[];
    };
    return vpcs.filter((vpc) => !vpc.default).map(({ name }) => name);
}

test("where a network cannot be made, no VPC is", async () => {
    const api = newApi();
    api.machines.break("createVpc", "10.1.0.0/20 is in use by docker0");
    const vpc = { name: "net", region: "sgp1", ip_range: "10.1.0.0/20" };
    const { status, body } = await api.call("POST", "/v2/vpcs", vpc);
    assert.deepEqual(
        [status, body.message],
        [422, "The network 10.1.0.0/20 cannot be made in this lab: 10.1.0.0/20 is in use by docker0"],
    );
    assert.deepEqual(await ownVpcs(api), []);
    await api.app.close();
});

test("a range that nobody asked for and another lab has is passed over, one that was asked for is not", async () => {
    const api = newApi();
    api.machines.rangesTaken.add("10.100.160.0/20").add("10.100.176.0/20");
    const asked = { name: "asked", region: "sgp1", ip_range: "10.100.160.0/20" };
    const refused = await api.call("POST", "/v2/vpcs", asked);
    assert.deepEqual(
        [refused.status, refused.body.message],
        [
            422,
            "The network 10.100.160.0/20 cannot be made in this lab: 10.100.160.0/20 is in use by another lab",
        ],
    );
    const { status, body } = await api.call("POST", "/v2/vpcs", { name: "any", region: "sgp1" });
    assert.deepEqual([status, body.vpc.ip_range], [201, "10.100.192.0/20"]);
    assert.deepEqual(await ownVpcs(api), ["any"]);
    await api.app.close();
});

test("actions lock the droplet, end, and reach the machine", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    const act = (body: object) => api.call("POST", `/v2/droplets/${id}/actions`, body);
    const release = api.machines.hold("powerOff");
    const { status, body } = await act({ type: "shutdown" });
    assert.deepEqual([status, body.action.status, body.action.completed_at], [201, "in-progress", null]);
    const meanwhile = await act({ type: "reboot" });
    assert.deepEqual(
        [meanwhile.status, meanwhile.body.message],
        [422, "Droplet already has a pending event."],
    );
    release();
    await api.settle();
    assert.equal((await api.call("GET", `/v2/actions/${body.action.id}`)).body.action.status, "completed");
    const changes = [
        { type: "resize", size: "s-1vcpu-1gb", disk: true },
        { type: "rename", name: "renamed" },
        { type: "power_on" },
        { type: "power_cycle" },
        { type: "enable_ipv6" },
        { type: "enable_backups" },
    ];
    for (const change of changes) {
        assert.equal((await act(change)).status, 201);
        await api.settle();
    }
    const { droplet } = (await api.call("GET", `/v2/droplets/${id}`)).body;
    assert.deepEqual(
        [
            droplet.name,
            droplet.status,
            droplet.size.slug,
            droplet.memory,
            droplet.disk,
            droplet.networks.v6.length,
        ],
        ["renamed", "active", "s-1vcpu-1gb", 1024, 25, 1],
    );
    assert.deepEqual(droplet.features, ["droplet_agent", "private_networking", "ipv6", "backups"]);
    assert.deepEqual(api.machines.calls.slice(-3), [`powerOff ${id}`, `powerOn ${id}`, `reboot ${id}`]);
    const types = (await api.call("GET", `/v2/droplets/${id}/actions?per_page=3`)).body;
    assert.deepEqual([types.actions.length, types.meta.total], [3, 8]);
    await api.app.close();
});

test("an action that fails is errored, and the droplet is free again", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    api.machines.break("reboot", "no answer");
    const { action } = (await api.call("POST", `/v2/droplets/${id}/actions`, { type: "reboot" })).body;
    await api.settle();
    assert.equal((await api.call("GET", `/v2/actions/${action.id}`)).body.action.status, "errored");
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).body.droplet.locked, false);
    assert.deepEqual(api.log.at(-1), `error: reboot of droplet ${id}: no answer`);
    await api.app.close();
});

test("a snapshot is an image of the account, makes droplets, and can be renamed, tagged and deleted", async () => {
    const api = newApi();
    const id = await newDroplet(api);
    await api.call("POST", `/v2/droplets/${id}/actions`, { type: "snapshot", name: "baked" });
    await api.settle();
    const { snapshots } = (await api.call("GET", `/v2/droplets/${id}/snapshots`)).body;
    assert.deepEqual(
        snapshots.map((one: { name: string; type: string }) => [one.name, one.type]),
        [["baked", "snapshot"]],
    );
    const image = snapshots[0].id;
    const { snapshot } = (await api.call("GET", `/v2/snapshots/${image}`)).body;
    assert.deepEqual(
        [snapshot.id, snapshot.resource_id, snapshot.regions, snapshot.min_disk_size],
        [String(image), String(id), ["sgp1"], 10],
    );
    const ids = async (path: string, key: string) =>
        (await api.call("GET", path)).body[key].map((one: { id: unknown }) => String(one.id));
    assert.deepEqual(await ids("/v2/snapshots?resource_type=droplet", "snapshots"), [
        "18153887",
        String(image),
    ]);
    assert.deepEqual(await ids("/v2/snapshots?resource_type=volume", "snapshots"), []);
    assert.deepEqual(await ids("/v2/images?private=true", "images"), ["18153887", String(image)]);
    assert.deepEqual(await ids("/v2/images?type=distribution", "images"), ["2"]);
    const second = await newDroplet(api, { name: "second", image });
    assert.equal(api.machines.machines.get(second)?.spec.image, `snapshot-${image}`);

    const renamed = await api.call("PUT", `/v2/images/${image}`, { name: "golden" });
    assert.equal(renamed.body.image.name, "golden");
    await api.call("POST", "/v2/tags", { name: "keep" });
    const resources = [{ resource_id: String(image), resource_type: "image" }];
    await api.call("POST", "/v2/tags/keep/resources", { resources });
    assert.deepEqual(await ids("/v2/images?tag_name=keep", "images"), [String(image)]);
    assert.equal((await api.call("DELETE", `/v2/snapshots/${image}`)).status, 204);
    assert.equal((await api.call("GET", `/v2/images/${image}`)).status, 404);
    assert.deepEqual((await api.call("GET", `/v2/droplets/${id}`)).body.droplet.snapshot_ids, []);
    // The second droplet still says what it was made of.
    assert.equal((await api.call("GET", `/v2/droplets/${second}`)).body.droplet.image.name, "baked");
    await api.app.close();
});

test("an image with something installed is listed with the applications, and not with the distributions", async () => {
    const [image] = CATALOGUE.filter(({ slug }) => slug === "docker-22-04").map(machineImage);
    const [plain] = CATALOGUE.filter(({ slug }) => slug === "debian-13-docker").map(machineImage);
    assert.ok(image && plain);
    const api = newApi({ machines: new FakeMachines([image, plain]) });
    for (const [type, slug] of [
        ["application", "docker-22-04"],
        ["distribution", "debian-13-docker"],
    ]) {
        const { body } = await api.call("GET", `/v2/images?type=${type}`);
        assert.deepEqual(
            body.images.map((one: { slug: string }) => one.slug),
            [slug],
        );
    }
    await api.app.close();
});

test("a droplet stays new for as long as the settings say", async () => {
    const api = newApi({ settings: { activationDelay: 50 } });
    const before = performance.now();
    const id = await newDroplet(api);
    assert.ok(performance.now() - before >= 49);
    assert.equal((await api.call("GET", `/v2/droplets/${id}`)).body.droplet.status, "active");
    await api.app.close();
});
