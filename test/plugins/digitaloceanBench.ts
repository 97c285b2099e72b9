import { afterEach } from "node:test";
import { makeProvider } from "../../lab/plugins/digitalocean/provider.ts";
import type { Props } from "../../lab/plugins/protocol/values.ts";
import { type FakeAnswer, type FakeApi, fakeApi, inTurn } from "../fakeApi.ts";
import { type Answer, type PluginClient, startPluginClient } from "./pluginClient.ts";

/** For tests of the DigitalOcean plugin against an API that answers as the test says. */

export const type = (name: string) =>
    `digitalocean:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;

export const TAG = { tag: { name: "t", resources: { count: 0 } } };
export const VPC = {
    vpc: {
        id: "v1",
        urn: "do:vpc:v1",
        name: "n",
        description: "",
        region: "sgp1",
        ip_range: "10.0.0.0/20",
        default: false,
        created_at: "2026-11-22T23:57:21Z",
    },
};

export function dropletBody(more: Props = {}): { droplet: Props } {
    return {
        droplet: {
            id: 7,
            name: "node1",
            memory: 512,
            vcpus: 1,
            disk: 10,
            locked: false,
            status: "active",
            created_at: "2026-11-22T23:57:21Z",
            features: [],
            volume_ids: [],
            size: { slug: "s", price_hourly: 0.1, price_monthly: 1 },
            image: { id: 1, slug: null },
            networks: { v4: [{ ip_address: "203.0.113.7", type: "public" }], v6: [] },
            region: { slug: "sgp1" },
            tags: [],
            vpc_uuid: "v1",
            ...more,
        },
    };
}

export const DROPLET = { image: "1", name: "node1", region: "sgp1", size: "s" };

/** Renewed by `start`. */
export let api: FakeApi;
export let plugin: PluginClient;

export async function start(answers: Record<string, FakeAnswer[]>, config: Props = {}): Promise<void> {
    api = await fakeApi(inTurn(answers));
    plugin = await startPluginClient(makeProvider({}));
    await plugin.configure({ token: "t", apiEndpoint: api.url, httpRetryWaitMin: "0.01", ...config });
}

afterEach(async () => {
    plugin?.close();
    await api?.close();
});

export function create(name: string, properties: Props, timeout = 0): Promise<Answer> {
    return plugin.call({ method: "Create", type: type(name), name: "x", properties, timeout });
}

export const errorOf = (answer: Answer) => ("error" in answer ? answer.error : JSON.stringify(answer));
