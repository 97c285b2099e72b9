import type * as pulumi from "@pulumi/pulumi";

/** The value of an output, or undefined in a preview that does not know it yet. */
export async function known<T>(output: pulumi.Output<T>): Promise<T | undefined> {
    // The SDK keeps these out of its type declarations.
    const { isKnown, promise } = output as unknown as {
        isKnown: Promise<boolean>;
        promise(): Promise<T>;
    };
    return (await isKnown) ? promise.call(output) : undefined;
}
