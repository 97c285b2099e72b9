/** The examples of docs/services.md and docs/stacks.md. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Options } from "./oneManager.ts";

type Page = "services" | "stacks";

/** A config by its keys, without the project's name in front; its services are there. */
export type Example = Options & { readonly services: Readonly<Record<string, Options>> };

export function page(name: Page = "services"): string {
    return readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), "utf8");
}

/** The secrets that the examples name, which the page has set on the command line. */
const secrets = { db_password: "hush", registry_token: "dop_v1_0" };

/** The config of each block. */
export function examples(name?: Page): Example[] {
    const blocks = [...page(name).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) => {
        const config = Object.entries(parse(text)?.config ?? {});
        const example = Object.fromEntries(config.map(([key, value]) => [key.replace(/^swarm:/, ""), value]));
        assert.ok(example.services, `no config with swarm:services:\n${text}`);
        return { secrets, ...(example as Example) };
    });
    assert.ok(blocks.length > 0);
    return blocks;
}
