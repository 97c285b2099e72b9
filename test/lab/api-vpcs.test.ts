/** Default VPCs: of an account that has one in each region, and of one that has none. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Api, DROPLET, newApi, newDroplet } from "./apiClient.ts";

interface VpcEntry {
    readonly id: string;
    readonly name: string;
    readonly region: string;
    readonly ip_range: string;
    readonly default: boolean;
}

const make = async (api: Api, name: string, more: object = {}) => {
    const { status, body } = await api.call("POST", "/v2/vpcs", { name, region: "sgp1", ...more });
    assert.equal(status, 201, JSON.stringify(body));
    return body.vpc as VpcEntry;
};
const all = async (api: Api) =>
    (await api.call("GET", "/v2/vpcs?per_page=200")).body.vpcs as readonly VpcEntry[];
const defaults = async (api: Api, region: string) =>
    (await all(api)).filter((vpc) => vpc.region === region && vpc.default).map(({ name }) => name);

describe("an account without VPCs", () => {
    const fresh = () => newApi({ settings: { defaultVpcs: false } });

    test("the first of a region becomes its default, and the next does not", async () => {
        const api = fresh();
        assert.deepEqual(await all(api), []);
        const made = [
            await make(api, "first", { ip_range: "10.120.0.0/20" }),
            await make(api, "second"),
            await make(api, "elsewhere", { region: "nyc3" }),
        ];
        assert.deepEqual(
            made.map((vpc) => [vpc.name, vpc.default]),
            [
                ["first", true],
                ["second", false],
                ["elsewhere", true],
            ],
        );
        await api.app.close();
    });

    test("a droplet without a VPC makes default-<region>, unless there is a default already", async () => {
        const api = fresh();
        await newDroplet(api);
        assert.deepEqual(await defaults(api, "sgp1"), ["default-sgp1"]);
        await api.app.close();

        const other = fresh();
        const { id: mine } = await make(other, "mine");
        const droplet = await newDroplet(other);
        assert.equal((await other.call("GET", `/v2/droplets/${droplet}`)).body.droplet.vpc_uuid, mine);
        assert.deepEqual(await defaults(other, "sgp1"), ["mine"]);
        await other.app.close();
    });

    test("the default can be neither deleted nor unset, until another one is made it", async () => {
        const api = fresh();
        const { id, name } = await make(api, "first");
        const answer = async (method: string, body?: object) => {
            const got = await api.call(method, `/v2/vpcs/${id}`, body);
            return [got.status, got.body?.id, got.body?.message];
        };
        assert.deepEqual(await answer("DELETE"), [403, "forbidden", "Can not delete default VPCs"]);
        const unset = [403, "forbidden", "Can not unset default VPCs"];
        assert.deepEqual(await answer("PUT", { name, default: false }), unset);
        // As the service's users found: what is not said of a PUT counts as false.
        assert.deepEqual(await answer("PUT", { name: "renamed" }), unset);
        assert.deepEqual(await answer("PATCH", { default: false }), unset);
        assert.deepEqual(
            (await all(api)).map((vpc) => vpc.name),
            ["first"],
        );
        assert.equal((await answer("PUT", { name: "renamed", default: true }))[0], 200);
        assert.equal((await answer("PATCH", { description: "mine" }))[0], 200);
        assert.deepEqual(await defaults(api, "sgp1"), ["renamed"]);

        const other = await make(api, "other");
        assert.equal((await api.call("PATCH", `/v2/vpcs/${other.id}`, { default: true })).status, 200);
        assert.deepEqual(await defaults(api, "sgp1"), ["other"]);
        assert.equal((await answer("DELETE"))[0], 204);
        await api.app.close();
    });

    test("a default VPC gets its network with the first droplet in it, in the very range it was made with", async () => {
        const api = fresh();
        const { id } = await make(api, "mine", { ip_range: "10.120.0.0/20" });
        assert.deepEqual([...api.machines.vpcs], []);
        await newDroplet(api, { vpc_uuid: id });
        await newDroplet(api, { vpc_uuid: id });
        assert.deepEqual([...api.machines.vpcs], [[id, { name: "mine", ipRange: "10.120.0.0/20" }]]);
        await api.app.close();
    });
});

describe("an account that has been in use", () => {
    test("each region has its default, in the books alone until a droplet needs it", async () => {
        const api = newApi();
        const there = await all(api);
        assert.deepEqual(
            there.map((vpc) => [vpc.name === `default-${vpc.region}`, vpc.default]),
            there.map(() => [true, true]),
        );
        assert.deepEqual([there.length, api.machines.vpcs.size], [10, 0]);
        assert.equal((await make(api, "mine")).default, false);
        const [ours] = there.filter(({ region }) => region === "sgp1");
        // Its range may be in use on this machine: nobody has asked for it.
        api.machines.rangesTaken.add(`${ours?.ip_range}`);
        await newDroplet(api);
        const moved = (await all(api)).find(({ id }) => id === ours?.id);
        assert.notEqual(moved?.ip_range, ours?.ip_range);
        assert.deepEqual(api.machines.vpcs.get(`${ours?.id}`), {
            name: "default-sgp1",
            ipRange: moved?.ip_range,
        });
        await api.app.close();
    });

    test("the setting makes one of the other, and leaves what is in use", async () => {
        const api = newApi();
        const droplet = await newDroplet(api);
        await make(api, "mine", { region: "nyc3" });
        const set = (defaultVpcs: boolean) => api.call("POST", "/lab/settings", { defaultVpcs });
        assert.equal((await set(false)).status, 200);
        assert.deepEqual(
            (await all(api)).map(({ name }) => name),
            ["default-sgp1", "mine"],
        );
        await api.call("DELETE", `/v2/droplets/${droplet}`);
        await api.settle();
        await set(false);
        assert.deepEqual([(await all(api)).map(({ name }) => name), api.machines.vpcs.size], [["mine"], 1]);
        await set(true);
        assert.equal((await all(api)).length, 11);
        assert.deepEqual(await defaults(api, "nyc3"), ["default-nyc3"]);
        await api.app.close();
    });

    test("a network that cannot be made is the droplet's error", async () => {
        const api = newApi();
        api.machines.break("createVpc", "no bridge left");
        const { status, body } = await api.call("POST", "/v2/droplets", DROPLET);
        assert.equal(status, 422);
        assert.match(
            body.message,
            /^The network 10\.10\d\.\d+\.0\/20 cannot be made in this lab: no bridge left$/,
        );
        await api.app.close();
    });
});
