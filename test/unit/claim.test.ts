/** What the hooks do before a VPC, a key or a firewall is made, told by what they ask of an account in memory. */
import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type Cloud, CloudError } from "../../cloud.ts";
import { type Claim, claimFirewall, claimKey, claimVpc, vpcChanges } from "../../components/claim.ts";
import { mockEngine } from "../program/harness.ts";

interface Ran {
    /** What was removed, by path. */
    readonly removed: readonly string[];
    /** What was made and changed: path and body. */
    readonly sent?: readonly (readonly [path: string, body: unknown])[];
    readonly said: readonly string[];
    /** Warnings of the program. */
    readonly warned: readonly string[];
    readonly error: string | undefined;
}

/**
 * @param lists Entries by path; a number is the status that asking for the list gets instead.
 * @param make Makes the hook, of which its function is then called as the engine would.
 */
async function ran(
    lists: Readonly<Record<string, readonly unknown[] | number>>,
    make: (claim: Claim) => pulumi.ResourceHook,
    options: {
        readonly preview?: boolean;
        readonly refuseRemoval?: number;
        readonly refuseCreation?: number;
    } = {},
): Promise<Ran> {
    await mockEngine({ preview: options.preview ?? false });
    const removed: string[] = [];
    const sent: [string, unknown][] = [];
    const said: string[] = [];
    const warned: string[] = [];
    mock.method(console, "warn", (text: string) => warned.push(text.replace("warning: [runtime] ", "")));
    const cloud: Cloud = {
        list: async <T>(path: string) => {
            const entries = lists[path];
            assert.notEqual(entries, undefined, `the test knows no list ${path}`);
            if (typeof entries === "number")
                throw new CloudError(`GET ${path}`, entries, "not for this token");
            return entries as T[];
        },
        get: async () => assert.fail("nothing is looked at by its ID"),
        create: async <T>(path: string, body: unknown) => {
            if (options.refuseCreation)
                throw new CloudError(`POST ${path}`, options.refuseCreation, "not for this token");
            sent.push([path, body]);
            return { vpc: { ...(body as object), id: "made" } } as T;
        },
        change: async (path, body) => void sent.push([path, body]),
        remove: async (path) => {
            if (options.refuseRemoval)
                throw new CloudError(`DELETE ${path}`, options.refuseRemoval, "not now");
            removed.push(path);
        },
    };
    const hook = make({ cloud, say: (text) => said.push(text) });
    const error = await Promise.resolve(hook.callback({} as pulumi.ResourceHookArgs)).then(
        () => undefined,
        (failure: Error) => failure.message,
    );
    return { removed, said, warned, error, ...(sent.length > 0 ? { sent } : {}) };
}

const nothing: Ran = { removed: [], said: [], warned: [], error: undefined };
afterEach(() => mock.restoreAll());

const refusedLookUp = (path: string) =>
    `could not clear away what an interrupted run may have left behind: GET ${path}: 403 not for this token`;

describe("before the VPC is made", () => {
    const wanted = { name: "swarm-dev", region: "sgp1", ipRange: "10.120.0.0/20" };
    const there = { id: "v1", name: "swarm-dev", region: "sgp1", ip_range: "10.120.0.0/20" };
    const other = { ...there, id: "v2", name: "swarm-prod" };
    const droplet = { urn: "do:droplet:4711", name: "node2" };
    const becomesDefault =
        "the first VPC of sgp1 in the account becomes the region's default: it takes in whatever is made there without " +
        "naming a VPC, and cannot be deleted while it is the default";
    const planned =
        `${becomesDefault}. So that this stack's does not, pulumi up makes default-sgp1 first, as DigitalOcean does with a ` +
        "first droplet; it stays after pulumi destroy. To choose its range, make it yourself before: doctl vpcs create " +
        "--name default-sgp1 --region sgp1 --ip-range ...";
    const advice =
        " A swarm does not stretch over two VPCs, so its nodes cannot be exchanged one by one; nothing has been " +
        "changed. Set it back, or make another stack with the new value and move over, or give this swarm up: pulumi " +
        "destroy, then pulumi up";
    const inUse =
        "the account has a VPC swarm-dev (ID v1) that this stack's state does not know, with node2 (do:droplet:4711), " +
        "db (do:dbaas:77) in it. If an interrupted run left it there, remove its droplets and run this again: npx " +
        "swarm orphans --delete. If it is another stack's of this name, name this one otherwise";

    const rows: {
        what: string;
        lists: Parameters<typeof ran>[0];
        up: Ran;
        /** In a preview, where it differs. */
        preview?: Ran;
        wanted?: typeof wanted;
    }[] = [
        {
            what: "an account without VPCs",
            lists: { "/v2/vpcs": [] },
            up: {
                ...nothing,
                sent: [["/v2/vpcs", { name: "default-sgp1", region: "sgp1", ip_range: "10.100.0.0/20" }]],
                said: [
                    "made the VPC default-sgp1 (10.100.0.0/20) first, as DigitalOcean does with a first droplet: " +
                        `${becomesDefault}. It stays after pulumi destroy`,
                ],
            },
            preview: { ...nothing, said: [planned] },
        },
        {
            what: "VPCs in other regions alone, and a wanted range where the default's would be",
            lists: { "/v2/vpcs": [{ ...other, region: "nyc3", ip_range: "10.100.16.0/20" }] },
            wanted: { ...wanted, ipRange: "10.100.0.0/20" },
            up: {
                ...nothing,
                sent: [["/v2/vpcs", { name: "default-sgp1", region: "sgp1", ip_range: "10.100.32.0/20" }]],
                said: [
                    "made the VPC default-sgp1 (10.100.32.0/20) first, as DigitalOcean does with a first droplet: " +
                        `${becomesDefault}. It stays after pulumi destroy`,
                ],
            },
            preview: { ...nothing, said: [planned] },
        },
        {
            what: "a remnant that has become the region's default",
            lists: { "/v2/vpcs": [{ ...there, default: true }], "/v2/vpcs/v1/members": [] },
            up: {
                ...nothing,
                sent: [
                    ["/v2/vpcs", { name: "default-sgp1", region: "sgp1", ip_range: "10.100.0.0/20" }],
                    ["/v2/vpcs/made", { default: true }],
                ],
                removed: ["/v2/vpcs/v1"],
                said: ["removed the empty VPC swarm-dev (ID v1), which an interrupted run had left behind"],
            },
            preview: nothing,
        },
        {
            what: "VPCs of other names, in the same region and range",
            lists: { "/v2/vpcs": [other] },
            up: nothing,
        },
        {
            what: "an empty one of this name, region and range: a remnant",
            lists: { "/v2/vpcs": [other, there], "/v2/vpcs/v1/members": [] },
            up: {
                ...nothing,
                removed: ["/v2/vpcs/v1"],
                said: ["removed the empty VPC swarm-dev (ID v1), which an interrupted run had left behind"],
            },
            preview: nothing,
        },
        {
            what: "one of this name with something in it",
            lists: {
                "/v2/vpcs": [there],
                "/v2/vpcs/v1/members": [droplet, { urn: "do:dbaas:77", name: "db" }],
            },
            up: { ...nothing, error: inUse },
        },
        {
            what: "the stack's own, in another region",
            lists: { "/v2/vpcs": [other, { ...there, region: "nyc3" }] },
            up: {
                ...nothing,
                error: `this stack cannot change swarm:region: "sgp1", but its nodes are in nyc3.${advice}`,
            },
        },
        {
            what: "the stack's own, with another range",
            lists: { "/v2/vpcs": [{ ...there, ip_range: "10.130.0.0/20" }] },
            up: {
                ...nothing,
                error: `this stack cannot change swarm:vpcIpRange: "10.120.0.0/20", but its VPC is 10.130.0.0/20.${advice}`,
            },
        },
        {
            what: "a token that may not list VPCs",
            lists: { "/v2/vpcs": 403 },
            up: { ...nothing, warned: [refusedLookUp("/v2/vpcs")] },
        },
    ];
    for (const { what, lists, up, preview = up, wanted: wish = wanted } of rows) {
        test(what, async () => {
            assert.deepEqual(await ran(lists, (claim) => claimVpc(claim, wish)), up);
        });
        test(`${what}, in a preview`, async () => {
            assert.deepEqual(await ran(lists, (claim) => claimVpc(claim, wish), { preview: true }), preview);
        });
    }

    test("where the default cannot be made, the stack's VPC is made all the same, with a warning", async () => {
        assert.deepEqual(
            await ran({ "/v2/vpcs": [] }, (claim) => claimVpc(claim, wanted), { refuseCreation: 403 }),
            {
                ...nothing,
                said: [
                    "could not make the VPC default-sgp1 first (POST /v2/vpcs: 403 not for this token), so this stack's VPC " +
                        `becomes the default of sgp1: ${becomesDefault}. pulumi destroy will make default-sgp1 the default ` +
                        "in its place, or say what is in the way",
                ],
            },
        );
    });

    test("a remnant that cannot be removed is left to the creation, with a warning", async () => {
        const lists = { "/v2/vpcs": [there], "/v2/vpcs/v1/members": [] };
        assert.deepEqual(await ran(lists, (claim) => claimVpc(claim, wanted), { refuseRemoval: 409 }), {
            ...nothing,
            warned: [
                "could not clear away what an interrupted run may have left behind: DELETE /v2/vpcs/v1: 409 not now",
            ],
        });
    });

    for (const [wish, text] of [
        [{ region: "sgp1", ipRange: "10.120.0.0/20" }, undefined],
        [
            { region: "ams3", ipRange: "10.9.0.0/16" },
            'this stack cannot change swarm:region: "ams3", but its nodes are in sgp1; swarm:vpcIpRange: "10.9.0.0/16", ' +
                `but its VPC is 10.120.0.0/20.${advice}`,
        ],
    ] as const) {
        test(`from sgp1, 10.120.0.0/20 to ${wish.region}, ${wish.ipRange}`, () => {
            assert.equal(vpcChanges(there, wish), text);
        });
    }
});

describe("before the deploy key is made", () => {
    const wanted = "ssh-ed25519 AAAAkey swarm-dev\n";
    const keys = [
        { id: 1, name: "swarm-dev", public_key: "ssh-ed25519 AAAAother" },
        { id: 2, name: "renamed by hand", public_key: "ssh-ed25519 AAAAkey another comment" },
        { id: 3, name: "ada", public_key: "ssh-rsa AAAAkey" },
    ];

    for (const [what, lists, result] of [
        ["an account without keys", [], nothing],
        ["others' keys, one of the wanted name among them", [keys[0], keys[2]], nothing],
        [
            "the same key, whatever its name and comment",
            keys,
            {
                ...nothing,
                removed: ["/v2/account/keys/2"],
                said: [
                    "removed the SSH key renamed by hand (ID 2), which an interrupted run had left behind",
                ],
            },
        ],
        ["a token that may not list keys", 403, { ...nothing, warned: [refusedLookUp("/v2/account/keys")] }],
    ] as const) {
        test(what, async () => {
            const run = await ran({ "/v2/account/keys": lists }, (claim) =>
                claimKey(claim, pulumi.output(wanted)),
            );
            assert.deepEqual(run, result);
        });
    }
});

describe("before the firewall is made", () => {
    const wanted = { name: "swarm-dev", tag: "swarm-dev" };

    for (const [what, lists, result] of [
        ["an account without firewalls", [], nothing],
        [
            "others: of the name without the tag, of the tag by another name",
            [
                { id: "f1", name: "swarm-dev", tags: ["web"] },
                { id: "f2", name: "swarm-dev", tags: null },
                { id: "f3", name: "by-hand", tags: ["swarm-dev"] },
            ],
            nothing,
        ],
        [
            "one of the name and the tag",
            [
                { id: "f1", name: "swarm-dev", tags: ["web"] },
                { id: "f4", name: "swarm-dev", tags: ["swarm-dev"] },
            ],
            {
                ...nothing,
                removed: ["/v2/firewalls/f4"],
                said: ["removed the firewall swarm-dev (ID f4), which an interrupted run had left behind"],
            },
        ],
        [
            "a token that may not list firewalls",
            403,
            { ...nothing, warned: [refusedLookUp("/v2/firewalls")] },
        ],
    ] as const) {
        test(what, async () => {
            assert.deepEqual(
                await ran({ "/v2/firewalls": lists }, (claim) => claimFirewall(claim, wanted)),
                result,
            );
        });
    }
});

test("in a preview only the VPC's hook runs: it alone refuses what a preview should refuse", async () => {
    await mockEngine({ preview: true });
    const claim = { cloud: {} as Cloud, say: () => {} };
    const hooks = [
        claimVpc(claim, { name: "n", region: "r", ipRange: "i" }),
        claimKey(claim, pulumi.output("k")),
        claimFirewall(claim, { name: "n", tag: "t" }),
    ];
    assert.deepEqual(
        hooks.map(({ name, opts }) => [name, opts?.onDryRun]),
        [
            ["claim-vpc", true],
            ["claim-key", false],
            ["claim-n", false],
        ],
    );
});
