import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import { type AccessConfig, accessFrom, type Cloud, CloudError, cloud } from "./cloud.ts";
import { resourcesInState } from "./components/inState.ts";
import { known } from "./components/known.ts";
import { otherAccount } from "./model/otherAccount.ts";
import {
    type AccountFacts,
    type AccountKey,
    accountProblems,
    accountWarnings,
    findKey,
    type ImageFacts,
    type ListedDroplet,
    lacksImage,
} from "./model/preflight.ts";
import type { Settings } from "./model/settings.ts";
import { markIn } from "./model/stackNames.ts";
import { offeredImages } from "./offeredImages.ts";

/** What the rest of the program needs of the account. */
export interface Account {
    /** The people's keys, in the order of the settings. */
    readonly keys: readonly AccountKey[];
    /** All of the account; undefined where they could not be looked up. */
    readonly droplets: readonly ListedDroplet[] | undefined;
}

/**
 * Looks up what the settings want of the account, before anything is made, and refuses what it cannot give, all
 * problems at once. Costs one round trip: the look-ups go out together. Only where an image is missing is a second one
 * made, for what there is instead.
 *
 * @param unmarked The readable part of the stack's names: the mark is not known before something is made.
 * @throws RunError
 */
export async function checkAccount(settings: Settings, client: Cloud, unmarked: string): Promise<Account> {
    const facts = await lookUp(settings);
    const offered = lacksImage(facts)
        ? await attempt("the images", () => offeredImages(client, settings.region))
        : undefined;
    const problems = accountProblems(settings, { ...facts, offered }, (tags) =>
        tags.some((tag) => tag === unmarked || markIn(tag)?.name === unmarked),
    );
    if (settings.sshKeys.length > 0 && !facts.keys) {
        problems.push(
            "swarm:sshKeys: the account's keys could not be looked up; the token needs the scope ssh_key:read",
        );
    }
    if (problems.length > 0) {
        throw new pulumi.RunError(
            (await anotherAccount(client)) ??
                `The account cannot give what the configuration asks for:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
        );
    }
    for (const warning of accountWarnings(settings, facts)) {
        void pulumi.log.warn(warning);
    }
    return {
        keys: settings.sshKeys.map((wanted) => findKey(facts.keys ?? [], wanted) as AccountKey),
        droplets: facts.droplets,
    };
}

/** Another account lacks the images and keys of the stack's own: of one that does not know the stack's VPC no more is said. */
async function anotherAccount(client: Cloud): Promise<string | undefined> {
    try {
        const vpc = (await resourcesInState()).find(({ type }) => type === "digitalocean:index/vpc:Vpc");
        const id = /[^:]+$/.exec(`${vpc?.outputs.vpcUrn ?? ""}`)?.[0];
        return id && (await otherAccount(client, id, false));
    } catch {
        return undefined;
    }
}

/**
 * Refuses to go on where the API does not know the stack's VPC: a program that took another account's answers for its
 * own would have all nodes made anew. Asks nothing where the account has listed a droplet in that VPC.
 *
 * @param tagged The stack's droplets; undefined where they could not be looked up.
 * @param vpcId Not yet known in a preview of a stack that is to be made.
 * @throws RunError
 */
export async function refuseOtherAccount(
    cloud: Cloud,
    tagged: readonly ListedDroplet[] | undefined,
    vpcId: pulumi.Output<string>,
): Promise<void> {
    // Where it could not be made, the engine says why.
    const vpc = await known(vpcId).catch(() => undefined);
    if (vpc === undefined) return;
    const seen = tagged?.some(({ vpcUuid }) => vpcUuid === vpc) ?? false;
    // Without an answer nothing is known: whatever is done next has its own words for that.
    const mismatch = await otherAccount(cloud, vpc, seen).catch((error: Error) => {
        if (!(error instanceof CloudError)) throw error;
        return undefined;
    });
    if (mismatch !== undefined) throw new pulumi.RunError(mismatch);
}

/** What the stack's config says of the access to the API. */
export function accessConfig(): AccessConfig {
    // Not by `pulumi.Config`, which warns of each secret that is read as text.
    const config = pulumi.runtime.allConfig();
    return { token: config["digitalocean:token"], apiEndpoint: config["digitalocean:apiEndpoint"] };
}

/** The API, for what no plugin asks it. @throws RunError Without a token. */
export function openCloud(): Cloud {
    const found = accessFrom(process.env, accessConfig());
    if (!found) {
        throw new pulumi.RunError(
            "there is no DigitalOcean token: set DIGITALOCEAN_TOKEN, or: pulumi config set --secret digitalocean:token",
        );
    }
    return cloud(found);
}

async function lookUp(
    settings: Settings,
): Promise<Omit<AccountFacts, "droplets"> & { readonly droplets?: readonly ListedDroplet[] }> {
    const images = [...new Set(settings.nodes.map(({ image }) => image))];
    const [regions, sizes, account, droplets, keys, ...found] = await Promise.all([
        attempt("the regions", () => digitalocean.getRegions()),
        attempt("the sizes", () => digitalocean.getSizes()),
        attempt("the account", () => digitalocean.getAccount()),
        attempt("the droplets", () => digitalocean.getDroplets()),
        settings.sshKeys.length > 0 ? attempt("the SSH keys", () => digitalocean.getSshKeys()) : undefined,
        ...images.map((image) => attempt(`the image ${image}`, () => lookUpImage(image))),
    ]);
    return {
        regions: regions?.regions,
        sizes: sizes?.sizes,
        dropletLimit: account?.dropletLimit,
        droplets: droplets?.droplets,
        keys: keys?.sshKeys,
        images: Object.fromEntries(images.map((image, index) => [image, found[index]])),
    };
}

async function lookUpImage(image: string): Promise<ImageFacts | null> {
    try {
        return await digitalocean.getImage(/^\d+$/.test(image) ? { id: Number(image) } : { slug: image });
    } catch (error) {
        if (/\b404\b|not found|no image found/i.test(`${error}`)) {
            return null;
        }
        throw error;
    }
}

/**
 * A look-up that fails is no reason to stop, since the token of a preview may lack its scope and the API refuses
 * what it cannot give anyway, only later. A token that is refused as a whole is.
 */
async function attempt<T>(what: string, lookUp: () => Promise<T>): Promise<T | undefined> {
    try {
        return await lookUp();
    } catch (error) {
        const text = (error instanceof Error ? error.message : `${error}`).trim();
        if (/\b401\b|unable to authenticate/i.test(text)) {
            throw new pulumi.RunError(
                "DigitalOcean refused the token (401); check DIGITALOCEAN_TOKEN, or digitalocean:token in the config",
            );
        }
        void pulumi.log.warn(`could not look up ${what}, going on without: ${text}`);
        return undefined;
    }
}
