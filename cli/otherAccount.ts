/** Whether the token is of the account that the stack is in. */
import type { Cloud } from "../cloud.ts";
import { otherAccount } from "../model/otherAccount.ts";
import type { StackState } from "./stackState.ts";

/**
 * @param listed Droplets that the account has.
 * @returns What to say of another account; undefined for the stack's own, and for a stack without a VPC.
 * @throws CloudError
 */
export async function accountMismatch(
    cloud: Pick<Cloud, "get">,
    { nodes, vpcId }: Pick<StackState, "nodes" | "vpcId">,
    listed: readonly { readonly id: number }[],
): Promise<string | undefined> {
    if (vpcId === undefined) return undefined;
    const seen = nodes.some(({ dropletId }) => listed.some(({ id }) => `${id}` === dropletId));
    return await otherAccount(cloud, vpcId, seen);
}
