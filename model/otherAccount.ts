/** A token of another account: to it everything that the stack has made looks as if it were gone. */
import type { Cloud } from "../cloud.ts";

/**
 * The VPC tells: it stays for the stack's life, and cannot be deleted while a droplet is in it. A stack whose droplets
 * were all deleted by hand has it still.
 *
 * @param vpc ID of the stack's VPC, from its state.
 * @param seen Whether the account has listed a droplet of the stack's: then it is the right one, and nothing is asked.
 * @returns What to say of another account; undefined for the stack's own.
 * @throws CloudError
 */
export async function otherAccount(
    cloud: Pick<Cloud, "get">,
    vpc: string,
    seen: boolean,
): Promise<string | undefined> {
    return seen || (await cloud.get(`/v2/vpcs/${vpc}`)) !== undefined ? undefined : otherAccountText(vpc);
}

export function otherAccountText(vpc: string): string {
    return (
        `this token sees another account: it knows neither the stack's VPC ${vpc} nor any of its droplets. Set ` +
        "DIGITALOCEAN_TOKEN, or digitalocean:token in the config, to a token of the account that the stack is in. Only " +
        "if everything of the stack was deleted by hand, take it out of the state: pulumi refresh"
    );
}
