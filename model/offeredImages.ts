/** What there is to choose from in a region, for a config whose image the account does not have. */

/** An entry of `GET /v2/images`, as far as it is read here. */
export interface ApiImage {
    readonly id: number;
    readonly name: string;
    /** Null for the account's own. */
    readonly slug: string | null;
    readonly distribution: string;
    readonly regions: readonly string[];
}

export interface OfferedImage {
    /** As `swarm:image` takes it. */
    readonly image: string;
    readonly what: string;
}

/** DigitalOcean's images with Docker, and all of the account's own: a snapshot's name need not say what is in it. */
export function offeredIn(
    region: string,
    { applications, own }: { readonly applications: readonly ApiImage[]; readonly own: readonly ApiImage[] },
): OfferedImage[] {
    const here = ({ regions }: ApiImage) => regions.includes(region);
    const withDocker = ({ slug, name, distribution }: ApiImage) =>
        /docker/i.test(`${slug} ${name} ${distribution}`);
    return [
        ...applications
            .filter((image) => here(image) && withDocker(image))
            .flatMap(({ slug, name, distribution }) =>
                slug ? [{ image: slug, what: `${name}, ${distribution}` }] : [],
            ),
        ...own.filter(here).map(({ id, name }) => ({ image: `${id}`, what: `your own "${name}"` })),
    ];
}

/** Where the images could not be looked up, what a value may be. */
export function offeredText(region: string, offered: readonly OfferedImage[] | undefined): string {
    if (offered === undefined) {
        return "allowed: the numeric ID of a snapshot or image, or the slug of a public image";
    }
    return offered.length === 0
        ? `${region} has no other for it: neither one of DigitalOcean's with Docker nor one of your own; make a ` +
              "snapshot of a droplet with Docker in it there"
        : `in ${region} there are: ${offered.map(({ image, what }) => `${image} (${what})`).join(", ")}`;
}
