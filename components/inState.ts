import * as pulumi from "@pulumi/pulumi";
import { stackReference } from "../model/stackNames.ts";

/** A resource as the state has it, as far as the engine tells. */
export interface InState {
    readonly type: string;
    readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * What the last state that was written has, but for what waits for its deletion since a failed run.
 *
 * Asked of the engine that runs this program, by a function that it has for stack references: another `pulumi` may be in
 * another version, backend or project, or not there at all, as under the Automation API.
 *
 * @throws Error Where the engine is without that function.
 */
export async function resourcesInState(): Promise<InState[]> {
    const stackName = stackReference(pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack());
    const read: { readonly outputs: Readonly<Record<string, InState>> } = await pulumi.runtime.invoke(
        "pulumi:pulumi:readStackResourceOutputs",
        { stackName },
        { async: true },
    );
    return Object.values(read.outputs);
}
