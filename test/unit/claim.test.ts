/** What the hooks do before a VPC, a key or a firewall is made, told by what they ask of an account in memory. */
import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type Cloud, CloudError } from "../../cloud.ts";
import { stackNames } from "../../model/stackNames.ts";
import { type Claim, claimFirewall, claimKey, claimVpc, vpcChanges } from "../../remnants/claim.ts";
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
        /** The mark is not known, as in the preview of a first up. */
        readonly unmarked?: boolean;
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
    const names = pulumi.output(
        options.unmarked ? unknown : stackNames("swarm", "dev", "0a1b2c3d"),
    ) as Claim["names"];
    const hook = make({ cloud, names, unmarked: "swarm-dev", say: (text) => said.push(text) });
    const error = await Promise.resolve(hook.callback({} as pulumi.ResourceHookArgs)).then(
        () => undefined,
        (failure: Error) => failure.message,
    );
    return { removed, said, warned, error, ...(sent.length > 0 ? { sent } : {}) };
}

const unknown: unknown = pulumi.unknown;

/** The stack's own name. */
const own = "swarm-dev-0a1b2c3d";
/** One of the same name in another backend. */
const namesake = "swarm-dev-99999999";

const nothing: Ran = { removed: [], said: [], warned: [], error: undefined };
afterEach(() => mock.restoreAll());

const refusedLookUp = (path: string) =>
    `could not clear away what an interrupted run may have left behind: GET ${path}: 403 not for this token`;

describe("before the VPC is made", () => {
    const wanted = { region: "sgp1", ipRange: "10.120.0.0/20" };
    const there = { id: "v1", name: own, region: "sgp1", ip_range: "10.120.0.0/20" };
    const other = { ...there, id: "v2", name: "swarm-prod-77777777", ip_range: "10.121.0.0/20" };
    const taken = (...each: string[]) =>
        "swarm:vpcIpRange: an account takes each address for one VPC alone, and has " +
        `${each.join("; ")}. Nothing has been done to it. Choose another range: pulumi config set swarm:vpcIpRange ...`;
    const droplet = { urn: "do:droplet:4711", name: "node2" };
    const becomesDefault =
        "the first VPC of sgp1 in the account becomes the region's default: it takes in whatever is made there without " +
        "naming a VPC, and cannot be deleted while it is the default";
    const planned =
        `${becomesDefault}. So that this stack's does not, pulumi up makes default-sgp1 first, as DigitalOcean does with a ` +
        "first droplet; it stays after pulumi destroy. Where the token may not make it, this stack's becomes the default all " +
        "the same. So to avoid that, or to choose its range, make it yourself before: doctl vpcs create --name default-sgp1 " +
        "--region sgp1 --ip-range ...";
    const advice =
        " A swarm does not stretch over two VPCs, so its nodes cannot be exchanged one by one; nothing has been " +
        "changed. Set it back, or make another stack with the new value and move over, or give this swarm up: pulumi " +
        "destroy, then pulumi up";
    const inUse =
        `the account has this stack's VPC ${own} (ID v1), which the stack's state does not know, with node2 ` +
        "(do:droplet:4711), db (do:dbaas:77) in it. Droplets that carry the stack's mark and that its state does not know " +
        "are removed by: cli/bin/swarm orphans --delete. The rest is for a person to remove. Then run this again";
    const removal = `removed the empty VPC ${own} (ID v1), which carried this stack's mark and was in the way of the new one`;

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
                said: [removal],
            },
            preview: nothing,
        },
        {
            what: "other stacks' VPCs in the same region, one of the same name among them",
            lists: { "/v2/vpcs": [other, { ...other, name: namesake }, { ...other, name: "swarm-dev" }] },
            up: nothing,
        },
        {
            what: "VPCs with addresses of the wanted range, none of them with the stack's mark, each named with whose it may be",
            lists: {
                "/v2/vpcs": [
                    { ...there, id: "v3", name: namesake },
                    { ...there, id: "v4", name: "swarm-dev", ip_range: "10.120.1.0/24" },
                    { ...there, id: "v5", name: "swarm-prod-77777777", region: "nyc3" },
                    { ...there, id: "v6", name: "default-ams3", ip_range: "10.120.0.0/16" },
                    other,
                ],
            },
            up: {
                ...nothing,
                error: taken(
                    `the VPC ${namesake} (ID v3, 10.120.0.0/20): it carries another mark under this stack's name, so a stack ` +
                        "of this name in another backend has made it, or this one before its state was lost",
                    "the VPC swarm-dev (ID v4, 10.120.1.0/24): it has this stack's name and no mark, so a stack of this name " +
                        "has made it before stacks had marks",
                    "the VPC swarm-prod-77777777 (ID v5, 10.120.0.0/20): it carries the mark of another stack, swarm-prod",
                    "the VPC default-ams3 (ID v6, 10.120.0.0/16): it carries no stack's mark",
                ),
            },
        },
        {
            what: "an empty one with the stack's mark, after a name that the stack had: a remnant",
            lists: { "/v2/vpcs": [{ ...there, name: "swarm-old-0a1b2c3d" }], "/v2/vpcs/v1/members": [] },
            up: { ...nothing, removed: ["/v2/vpcs/v1"], said: [removal.replace(own, "swarm-old-0a1b2c3d")] },
            preview: nothing,
        },
        {
            what: "an empty one of this name, region and range: a remnant",
            lists: { "/v2/vpcs": [other, there], "/v2/vpcs/v1/members": [] },
            up: {
                ...nothing,
                removed: ["/v2/vpcs/v1"],
                said: [removal],
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

    test("in a preview that does not know the mark, whatever is there is somebody else's", async () => {
        const lists = { "/v2/vpcs": [there] };
        const { error } = await ran(lists, (claim) => claimVpc(claim, wanted), {
            preview: true,
            unmarked: true,
        });
        assert.match(error ?? "", /^swarm:vpcIpRange: .* it carries another mark under this stack's name/);
    });

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
                    "removed the SSH key renamed by hand (ID 2), which was this stack's own and in the way of the new one",
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
    const droplets = (tag: string) => `/v2/droplets?tag_name=${encodeURIComponent(tag)}`;
    const ours = { id: "f4", name: own, tags: [own] };
    const covered = [
        { name: "node1", tags: [own, `${own}:manager`] },
        { name: "node2", tags: [own.toUpperCase()] },
        { name: "not asked for", tags: ["web"] },
    ];
    const inUse =
        `this stack's firewall ${own} (ID f4) is there and protects node1, node2, so it is not deleted, and the account takes ` +
        "no second one of that name. Where the state has it, it needs no replacement: it changes in place. Where the state " +
        "does not know it, delete it by hand and run pulumi up at once, until when these droplets are open: doctl compute " +
        "firewall delete f4";
    const others = [
        { id: "f1", name: "swarm-dev", tags: ["swarm-dev"] },
        { id: "f2", name: namesake, tags: [namesake] },
        { id: "f3", name: "by-hand", tags: [own] },
    ];

    const rows: { what: string; lists: Parameters<typeof ran>[0]; up: Ran; preview?: Ran }[] = [
        { what: "an account without firewalls", lists: { "/v2/firewalls": [] }, up: nothing },
        {
            what: "others: of the name without a mark, with another mark, by hand for the stack's tag",
            lists: { "/v2/firewalls": others },
            up: nothing,
        },
        {
            what: "one with the stack's mark that covers no droplet",
            lists: { "/v2/firewalls": [...others, ours], [droplets(own)]: [] },
            up: {
                ...nothing,
                removed: ["/v2/firewalls/f4"],
                said: [
                    `removed the firewall ${own} (ID f4), which carried this stack's mark and was in the way of the new one`,
                ],
            },
            preview: nothing,
        },
        {
            what: "one with the stack's mark that covers droplets",
            lists: { "/v2/firewalls": [ours], [droplets(own)]: covered },
            up: { ...nothing, error: inUse },
        },
        {
            what: "the same under the name that the stack had, about to be replaced",
            lists: {
                "/v2/firewalls": [{ ...ours, name: "swarm-old-0a1b2c3d", tags: ["swarm-old-0a1b2c3d"] }],
                [droplets("swarm-old-0a1b2c3d")]: [{ name: "node1", tags: ["swarm-old-0a1b2c3d"] }],
            },
            up: nothing,
        },
        {
            what: "a token that may not list firewalls",
            lists: { "/v2/firewalls": 403 },
            up: { ...nothing, warned: [refusedLookUp("/v2/firewalls")] },
        },
    ];
    for (const { what, lists, up, preview = up } of rows) {
        test(what, async () => assert.deepEqual(await ran(lists, claimFirewall), up));
        test(`${what}, in a preview`, async () =>
            assert.deepEqual(await ran(lists, claimFirewall, { preview: true }), preview));
    }

    test("a preview that does not know the mark asks nothing", async () => {
        assert.deepEqual(await ran({}, claimFirewall, { preview: true, unmarked: true }), nothing);
    });
});

test("in a preview the key's hook alone does not run: what it would remove is nobody else's", async () => {
    await mockEngine({ preview: true });
    const claim = {
        cloud: {} as Cloud,
        names: pulumi.output(unknown) as Claim["names"],
        unmarked: "n",
        say: () => {},
    };
    const hooks = [
        claimVpc(claim, { region: "r", ipRange: "i" }),
        claimKey(claim, pulumi.output("k")),
        claimFirewall(claim),
    ];
    assert.deepEqual(
        hooks.map(({ name, opts }) => [name, opts?.onDryRun]),
        [
            ["claim-vpc", true],
            ["claim-key", false],
            ["claim-firewall", true],
        ],
    );
});
