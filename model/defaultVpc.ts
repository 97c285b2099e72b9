/**
 * The default VPC of a region. The first VPC that an account makes in a region becomes its default, which DigitalOcean
 * deletes only once another one of the region is the default, and which takes in whatever the account makes there
 * without naming a VPC. A first droplet that names none makes `default-<region>` for that.
 * https://docs.digitalocean.com/reference/api/digitalocean/#tag/VPCs
 */
import { overlapping } from "./addresses.ts";

export const defaultVpcName = (region: string) => `default-${region}`;

/**
 * A /20 that shares no address with `taken`. Were the choice left to DigitalOcean, it might choose the range that the
 * stack wants. All of them lie above the anchor addresses of droplets and below DigitalOcean's own ranges.
 */
export function defaultVpcRange(taken: readonly string[]): string {
    for (let start = 100 * 256; start < 200 * 256; start += 16) {
        const range = `10.${start >> 8}.${start & 255}.0/20`;
        if (!taken.some((other) => overlapping(range, other))) return range;
    }
    throw new Error("no /20 from 10.100.0.0 to 10.199.255.255 is free of the account's VPCs");
}

const becomesDefault = (region: string) =>
    `the first VPC of ${region} in the account becomes the region's default: it takes in whatever is made there without ` +
    "naming a VPC, and cannot be deleted while it is the default";

/** What a preview says where the region has no VPC. */
export function defaultVpcPlanned(region: string): string {
    const name = defaultVpcName(region);
    return (
        `${becomesDefault(region)}. So that this stack's does not, pulumi up makes ${name} first, as DigitalOcean does with a ` +
        `first droplet; it stays after pulumi destroy. Where the token may not make it, this stack's becomes the default all the ` +
        `same. So to avoid that, or to choose its range, make it yourself before: doctl vpcs create --name ${name} ` +
        `--region ${region} --ip-range ...`
    );
}

/** What an up says that has made it. */
export function defaultVpcMade(region: string, range: string): string {
    return (
        `made the VPC ${defaultVpcName(region)} (${range}) first, as DigitalOcean does with a first droplet: ` +
        `${becomesDefault(region)}. It stays after pulumi destroy`
    );
}

/** What an up says that could not make it. */
export function defaultVpcRefused(region: string, why: string): string {
    const name = defaultVpcName(region);
    return (
        `could not make the VPC ${name} first (${why}), so this stack's VPC becomes the default of ${region}: ` +
        `${becomesDefault(region)}. pulumi destroy will make ${name} the default in its place, or say what is in the way`
    );
}

/** What a destroy says that cannot delete the stack's VPC, since it is the region's default. */
export function defaultVpcStays(vpc: { readonly id: string; readonly region: string }, why: string): string {
    const name = defaultVpcName(vpc.region);
    return [
        `The stack's VPC is the default of ${vpc.region}, which DigitalOcean does not delete, and ${name} could not be made ` +
            `the default in its place (${why}).`,
        `Make another VPC of the region the default, then run pulumi destroy again:`,
        `  doctl vpcs create --name ${name} --region ${vpc.region}`,
        `  doctl vpcs update ID-OF-THAT-ONE --default=true`,
        `Or leave the VPC (ID ${vpc.id}) to the account: pulumi destroy --continue-on-error, then pulumi stack rm --force`,
    ].join("\n");
}
