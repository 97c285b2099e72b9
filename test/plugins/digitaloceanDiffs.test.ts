import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { makeProvider } from "../../lab/plugins/digitalocean/provider.ts";
import type { Props, Value } from "../../lab/plugins/protocol/values.ts";
import { type PluginClient, startPluginClient } from "./pluginClient.ts";
import { readRecording } from "./recordings.ts";

/**
 * What the official plugin answered to Diff when just one property of a resource changed: which changes replace,
 * and whether the old resource has to go first. The state and the inputs before the change are those of a recorded
 * Diff without changes.
 */

interface RecordedDiff {
    type: string;
    property: string;
    to?: Value;
    changes: "none" | "some";
    replaces: string[];
    deleteBeforeReplace: boolean;
    diffs: string[];
}

const SUITES = [
    { diffs: "digitalocean-diffs.jsonl", calls: "digitalocean-resources.jsonl", count: 29 },
    { diffs: "digitalocean-edge-diffs.jsonl", calls: "digitalocean-edge.jsonl", count: 48 },
];

for (const { diffs, calls, count } of SUITES) {
    describe(diffs, () => {
        let plugin: PluginClient;
        before(async () => {
            plugin = await startPluginClient(makeProvider({}));
        });
        after(() => plugin.close());

        const unchanged = readRecording(calls).filter(
            ({ method, response }) => method === "Diff" && response?.changes === "DIFF_NONE",
        );
        const recorded = readRecording<RecordedDiff>(diffs);
        assert.equal(recorded.length, count, "the recording has lost lines: fewer answers would be compared");
        for (const { type, property, to, ...expected } of recorded) {
            test(`${type.split(":").at(-1)} ${property} ${JSON.stringify(to) ?? ""}`, async () => {
                const base = unchanged.find((call) => call.type === type);
                assert.ok(base, `${calls} has no Diff without changes of ${type}`);
                const olds = withHash(base.olds ?? {}, base.news ?? {});
                const news: Props = { ...base.news, ...(to !== undefined && { [property]: to }) };
                const answer = await plugin.call({ ...base, olds, news, ignoreChanges: [], name: "x" });
                assert.ok("response" in answer, JSON.stringify(answer));
                const { response } = answer;
                assert.deepEqual(
                    {
                        changes: response.changes === "DIFF_SOME" ? "some" : "none",
                        replaces: response.replaces ?? [],
                        deleteBeforeReplace: response.deleteBeforeReplace ?? false,
                        diffs: response.diffs ?? [],
                    },
                    expected,
                );
            });
        }
    });
}

/** The state holds a hash of the user data, from which the recording's private key was taken out. */
function withHash(olds: Props, news: Props): Props {
    const { userData } = news;
    return typeof userData === "string"
        ? { ...olds, userData: createHash("sha1").update(userData).digest("hex") }
        : olds;
}
