/** The addresses of a droplet that the API gives a moment after it is active, or never. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CloudError } from "../../cloud.ts";
import { addressesOf } from "../../components/addresses.ts";

const droplet = { node: "node1", id: "7" };
const both = { public: "203.0.113.7", private: "10.120.0.7" };
const v4 = (addresses: Partial<typeof both>) =>
    Object.entries(addresses).map(([type, ip_address]) => ({ type, ip_address }));
const active = (addresses: Partial<typeof both>) => ({
    droplet: { status: "active", networks: { v4: v4(addresses) } },
});

/** What comes of it when the API answers so, one after another; the last answer stays. */
async function got(read: Partial<typeof both>, answers: readonly unknown[]) {
    const asked: string[] = [];
    const cloud = {
        get: async <T>(path: string) => {
            const answer = answers[Math.min(asked.push(path), answers.length) - 1];
            if (answer instanceof Error) throw answer;
            return answer as T | undefined;
        },
    };
    const result = await addressesOf(cloud, droplet, read, { pauseMs: 1, looks: 3 }).catch(
        ({ message }: Error) => message.replace("waited 0 s", "waited"),
    );
    return { result, asked };
}

const waited = (which: string, seen: string) =>
    `node1: waited for the API to give its droplet 7 a ${which} IPv4 address; last seen: ${seen}. Look at it, then run: ` +
    "pulumi up --refresh";

describe("addresses of a droplet", () => {
    for (const [what, read, answers, result, asked] of [
        ["read by the plugin: the API is not asked", both, [], both, 0],
        ["there at the second look", {}, [active({}), active(both)], both, 2],
        ["one after the other", {}, [active({ private: both.private }), active(both)], both, 2],
        ["the private one alone is missing", { public: both.public }, [active(both)], both, 1],
        ["there after an API that fails", {}, [new CloudError("GET x", 503, "later"), active(both)], both, 2],
        [
            "empty texts, for ever",
            { public: "", private: "" },
            [active({})],
            waited("public", "it is active"),
            3,
        ],
        ["never a private one", {}, [active({ public: both.public })], waited("private", "it is active"), 3],
        ["no networks at all", {}, [{ droplet: { status: "new" } }], waited("public", "it is new"), 3],
        ["no such droplet", {}, [undefined], waited("public", "there is no such droplet"), 1],
        [
            "a token that may not ask",
            {},
            [new CloudError("GET /v2/droplets/7", 403, "not for this token")],
            waited("public", "GET /v2/droplets/7: 403 not for this token"),
            3,
        ],
    ] as const) {
        test(what, async () => {
            assert.deepEqual(await got(read, answers), {
                result,
                asked: Array.from({ length: asked }, () => "/v2/droplets/7"),
            });
        });
    }
});
