/** The real program with a line or two of it changed, for what its config alone cannot do. */
import assert from "node:assert/strict";
import {
    copyFileSync,
    cpSync,
    existsSync,
    globSync,
    mkdtempSync,
    readFileSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { root } from "../../../lab/instance.ts";
import { instance } from "./stack.ts";

export interface Change {
    /** Of the program, such as `components/nodes.ts`. */
    readonly file: string;
    /** Stands there exactly once; a test whose text has gone from the program fails here. */
    readonly from: string;
    readonly to: string;
}

/**
 * A copy of the program in the lab's own folder, so that it finds the checkout's packages and goes when the lab goes.
 *
 * @param stack Name of the stack, whose config the copy gets, if it has one.
 * @returns the folder, for `pulumi --cwd`, with the `swarm` command as well.
 */
export function changedProgram(stack: string, changes: readonly Change[]): string {
    const folder = mkdtempSync(path.join(instance.dir, "changed-"));
    for (const file of [
        "package.json",
        "Pulumi.yaml",
        "start.mjs",
        ...(existsSync(path.join(root, `Pulumi.${stack}.yaml`)) ? [`Pulumi.${stack}.yaml`] : []),
        ...globSync("*.ts", { cwd: root }),
    ]) {
        copyFileSync(path.join(root, file), path.join(folder, file));
    }
    for (const part of ["cli", "components", "look", "model", "remnants"]) {
        cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
    }
    for (const { file, from, to } of changes) {
        const text = readFileSync(path.join(folder, file), "utf8");
        assert.equal(text.split(from).length, 2, `${file} does not hold this exactly once: ${from}`);
        writeFileSync(
            path.join(folder, file),
            text.replace(from, () => to),
        );
    }
    return folder;
}
