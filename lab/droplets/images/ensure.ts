import type Docker from "dockerode";
import { execa } from "execa";
import type { MachineImage } from "../../machines.ts";
import { hostAptOptions, makeBase, proxies } from "./base.ts";
import { type Build, build, contentHash, imageExists } from "./build.ts";
import { CATALOGUE, type CatalogueEntry, MARKETPLACE } from "./catalogue.ts";
import { hostMirror, PACKAGE_LISTS, readPackages, SUITE } from "./debian.ts";

const CONTEXT = "droplets/images/context";
const DROPLET_SOURCES = [`${CONTEXT}/Dockerfile`, `${CONTEXT}/rootfs`, "mesh/agent"];
const VARIANT_SOURCES = [`${CONTEXT}/variants.Dockerfile`];
const MARKETPLACE_SOURCES = ["droplets/images/marketplace"];
const REGISTRY_SOURCES = ["registry/assembly"];
/** Repository in the engine of everything that the lab builds; the tag is a hash of what it is made of. */
const REPOSITORY = "swarm-lab";

export interface EnsureOptions {
    readonly docker: Docker;
    readonly cacheDir: string;
    /** Whether to make the images that are broken on purpose as well; default false. */
    readonly faulty?: boolean;
    /** Debian mirror; default the one that the host installs from. */
    readonly mirror?: string;
}

/** References of all images as they would be made from the files as they are now. */
export function imageRefs() {
    const base = contentHash(Object.values(PACKAGE_LISTS), SUITE);
    const droplet = contentHash(DROPLET_SOURCES, base);
    const variants = contentHash(VARIANT_SOURCES, droplet);
    const marketplace = contentHash(MARKETPLACE_SOURCES, droplet);
    return {
        base: `${REPOSITORY}/base:${base}`,
        debs: `${REPOSITORY}/debs:${base}`,
        registry: `${REPOSITORY}/registry:${contentHash(REGISTRY_SOURCES, base)}`,
        droplet: `${REPOSITORY}/droplet:${droplet}`,
        variant: (target: string) =>
            `${REPOSITORY}/${target}:${target === MARKETPLACE ? marketplace : variants}`,
    };
}

export function machineImage(entry: CatalogueEntry): MachineImage {
    const refs = imageRefs();
    const { target, ...image } = entry;
    return { ref: target === undefined ? refs.droplet : refs.variant(target), ...image };
}

/**
 * Makes what is missing: the Debian base (a minute, once), the registry, the droplet, its variants
 * (seconds each, again when their files change). `report` hears each step with the seconds since the start.
 */
export async function ensureImages(
    options: EnsureOptions,
    report: (progress: string) => void,
): Promise<void> {
    const { docker } = options;
    const refs = imageRefs();
    const started = performance.now();
    const say = (text: string) => report(`${text} (${Math.round((performance.now() - started) / 1000)} s)`);
    if (!(await imageExists(docker, refs.base)) || !(await imageExists(docker, refs.debs))) {
        say("making the droplets' Debian");
        const plan = {
            mirror: await mirrorOf(options),
            packages: readPackages("droplet"),
            downloads: readPackages("registry"),
        };
        await makeBase(refs, plan, { docker, cacheDir: options.cacheDir, report: say });
    }
    for (const plan of builds(options.faulty ?? false)) {
        if (await imageExists(docker, plan.tag)) continue;
        say(`building ${plan.tag}`);
        await build(
            docker,
            plan.online ? { ...plan, args: { ...plan.args, ...(await fetching(options)) } } : plan,
        );
    }
}

/** What a build needs to know that fetches packages. */
async function fetching(options: EnsureOptions): Promise<Record<string, string>> {
    return {
        ...proxies(),
        MIRROR: (await mirrorOf(options)) ?? "",
        APT_OPTIONS: (await hostAptOptions()).join("\n"),
    };
}

async function mirrorOf(options: EnsureOptions): Promise<string | undefined> {
    return options.mirror ?? hostMirror(await hostAddresses());
}

/** Where the host's own packages come from, an address a line; empty where there is no apt. */
async function hostAddresses(): Promise<string> {
    const asked = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
    return (await execa("apt-get", asked, { reject: false, timeout: 10_000 })).stdout ?? "";
}

function builds(faulty: boolean): Build[] {
    const refs = imageRefs();
    const targets = CATALOGUE.filter((entry) => faulty || !entry.faulty).flatMap(
        ({ target }) => target ?? [],
    );
    return [
        {
            tag: refs.registry,
            sources: REGISTRY_SOURCES,
            dockerfile: "registry/assembly/Dockerfile",
            args: { BASE: refs.base, DEBS: refs.debs },
        },
        {
            tag: refs.droplet,
            sources: DROPLET_SOURCES,
            dockerfile: `${CONTEXT}/Dockerfile`,
            args: { BASE: refs.base },
        },
        ...targets.map(
            (target): Build =>
                target === MARKETPLACE
                    ? {
                          tag: refs.variant(target),
                          sources: MARKETPLACE_SOURCES,
                          dockerfile: "droplets/images/marketplace/Dockerfile",
                          args: { DROPLET: refs.droplet },
                          online: true,
                      }
                    : {
                          tag: refs.variant(target),
                          sources: VARIANT_SOURCES,
                          dockerfile: `${CONTEXT}/variants.Dockerfile`,
                          target,
                          args: { DROPLET: refs.droplet },
                      },
        ),
    ];
}

/** Removes every image that any version of the lab has built in this engine; those in use stay. */
export async function removeImages(docker: Docker): Promise<void> {
    const images = await docker.listImages({ filters: { reference: [`${REPOSITORY}/*`] } });
    for (const tag of images.flatMap((image) => image.RepoTags ?? [])) {
        await docker
            .getImage(tag)
            .remove()
            .catch((error: unknown) => {
                const status = (error as { statusCode?: number }).statusCode;
                if (status !== 404 && status !== 409) throw error;
            });
    }
}
