/**
 * An API as a busy day has it: it takes 250 requests a minute, a droplet takes a while to be active, a moment more to show
 * its addresses, and longer to be listed by its tag.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DEFAULT_SETTINGS } from "../../lab/api/settings.ts";
import { api, leftovers, settings } from "./support/cloud.ts";
import { healthy } from "./support/oracle.ts";
import { LabStack } from "./support/stack.ts";

const BURST = 250;

const config = {
    managers: "m1",
    workers: "w[1:7]",
    sshFrom: ["0.0.0.0/0"],
    vpcIpRange: "10.124.7.0/24",
    services: { nginx: { image: "nginx", replicas: 1, ports: ["80:80"] } },
};

describe("a slow API", () => {
    let stack: LabStack;
    before(async () => {
        stack = await LabStack.make("slow-api", config);
        // Nor does what another test has just asked for count against the limit.
        await api("DELETE", "/lab/requests");
        await settings({ burstLimit: BURST, activationDelay: 2_000, addressDelay: 3_000, tagDelay: 30_000 });
    });
    after(async () => {
        const { burstLimit, activationDelay, addressDelay, tagDelay } = DEFAULT_SETTINGS;
        await settings({ burstLimit, activationDelay, addressDelay, tagDelay });
        await stack.remove();
    });

    test("many nodes in one up, which is made to wait for the limit; nothing is taken for lost", async () => {
        // All but what the look-ups and the first requests take: what polls for the droplets comes too often.
        await Promise.all(Array.from({ length: BURST - 60 }, () => api("GET", "/v2/account")));
        const preview = await stack.pulumi(["preview"]);
        assert.equal(preview.status, 0, preview.text);
        const up = await stack.upOrThrow();
        for (const { text } of [preview, up]) assert.doesNotMatch(text, /could not|does not know/);
        assert.ok((await refused()) > 0, "the limit was never met");
        await settings({ burstLimit: null });
        const names = Array.from({ length: 7 }, (_, index) => `w${index + 1}`);
        await healthy(stack, { managers: ["m1"], workers: names, replicas: 1 });
    });

    test("destroy", async () => {
        await settings({ burstLimit: BURST });
        await stack.destroyOrThrow();
        await settings({ burstLimit: null });
        assert.deepEqual(await leftovers(), { droplets: 0, vpcs: 0, firewalls: 0, tags: 0, keys: 0 });
    });
});

/** Requests that were one too many. */
async function refused(): Promise<number> {
    const { body } = await api("GET", "/lab/requests");
    return (body as { requests: { status: number }[] }).requests.filter(({ status }) => status === 429)
        .length;
}
