/** Droplets with the stack's mark that are none of its resources: what is said of them, and what is asked for that. */
import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../../cloud.ts";
import { stackNames } from "../../model/stackNames.ts";
import { warnOfLost } from "../../remnants/lost.ts";
import { dropletsOnRecord, type ExportedState, lostDroplets, lostWarning } from "../../remnants/remnants.ts";
import { mockEngine } from "../program/harness.ts";

const droplet = (id: number, name = `node${id}`) => ({ id, name, createdAt: "2026-11-26T21:00:00Z" });

const TYPE = "digitalocean:index/droplet:Droplet";
const resource = (id: string | undefined, type = TYPE, more = {}) => ({
    urn: `urn:pulumi:dev::swarm::${type}::x`,
    type,
    ...(id === undefined ? {} : { id }),
    ...more,
});
const state = (...resources: ReturnType<typeof resource>[]): ExportedState => ({ deployment: { resources } });

const oneLost =
    "A droplet carries this stack's tag swarm-dev-0a1b2c3d, but is none of its resources:\n" +
    "  - node7, ID 7, made 2026-11-26T21:00:00Z\n" +
    "It is billed. Such are left by an interrupted run; and what a failed one has not deleted yet looks the same here. See " +
    "which its state does not know: cli/bin/swarm orphans. Remove those: cli/bin/swarm orphans --delete";

describe("the model", () => {
    test("droplets on record: those that wait for their deletion too, and nothing that is no droplet", () => {
        const record = dropletsOnRecord(
            state(
                resource("1"),
                resource("2", TYPE, { delete: true }),
                resource(undefined),
                resource("3", "digitalocean:index/vpc:Vpc"),
            ),
        );
        assert.deepEqual([...record], ["1", "2"]);
    });

    for (const [what, empty] of [
        ["without a deployment", {}],
        ["without resources", { deployment: {} }],
    ] as const) {
        test(`a state ${what} has none on record`, () => assert.equal(dropletsOnRecord(empty).size, 0));
    }

    test("lost are those with the tag that are not on record", () => {
        assert.deepEqual(lostDroplets([droplet(1), droplet(7)], new Set(["1", "2"])), [droplet(7)]);
    });

    test("the text for one", () => assert.equal(lostWarning([droplet(7)], "swarm-dev-0a1b2c3d"), oneLost));

    test("the text for several", () => {
        assert.equal(
            lostWarning([droplet(7), droplet(8, "node7")], "swarm-dev"),
            "2 droplets carry this stack's tag swarm-dev, but are none of its resources:\n" +
                "  - node7, ID 7, made 2026-11-26T21:00:00Z\n" +
                "  - node7, ID 8, made 2026-11-26T21:00:00Z\n" +
                "They are billed. Such are left by an interrupted run; and what a failed one has not deleted yet looks the " +
                "same here. See which its state does not know: cli/bin/swarm orphans. Remove those: cli/bin/swarm orphans --delete",
        );
    });
});

describe("the program", () => {
    afterEach(() => mock.restoreAll());

    /** What the engine says of its state; null: it has no such function. */
    type State = Readonly<Record<string, { type: string; outputs: object }>> | null;

    async function warned(args: {
        readonly preview?: boolean;
        readonly first?: boolean;
        readonly tagged: readonly ReturnType<typeof droplet>[] | undefined;
        readonly own: readonly pulumi.Input<string>[];
        /** What the API lists when it is asked again. */
        readonly later?: readonly ReturnType<typeof droplet>[];
        readonly state?: State;
    }) {
        const asked: unknown[] = [];
        await mockEngine({
            preview: args.preview ?? false,
            call: ({ token, inputs }) => {
                asked.push([token, inputs]);
                if (!args.state) throw new Error("no such function");
                return { outputs: args.state };
            },
        });
        const warnings: string[] = [];
        mock.method(console, "warn", (text: string) =>
            warnings.push(text.replace("warning: [runtime] ", "")),
        );
        const listed: string[] = [];
        const cloud: Cloud = {
            list: async <T>(from: string) => {
                listed.push(from);
                return (args.later ?? []).map(({ createdAt, ...rest }) => ({
                    ...rest,
                    created_at: createdAt,
                })) as T[];
            },
            get: () => assert.fail("nothing is looked at by its ID"),
            create: () => assert.fail("nothing is made"),
            change: () => assert.fail("nothing is changed"),
            remove: () => assert.fail("nothing is removed"),
        };
        const own = args.own.map((id) => pulumi.output(id));
        const names = args.first ? undefined : stackNames("swarm", "dev", "0a1b2c3d");
        await warnOfLost({ names, tagged: args.tagged, own, cloud });
        return { warnings, listed, asked };
    }

    const onRecord = (...ids: number[]): State => ({
        "urn:a VPC": { type: "digitalocean:index/vpc:Vpc", outputs: { vpcUrn: "do:vpc:7" } },
        ...Object.fromEntries(
            ids.map((id) => [`urn:${id}`, { type: TYPE, outputs: { dropletUrn: `do:droplet:${id}` } }]),
        ),
    });
    const silent = { warnings: [], listed: [], asked: [] };
    const exported = [["pulumi:pulumi:readStackResourceOutputs", { stackName: "test" }]];
    const again = ["/v2/droplets?tag_name=swarm-dev-0a1b2c3d"];

    const rows: {
        what: string;
        args: Parameters<typeof warned>[0];
        result: Awaited<ReturnType<typeof warned>>;
    }[] = [
        {
            what: "the preview of a first up, which does not know the mark: nothing is asked",
            args: { preview: true, first: true, tagged: [], own: [] },
            result: silent,
        },
        {
            what: "every droplet with the tag is the program's: nothing is asked",
            args: { tagged: [droplet(1), droplet(2)], own: ["1", "2"] },
            result: silent,
        },
        {
            what: "the same in a preview",
            args: { preview: true, tagged: [droplet(1)], own: ["1"] },
            result: silent,
        },
        {
            what: "the droplets could not be looked up: nothing is asked",
            args: { tagged: undefined, own: ["1"] },
            result: silent,
        },
        {
            what: "a preview that knows no droplet yet: nothing is asked",
            args: { preview: true, tagged: [], own: [pulumi.unknown as unknown as string] },
            result: silent,
        },
        {
            what: "one that is about to go is on record",
            args: {
                tagged: [droplet(1), droplet(2)],
                own: ["1"],
                state: onRecord(1, 2),
            },
            result: { ...silent, asked: exported },
        },
        {
            what: "one that is on no record",
            args: { tagged: [droplet(1), droplet(7)], own: ["1"], state: onRecord(1) },
            result: { ...silent, asked: exported, warnings: [oneLost] },
        },
        {
            what: "one that is on no record, in a preview that does not know all droplets",
            args: {
                preview: true,
                tagged: [droplet(1), droplet(7)],
                own: ["1", pulumi.unknown as unknown as string],
                state: onRecord(1),
            },
            result: { ...silent, asked: exported, warnings: [oneLost] },
        },
        {
            what: "an up that has made droplets looks once more, and finds no others",
            args: { tagged: [], own: ["1"], later: [droplet(1)] },
            result: { ...silent, listed: again },
        },
        {
            what: "an up that has made one twice",
            args: { tagged: [], own: ["1"], later: [droplet(1), droplet(7)], state: onRecord(1) },
            result: { listed: again, asked: exported, warnings: [oneLost] },
        },
        {
            what: "the state cannot be had: no guess is made",
            args: { tagged: [droplet(7)], own: [], state: null },
            result: { ...silent, asked: exported },
        },
    ];
    for (const { what, args, result } of rows) {
        test(what, async () => assert.deepEqual(await warned(args), result));
    }
});
