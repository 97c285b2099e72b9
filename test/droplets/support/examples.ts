/** The examples of docs/services.md. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Options } from "./oneManager.ts";

const PAGE = new URL("../../../docs/services.md", import.meta.url);

export type Services = Readonly<Record<string, Options>>;

export function page(): string {
    return readFileSync(PAGE, "utf8");
}

/** The services of each block. */
export function examples(): Services[] {
    const blocks = [...page().matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) => {
        const services = parse(text)?.config?.["swarm:services"];
        assert.ok(services, `no config with swarm:services:\n${text}`);
        return services as Services;
    });
    assert.ok(blocks.length > 0);
    return blocks;
}
