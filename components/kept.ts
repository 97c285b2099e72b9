import * as pulumi from "@pulumi/pulumi";
import type { SecretKey, Settings } from "../model/settings.ts";

/**
 * What is made of settings, as an input of a resource: secret as soon as one of the keys that it comes from is stored
 * encrypted. The settings themselves have every value in clear.
 */
export function kept<T>(
    value: pulumi.Input<T>,
    { secretKeys }: Pick<Settings, "secretKeys">,
    ...keys: readonly SecretKey[]
): pulumi.Output<T> {
    const isSecret = keys.some((key) => secretKeys.includes(key));
    return (isSecret ? pulumi.secret(value) : pulumi.output(value)) as pulumi.Output<T>;
}
