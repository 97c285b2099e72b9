/** What a change does to the swarm's join tokens and to autolock: from what the `swarm` command reads. */

import { type ScriptInput, valuesOf } from "../../model/scriptInput.ts";
import { command, drifted } from "./nodes.ts";
import { inputsOf, type Preview } from "./preview.ts";
import { own, type Words } from "./words.ts";

export interface KeyChanges {
    readonly rotated: boolean;
    /** Undefined where it stays as it is. */
    readonly autolock?: boolean;
    /** Somebody has switched autolock, and it becomes what the config says. */
    readonly mended: boolean;
}

/** Nothing changes where the swarm is made in this very run, or the command is not run. */
export function keyChanges(preview: Preview): KeyChanges {
    const change = command(preview, "swarm");
    const { before, after } = change?.kind === "update" ? inputsOf(change) : {};
    const mended = drifted(preview, "swarm");
    if (!before || !after) return { rotated: false, mended };
    const told = (input: ScriptInput, key: string, otherwise: string) => valuesOf(input, key)[0] ?? otherwise;
    const autolock = told(after, "autolock", "false");
    return {
        mended,
        rotated: told(before, "rotation", "0") !== told(after, "rotation", "0"),
        ...(told(before, "autolock", "false") === autolock ? {} : { autolock: autolock === "true" }),
    };
}

/** For the headline. */
export function keyParts({ rotated, autolock, mended }: KeyChanges): Words[] {
    return [
        ...(rotated ? [own("the join tokens are rotated")] : []),
        ...(autolock === undefined ? [] : [own(`autolock is switched ${autolock ? "on" : "off"}`)]),
        ...(mended && autolock === undefined ? [own("autolock is set right")] : []),
    ];
}

/** For the order, a step each. */
export function keySteps({ rotated, autolock, mended }: KeyChanges): Words[] {
    return [
        ...(rotated
            ? [own("join tokens are rotated, and the unlock key, if there is one; who is in stays in")]
            : []),
        ...(autolock === true
            ? [
                  own(
                      "managers wait for the unlock key from now on when their Docker starts; it is the output unlockKey",
                  ),
              ]
            : []),
        ...(autolock === false ? [own("managers start without a key again")] : []),
        ...(mended && autolock === undefined
            ? [own("autolock, which the swarm has otherwise than the config, is set right")]
            : []),
    ];
}
