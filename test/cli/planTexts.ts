/**
 * Writes what `swarm plan` prints for each recorded preview, beside it. The tests compare with these files: each one that
 * changes is to be read before it is committed.
 *
 * usage: node test/cli/planTexts.ts
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { planText } from "../../cli/plan/text.ts";
import { previewFolder, previewNames, recordedPlan } from "./plans.ts";

for (const name of previewNames) {
    writeFileSync(path.join(previewFolder, `${name}.txt`), planText(recordedPlan(name)));
}
