import * as pulumi from "@pulumi/pulumi";
import type { SecretKey, Settings } from "../model/settings.ts";

/**
 * What is made of settings, as an input of a resource: secret as soon as one of the keys that it comes from is stored
 * encrypted. The settings themselves have every value in clear. What is not secret stays as it is: of an output that
 * holds several, a preview would know nothing as long as it does not know one of them.
 */
export function kept<T>(
    value: pulumi.Input<T>,
    { secretKeys }: Pick<Settings, "secretKeys">,
    ...keys: readonly SecretKey[]
): pulumi.Input<T> {
    return keys.some((key) => secretKeys.includes(key)) ? (pulumi.secret(value) as pulumi.Output<T>) : value;
}
