/**
 * Writes what `swarm plan` prints of each kind of change. The tests compare with these files: each one that changes is to
 * be read before it is committed.
 *
 * usage: node test/cli/planTexts.ts
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { planText } from "../../cli/plan/text.ts";
import { planFor, previewNames, textFolder } from "./plans.ts";

for (const name of previewNames) {
    writeFileSync(path.join(textFolder, `${name}.txt`), planText(await planFor(name)));
}
