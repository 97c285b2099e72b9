/**
 * What Node does before it loads the SDK and the program, by `nodeargs` in Pulumi.yaml. In plain JavaScript, for a Node that
 * is too old for the program to say so.
 */
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
    console.error(`This program needs Node 22.18 or newer; ${process.execPath} is ${process.version}.`);
    process.exit(1);
}

// Without it Node compiles the SDK, and takes the types out of the program, in each preview: see docs/performance.md. Where it
// cannot write there, it does without.
module.enableCompileCache(fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)));
