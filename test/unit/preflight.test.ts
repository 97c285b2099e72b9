import assert from "node:assert/strict";
import { test } from "node:test";
import { offeredIn } from "../../model/offeredImages.ts";
import { type AccountFacts, accountProblems, accountWarnings } from "../../model/preflight.ts";
import type { Settings } from "../../model/settings.ts";

const settings = {
    region: "sgp1",
    nodes: [
        { name: "node1", role: "manager", image: "docker-22-04", size: "s-1vcpu-1gb" },
        { name: "node2", role: "worker", image: "18153887", size: "s-2vcpu-4gb" },
        { name: "node3", role: "worker", image: "18153887", size: "s-2vcpu-4gb" },
    ],
    managerAvailability: "active",
    services: [],
    sshKeys: [] as string[],
    secretKeys: [],
} as unknown as Settings;

const small = { slug: "s-1vcpu-1gb", memory: 1024, vcpus: 1, disk: 25 };
const large = { slug: "s-2vcpu-4gb", memory: 4096, vcpus: 2, disk: 80 };

const facts: AccountFacts = {
    regions: [
        { slug: "sgp1", available: true, sizes: ["s-1vcpu-1gb", "s-2vcpu-4gb"] },
        { slug: "nyc3", available: true, sizes: ["s-1vcpu-1gb"] },
        { slug: "sfo1", available: false, sizes: [] },
    ],
    images: {
        "docker-22-04": { name: "Docker", minDiskSize: 25, regions: ["sgp1"] },
        "18153887": { name: "mine", minDiskSize: 80, regions: ["sgp1"] },
    },
    sizes: [small, large],
    keys: [{ id: 289794, name: "ada", fingerprint: "3b:16", publicKey: "ssh-ed25519 A" }],
    dropletLimit: 25,
    droplets: [],
};

const droplet = (name: string, tags: readonly string[]) => ({
    id: 4711,
    name,
    tags,
    createdAt: "2026-11-26T21:00:00Z",
});

const table: {
    what: string;
    settings?: Partial<Settings>;
    facts?: Partial<AccountFacts>;
    problems: string[];
}[] = [
    { what: "all there", problems: [] },
    {
        what: "nothing could be looked up",
        facts: {
            regions: undefined,
            sizes: undefined,
            images: {},
            keys: undefined,
            dropletLimit: undefined,
            droplets: undefined,
        },
        problems: [],
    },
    {
        what: "an unknown region",
        settings: { region: "mars1" },
        problems: ['swarm:region: "mars1" is not a region; there are: nyc3, sgp1'],
    },
    {
        what: "a closed region",
        settings: { region: "sfo1" },
        problems: ['swarm:region: "sfo1" takes no new droplets at present; there are: nyc3, sgp1'],
    },
    {
        what: "a size that the region has not",
        settings: { region: "nyc3" },
        problems: [
            'swarm:size: "s-2vcpu-4gb" (for node2, node3) is not a size that nyc3 offers; ' +
                'the nearest name there is "s-1vcpu-1gb"',
        ],
    },
    {
        what: "an unknown image",
        facts: { images: { ...facts.images, "18153887": null } },
        problems: [
            'swarm:image: "18153887" (for node2, node3) is not an image that this account has; allowed: the numeric ' +
                "ID of a snapshot or image, or the slug of a public image",
        ],
    },
    {
        what: "an image and a size of the workers alone, and the same image for all",
        settings: {
            nodes: [
                { name: "node1", role: "manager", image: "18153887", size: "s-1vcpu-1gb" },
                {
                    name: "node2",
                    role: "worker",
                    image: "18153887",
                    size: "s-3vcpu-4gb",
                    ofRole: ["image", "size"],
                },
            ],
        },
        facts: { images: { ...facts.images, "18153887": null } },
        problems: [
            'swarm:workerSize: "s-3vcpu-4gb" (for node2) is not a size that sgp1 offers; the nearest name there is "s-2vcpu-4gb"',
            'swarm:image: "18153887" (for node1) is not an image that this account has; allowed: the numeric ID of a snapshot ' +
                "or image, or the slug of a public image",
            'swarm:workerImage: "18153887" (for node2) is not an image that this account has; allowed: the numeric ID of a ' +
                "snapshot or image, or the slug of a public image",
        ],
    },
    {
        what: "an unknown image, where there are others",
        facts: {
            images: { ...facts.images, "18153887": null },
            offered: [
                { image: "docker-22-04", what: "Docker, Ubuntu" },
                { image: "77", what: 'your own "base"' },
            ],
        },
        problems: [
            'swarm:image: "18153887" (for node2, node3) is not an image that this account has; in sgp1 there are: ' +
                'docker-22-04 (Docker, Ubuntu), 77 (your own "base")',
        ],
    },
    {
        what: "an unknown image, where there is no other",
        facts: { images: { ...facts.images, "18153887": null }, offered: [] },
        problems: [
            'swarm:image: "18153887" (for node2, node3) is not an image that this account has; sgp1 has no other for it: ' +
                "neither one of DigitalOcean's with Docker nor one of your own; make a snapshot of a droplet with Docker " +
                "in it there",
        ],
    },
    {
        what: "images that are larger than the disks",
        facts: {
            sizes: [
                { ...small, disk: 10 },
                { ...large, disk: 79 },
            ],
        },
        problems: [
            'swarm:size: "s-1vcpu-1gb" (for node1) has a disk of 10 GB, while the image "docker-22-04" needs 25 GB: take ' +
                "a larger size, or an image made on a droplet with a smaller disk",
            'swarm:size: "s-2vcpu-4gb" (for node2, node3) has a disk of 79 GB, while the image "18153887" needs 80 GB: ' +
                "take a larger size, or an image made on a droplet with a smaller disk",
        ],
    },
    {
        what: "a size whose disk is not known",
        facts: { sizes: [] },
        problems: [],
    },
    {
        what: "an unknown key, and one by fingerprint that is there",
        settings: { sshKeys: ["3b:16", "77"] },
        problems: ['swarm:sshKeys: "77" is not a key of this account; it has: 289794 (ada)'],
    },
    {
        what: "an unknown key that is kept secret",
        settings: { sshKeys: ["77"], secretKeys: ["sshKeys"] },
        problems: ["swarm:sshKeys: [secret] is not a key of this account; it has: 289794 (ada)"],
    },
    {
        what: "too many droplets",
        facts: { dropletLimit: 3, droplets: [droplet("other", [])] },
        problems: [
            "swarm:workers, swarm:managers: 3 more droplets are wanted, but the account allows 3 and has 1; ask " +
                "DigitalOcean for a higher limit, or want fewer nodes",
        ],
    },
    {
        what: "a full account in which ours are there already",
        facts: {
            dropletLimit: 3,
            droplets: ["node1", "node2", "node3"].map((name) => droplet(name, ["ours"])),
        },
        problems: [],
    },
    {
        what: "all of it at once",
        settings: { region: "mars1", sshKeys: ["77"] },
        facts: { images: { "docker-22-04": null, "18153887": null }, dropletLimit: 0 },
        problems: [
            'swarm:region: "mars1" is not a region; there are: nyc3, sgp1',
            'swarm:image: "docker-22-04" (for node1) is not an image that this account has; allowed: the numeric ' +
                "ID of a snapshot or image, or the slug of a public image",
            'swarm:image: "18153887" (for node2, node3) is not an image that this account has; allowed: the numeric ' +
                "ID of a snapshot or image, or the slug of a public image",
            'swarm:sshKeys: "77" is not a key of this account; it has: 289794 (ada)',
            "swarm:workers, swarm:managers: 3 more droplets are wanted, but the account allows 0 and has 0; ask " +
                "DigitalOcean for a higher limit, or want fewer nodes",
        ],
    },
];

for (const row of table) {
    test(`the account: ${row.what}`, () => {
        const isOurs = (tags: readonly string[]) => tags.includes("ours");
        const found = accountProblems({ ...settings, ...row.settings }, { ...facts, ...row.facts }, isOurs);
        assert.deepEqual(found, row.problems);
    });
}

test("an image of another region is a warning: the API decides when the droplet is made", () => {
    assert.deepEqual(accountWarnings({ ...settings, region: "nyc3" }, facts), [
        'swarm:image: "docker-22-04" (Docker, for node1) is not in nyc3, only in sgp1; transfer it there first',
        'swarm:image: "18153887" (mine, for node2, node3) is not in nyc3, only in sgp1; transfer it there first',
    ]);
});

test("what there is instead of an image: those with Docker that are in the region, and the account's own", () => {
    const image = (id: number, slug: string | null, name: string, regions = ["sgp1"]) => ({
        id,
        slug,
        name,
        distribution: "Ubuntu",
        regions,
    });
    const applications = [
        image(1, "wordpress-22-04", "WordPress"),
        image(2, "docker-22-04", "Latest"),
        image(3, "engine-24-04", "docker 29"),
        image(4, "docker-18-04", "Docker", ["nyc3"]),
        image(5, null, "Docker without a slug"),
    ];
    const own = [image(77, null, "base"), image(78, null, "docker", ["nyc3"])];
    assert.deepEqual(offeredIn("sgp1", { applications, own }), [
        { image: "docker-22-04", what: "Latest, Ubuntu" },
        { image: "engine-24-04", what: "docker 29, Ubuntu" },
        { image: "77", what: 'your own "base"' },
    ]);
});
