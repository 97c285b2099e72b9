import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readConfig } from "../../lab/plugins/digitalocean/config.ts";
import type { Props } from "../../lab/plugins/protocol/values.ts";
import { dropletBody, errorOf, plugin, start } from "./digitaloceanBench.ts";
import type { Answer } from "./pluginClient.ts";

/** Look-ups and configuration of the DigitalOcean plugin, as far as the recordings do not show them. */

describe("functions", () => {
    const droplets = ["b", "a", "c"].map((name, index) => ({
        ...dropletBody({ id: index + 1, name, tags: name === "c" ? ["x", "y"] : ["x"] }).droplet,
    }));
    const invoke = (name: string, args: Props) =>
        plugin.call({ method: "Invoke", tok: `digitalocean:index/${name}:${name}`, args });
    const names = (answer: Answer) => {
        assert.ok("response" in answer, errorOf(answer));
        return ((answer.response.return as Props).droplets as Props[]).map(({ name }) => name);
    };

    test("filters, sorts and pages of getDroplets", async () => {
        await start({
            "GET /v2/droplets?page=1&per_page=200": [
                { body: { droplets: droplets.slice(0, 2), links: { pages: { next: "page 2" } } } },
                { body: { droplets, links: {} } },
            ],
            "GET /v2/droplets?page=2&per_page=200": [{ body: { droplets: droplets.slice(2), links: {} } }],
        });
        const sorts = [{ key: "name", direction: "desc" }];
        assert.deepEqual(names(await invoke("getDroplets", { sorts })), ["c", "b", "a"]);
        const filter = (more: Props) => ({ filters: [more] });
        const CASES: [filter: Props, expected: string[]][] = [
            [{ key: "name", values: ["a", "c"] }, ["a", "c"]],
            [{ key: "tags", values: ["y", "z"] }, ["c"]],
            [{ key: "tags", values: ["x", "y"], all: true }, ["c"]],
            [{ key: "vpc_uuid", values: ["v"], matchBy: "substring" }, ["b", "a", "c"]],
            [{ key: "name", values: ["^[ab]$"], matchBy: "re" }, ["b", "a"]],
            [{ key: "ipv4_address", values: ["nothing"] }, []],
        ];
        for (const [given, expected] of CASES) {
            assert.deepEqual(
                names(await invoke("getDroplets", filter(given))),
                expected,
                JSON.stringify(given),
            );
        }
        assert.match(
            errorOf(await invoke("getDroplets", filter({ key: "colour", values: [] }))),
            /^filters: key: got "colour", allowed are backups, created_at, disk, id, image, ipv4_address, /,
        );
    });

    test("what is not there is said by its name", async () => {
        await start({ "GET /v2/regions?page=1&per_page=200": [{ body: { regions: [] } }] });
        assert.equal(
            errorOf(await invoke("getImage", { slug: "docker-0" })),
            "no image found with slug docker-0",
        );
        assert.equal(errorOf(await invoke("getRegion", { slug: "xyz9" })), "Region does not exist: xyz9");
        assert.equal(errorOf(await invoke("getTag", { name: "none" })), "tag not found: none");
    });

    test("several snapshots of a name need mostRecent", async () => {
        const snapshot = (id: string, day: string) => ({
            id,
            name: "docker",
            created_at: `2026-11-${day}T00:00:00Z`,
            regions: ["sgp1"],
            resource_id: "1",
            min_disk_size: 10,
            size_gigabytes: 1,
        });
        await start({
            "GET /v2/snapshots?page=1&per_page=200&resource_type=droplet": [
                { body: { snapshots: [snapshot("1", "01"), snapshot("2", "02")] } },
            ],
        });
        assert.equal(
            errorOf(await invoke("getDropletSnapshot", { name: "docker" })),
            "too many droplet snapshots found with the provided criteria (found 2, expected 1)",
        );
        const newest = await invoke("getDropletSnapshot", { name: "docker", mostRecent: true });
        assert.ok("response" in newest);
        assert.equal((newest.response.return as Props).id, "2");
    });
});

describe("configuration", () => {
    test("the stack's goes before the environment's, and both before the defaults", () => {
        const env = { DIGITALOCEAN_ACCESS_TOKEN: "env", DIGITALOCEAN_HTTP_RETRY_MAX: "2" };
        assert.deepEqual(readConfig({ httpRetryMax: "7", apiEndpoint: "http://localhost:1/" }, env), {
            token: "env",
            endpoint: "http://localhost:1",
            retryMax: 7,
            retryWaitMinMs: 1000,
            retryWaitMaxMs: 30_000,
            requestsPerSecond: 0,
        });
        assert.equal(readConfig({}, {}).endpoint, "https://api.digitalocean.com");
    });

    const BAD: [args: Props, text: string][] = [
        [
            { apiEndpoint: "http://localhost:1/v2" },
            'digitalocean:apiEndpoint (or DIGITALOCEAN_API_URL): got "http://localhost:1/v2", ' +
                "allowed is an http or https address of scheme, host and port, without a path",
        ],
        [
            { httpRetryMax: "many" },
            'digitalocean:httpRetryMax (or DIGITALOCEAN_HTTP_RETRY_MAX): got "many", allowed are numbers from 0',
        ],
    ];
    for (const [args, text] of BAD) {
        test(text, () => assert.throws(() => readConfig(args, {}), { message: text }));
    }
});
