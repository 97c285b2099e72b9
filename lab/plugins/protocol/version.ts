import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * The version of an installed npm package. The engine asks for exactly the plugin version that the program's
 * package has, so a plugin of the lab's takes its version from there.
 */
export function packageVersion(name: string): string {
    const path = require.resolve(`${name}/package.json`);
    return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
