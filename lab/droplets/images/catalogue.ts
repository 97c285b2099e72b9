import type { MachineImage } from "../../machines.ts";

/** An image of the lab's cloud before it has been built: its reference is not known yet. */
export interface CatalogueEntry extends Omit<MachineImage, "ref"> {
    /** Target in `variants.Dockerfile`, or the one image that has a Dockerfile of its own; undefined for the plain droplet. */
    readonly target?: string;
}

const DEBIAN = { distribution: "Debian", sizeGigabytes: 1 } as const;

/** DigitalOcean's own Docker images are applications; the lab's Debian stands in for their Ubuntu. */
const ONE_CLICK = { kind: "base", application: true, name: "Docker on Debian 13" } as const;

function faulty(slug: string, id: number, name: string): CatalogueEntry {
    return { ...DEBIAN, slug, id, kind: "base", name, faulty: true, target: slug };
}

/** DigitalOcean's own image with Docker: with an older engine, a firewall, and a first boot that keeps callers waiting. */
export const MARKETPLACE = "lab-marketplace";

/** Everything that `image` may name in the lab. The IDs are fixed: config files hold them. */
export const CATALOGUE: readonly CatalogueEntry[] = [
    { ...DEBIAN, ...ONE_CLICK, slug: "docker-22-04", id: 102800003 },
    // DigitalOcean makes no new ones of it; stacks that were made before have it in their config.
    { ...DEBIAN, ...ONE_CLICK, slug: "docker-20-04", id: 102800001 },
    { ...DEBIAN, slug: "debian-13-docker", id: 102800002, kind: "base", name: "Docker on Debian 13" },
    { ...DEBIAN, slug: null, id: 18153887, kind: "snapshot", name: "docker" },
    { ...DEBIAN, slug: null, id: 18153999, kind: "snapshot", name: "docker-another", target: "another" },
    // Nothing is wrong with it, but only tests ask for it, and it takes a download.
    faulty(MARKETPLACE, 102800100, "Docker as the marketplace has it"),
    faulty("lab-no-docker", 102800101, "Docker is not installed"),
    faulty("lab-old-docker", 102800102, "Docker is older than swarm mode"),
    faulty("lab-dead-docker", 102800103, "Docker's daemon does not start"),
    faulty("lab-no-ssh", 102800104, "SSH never opens"),
    faulty("lab-please-wait", 102800105, "every command answers: please wait"),
    faulty("lab-forced-command", 102800106, "commands answer: please wait, until the first boot is over"),
    faulty("lab-wrong-host-key", 102800107, "the injected host key is ignored"),
    faulty("lab-slow-boot", 102800108, "SSH opens 20 s late"),
];
