// Builds the engine while bootstrap.sh, and then the lab, get all else that a first run needs: it takes longer
// than the rest together. Whoever needs the engine waits for it in engine.ts, and tries anew if this fails.
//
// usage: node lab/engine/ahead.ts CACHE_FOLDER >LOG
import { messageOf } from "../errors.ts";
import { buildEngine } from "./build.ts";
import { makeOnce, ownEngine } from "./own.ts";

const [cacheDir] = process.argv.slice(2);
if (cacheDir === undefined) throw new Error("usage: node lab/engine/ahead.ts CACHE_FOLDER");
const own = ownEngine(cacheDir);

// A Ctrl-C reaches this process by itself; the command's end in any other way is seen by the parent's change.
const parent = process.ppid;
setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
}, 500).unref();

try {
    await makeOnce(
        own,
        () => {},
        async (draft) => {
            await buildEngine(draft, own.scratch, console.log);
            return "built";
        },
    );
} catch (error) {
    console.log(messageOf(error));
    process.exitCode = 1;
}
