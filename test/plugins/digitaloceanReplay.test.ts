import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeProvider } from "../../lab/plugins/digitalocean/provider.ts";
import { isObject, type Props } from "../../lab/plugins/protocol/values.ts";
import { type PluginClient, startPluginClient } from "./pluginClient.ts";
import { readRecording } from "./recordings.ts";
import { type ScriptedApi, startScriptedApi } from "./scriptedApi.ts";

/**
 * Every call recorded from the official DigitalOcean plugin, made again to the lab's. The API on the other side
 * knows the recorded exchanges alone: a request with another path or another body is refused and reported, and so is
 * a recorded change that was not asked for. Answers must be the recorded ones, apart from what EXCEPTIONS names.
 *
 * Not shown here: waits that take more than one look, and failures; they have tests of their own.
 */

/** What is not compared, and why. */
const EXCEPTIONS: Record<string, string> = {
    __meta: "private notes of the Terraform bridge: timeouts, schema version",
    __pulumi_raw_state_delta: "private notes of the Terraform bridge: how to rebuild Terraform's state",
    "order of sets": "the bridge orders a set by Terraform's hash of each element, which means nothing",
    "hash of userData": "made of a text from which the recording's private key was taken out: by its form",
    "made-up IDs": "the end of an ID that the provider makes up is time and chance",
};

/**
 * Single answers that differ, and why. The recorded API lost a volume's droplets on a resize; the official plugin kept
 * the ones it knew, since Terraform takes an empty list after an update for none given.
 */
const DIFFERENT: Record<string, Props> = {
    "digitalocean-edge.jsonl change vol Update": { dropletIds: [] },
};

/** Lists that are sets to the official plugin. */
const SETS = /^(inboundRules|outboundRules|sizes|regions|features|tags|sshKeys|volumeIds|dropletIds)$/;

/** Recorded changes that belong to no recorded call: at most two calls alike were kept per step. */
const CUT_SHORT: Record<string, RegExp> = {
    destroy: /^DELETE \/v2\/droplets\//,
    replace: /^POST \/v2\/droplets /,
};

const SUITES = [
    { calls: "digitalocean-resources.jsonl", http: "digitalocean-http.jsonl", count: 173 },
    { calls: "digitalocean-edge.jsonl", http: "digitalocean-edge-http.jsonl", count: 149 },
];

for (const { calls, http, count } of SUITES) {
    describe(`${calls} against ${http}`, () => {
        let api: ScriptedApi;
        let plugin: PluginClient;

        before(async () => {
            api = await startScriptedApi(http);
            plugin = await startPluginClient(makeProvider({}));
            await plugin.configure({ token: "t", apiEndpoint: api.url, httpRetryMax: "0" });
        });

        after(async () => {
            plugin.close();
            await api.close();
        });

        const recordings = readRecording(calls);
        assert.equal(
            recordings.length,
            count,
            "the recording has lost lines: fewer answers would be compared",
        );
        for (const [index, recorded] of recordings.entries()) {
            const { step = "", type, resource, tok, method } = recorded;
            const what = tok ?? `${resource} ${type?.split(":").at(-1) ?? ""}`;
            test(`${index + 1}: ${step} ${what} ${method}${recorded.preview ? " (preview)" : ""}`, async () => {
                api.enter(step);
                const answer = await plugin.call({ ...recorded, name: resource ?? "" });
                assert.deepEqual(api.unexpected.splice(0), []);
                const expected =
                    method === "GetPluginInfo"
                        ? { version: makeProvider().version }
                        : withKinds(recorded.response);
                const different = DIFFERENT[`${calls} ${step} ${resource} ${method}`];
                const properties = different && {
                    properties: { ...(expected?.properties as Props), ...different },
                };
                assert.deepEqual(
                    comparable(answer),
                    comparable({ response: { ...expected, ...properties } }),
                );
            });
        }

        test("every recorded change was asked for", () => {
            for (const step of new Set(recordings.map((recording) => recording.step ?? ""))) {
                const missing = api.missing(step).filter((line) => !CUT_SHORT[step]?.test(line));
                assert.deepEqual(missing, [], `in step ${step}`);
            }
        });
    });
}

/** The recorder left out kinds whose number is 0, ADD. */
function withKinds(response: Props | undefined): Props | undefined {
    const detailed = response?.detailedDiff;
    if (!isObject(detailed)) {
        return response;
    }
    const entries = Object.entries(detailed).map(([path, diff]) => [
        path,
        { kind: "ADD", ...(diff as Props) },
    ]);
    return { ...response, detailedDiff: Object.fromEntries(entries) };
}

function comparable(value: unknown, name = ""): unknown {
    if (Array.isArray(value)) {
        const elements = value.map((element) => comparable(element));
        return SETS.test(name)
            ? elements.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
            : elements;
    }
    if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value).filter(([key]) => !(key in EXCEPTIONS));
        return Object.fromEntries(entries.map(([key, member]) => [key, comparable(member, key)]));
    }
    if (name === "userData" && /^[0-9a-f]{40}$/.test(String(value))) {
        return "<SHA-1>";
    }
    return name === "id" ? String(value).replace(/-\d{18,}$|\/\d+$/, "<made up>") : value;
}
