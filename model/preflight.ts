import { closest } from "fastest-levenshtein";
import type { TaggedDroplet } from "../remnants/remnants.ts";
import { keyOf } from "./nodes.ts";
import { type OfferedImage, offeredText } from "./offeredImages.ts";
import { reservationProblems, type SizeFacts } from "./reservations.ts";
import type { NodeSpec, Settings } from "./settings.ts";

/** What the account and its region offer, as far as it could be looked up; `undefined` where it could not. */
export interface AccountFacts {
    readonly regions?: readonly {
        readonly slug: string;
        readonly available: boolean;
        readonly sizes: readonly string[];
    }[];
    readonly sizes?: readonly SizeFacts[];
    /** By the image of the settings; null for one that the account does not have. */
    readonly images: Readonly<Record<string, ImageFacts | null | undefined>>;
    /** What there is in the region instead; only looked up where one is missing. */
    readonly offered?: readonly OfferedImage[];
    readonly keys?: readonly AccountKey[];
    readonly dropletLimit?: number;
    readonly droplets?: readonly (TaggedDroplet & { readonly tags: readonly string[] })[];
}

/** A droplet of the account. */
export interface ListedDroplet extends TaggedDroplet {
    readonly tags: readonly string[];
    /** new, active, off or archive. */
    readonly status: string;
    /** "" until it has one. */
    readonly ipv4Address: string;
    readonly ipv4AddressPrivate: string;
    /** ID of its VPC. */
    readonly vpcUuid: string;
}

export interface ImageFacts {
    readonly name: string;
    /** GB that a droplet's disk has to have; an image made of a droplet keeps that one's. */
    readonly minDiskSize: number;
    readonly regions: readonly string[];
}

export interface AccountKey {
    readonly id: number;
    readonly fingerprint: string;
    readonly name: string;
    /** In authorized_keys form. */
    readonly publicKey: string;
}

/**
 * What the account cannot give of what the settings want. Each problem names the key, what it is set to and what
 * there is instead. Nothing is said of what could not be looked up: a token for previews may see less.
 *
 * @param isOurs Whether a droplet with these tags is this stack's.
 */
export function accountProblems(settings: Settings, facts: AccountFacts, isOurs: IsOurs): string[] {
    return [
        ...regionProblems(settings, facts),
        ...imageProblems(settings, facts),
        ...diskProblems(settings, facts),
        ...reservationProblems(settings, facts.sizes),
        ...keyProblems(settings, facts),
        ...limitProblems(settings, facts, isOurs),
    ];
}

export type IsOurs = (tags: readonly string[]) => boolean;

function regionProblems({ region, nodes }: Settings, { regions }: AccountFacts): string[] {
    if (!regions) {
        return [];
    }
    const here = regions.find(({ slug }) => slug === region);
    const open = regions.filter(({ available }) => available).map(({ slug }) => slug);
    if (!here?.available) {
        const what = here ? "takes no new droplets at present" : "is not a region";
        return [`swarm:region: "${region}" ${what}; there are: ${open.sort().join(", ")}`];
    }
    if (here.sizes.length === 0) {
        return [];
    }
    return distinct(nodes, "size")
        .filter(([size]) => !here.sizes.includes(size))
        .map(
            ([size, names, key]) =>
                `swarm:${key}: "${size}" (for ${names}) is not a size that ${region} offers; ` +
                `the nearest name there is "${closest(size, [...here.sizes])}"`,
        );
}

function imageProblems({ nodes, region }: Settings, { images, offered }: AccountFacts): string[] {
    return distinct(nodes, "image")
        .filter(([image]) => images[image] === null)
        .map(
            ([image, names, key]) =>
                `swarm:${key}: "${image}" (for ${names}) is not an image that this account has; ` +
                offeredText(region, offered),
        );
}

/** Whether what there is instead is worth looking up. */
export function lacksImage({ images }: AccountFacts): boolean {
    return Object.values(images).includes(null);
}

/** An image that is larger than the disks of the nodes that are to have it. */
function diskProblems({ nodes }: Settings, { images, sizes = [] }: AccountFacts): string[] {
    const kinds = Map.groupBy(nodes, (node) => [node.image, node.size, keyOf(node, "size")].join(" "));
    return [...kinds.values()].flatMap((alike) => {
        const [node] = alike as [NodeSpec];
        const { image, size } = node;
        const need = images[image]?.minDiskSize ?? 0;
        const disk = sizes.find(({ slug }) => slug === size)?.disk;
        if (disk === undefined || disk >= need) {
            return [];
        }
        const names = alike.map(({ name }) => name).join(", ");
        return [
            `swarm:${keyOf(node, "size")}: "${size}" (for ${names}) has a disk of ${disk} GB, while the image "${image}" needs ${need} GB: ` +
                "take a larger size, or an image made on a droplet with a smaller disk",
        ];
    });
}

/** What will probably be refused, but where the API's word at the making of a droplet decides. */
export function accountWarnings({ region, nodes }: Settings, { images }: AccountFacts): string[] {
    return distinct(nodes, "image").flatMap(([image, names, key]) => {
        const found = images[image];
        return found && found.regions.length > 0 && !found.regions.includes(region)
            ? [
                  `swarm:${key}: "${image}" (${found.name}, for ${names}) is not in ${region}, only in ` +
                      `${[...found.regions].sort().join(", ")}; transfer it there first`,
              ]
            : [];
    });
}

function keyProblems({ sshKeys, secretKeys }: Settings, { keys }: AccountFacts): string[] {
    if (!keys) {
        return [];
    }
    const has = keys.map((key) => `${key.id} (${key.name})`).join(", ") || "none";
    return sshKeys
        .filter((wanted) => !findKey(keys, wanted))
        .map((wanted) => (secretKeys.includes("sshKeys") ? "[secret]" : JSON.stringify(wanted)))
        .map((wanted) => `swarm:sshKeys: ${wanted} is not a key of this account; it has: ${has}`);
}

/** The account's key with that numeric ID or MD5 fingerprint. */
export function findKey(keys: readonly AccountKey[], wanted: string): AccountKey | undefined {
    return keys.find((key) => `${key.id}` === wanted || key.fingerprint === wanted);
}

/**
 * Counted by name: a droplet of this stack that is there already needs no place. A replacement needs one for the
 * while, which is not known before the engine has compared.
 */
function limitProblems(
    { nodes }: Settings,
    { dropletLimit, droplets }: AccountFacts,
    isOurs: IsOurs,
): string[] {
    if (dropletLimit === undefined || !droplets) {
        return [];
    }
    const ours = new Set(droplets.filter(({ tags }) => isOurs(tags)).map(({ name }) => name));
    const more = nodes.filter(({ name }) => !ours.has(name)).length;
    return more > 0 && droplets.length + more > dropletLimit
        ? [
              `swarm:workers, swarm:managers: ${more} more droplets are wanted, but the account allows ${dropletLimit} and ` +
                  `has ${droplets.length}; ask DigitalOcean for a higher limit, or want fewer nodes`,
          ]
        : [];
}

/** Each value of a property, with the names of the nodes that have it, and the key that they have it from. */
function distinct(
    nodes: readonly NodeSpec[],
    property: "image" | "size",
): [value: string, names: string, key: string][] {
    const groups = Map.groupBy(nodes, (node) => `${keyOf(node, property)} ${node[property]}`);
    return [...groups.values()].map((alike) => {
        const [node] = alike as [NodeSpec, ...NodeSpec[]];
        return [node[property], alike.map(({ name }) => name).join(", "), keyOf(node, property)];
    });
}
