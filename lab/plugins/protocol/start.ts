import { enableCompileCache, flushCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import type { Provider } from "./provider.ts";

/**
 * Starts a plugin, with Node's compile cache turned on before the bulk of the code is loaded: three plugins
 * start in every preview, and compiling gRPC and protobuf anew is most of the time they take.
 *
 * @param load imports the module that makes the provider
 */
export async function startPlugin(load: () => Promise<{ makeProvider: () => Provider }>): Promise<void> {
    enableCompileCache(fileURLToPath(new URL("../../../.lab/cache/compiled", import.meta.url)));
    const [{ serve }, { makeProvider }] = await Promise.all([import("./serve.ts"), load()]);
    await serve(makeProvider());
    // Node writes the cache when it exits, and the engine ends its plugins by a signal: so it is written now.
    setTimeout(flushCompileCache, 500).unref();
}
