import { daemonRuns } from "./daemon.ts";
import type { Instance } from "./instance.ts";
import { isMade, readMade } from "./made.ts";
import { hasResources } from "./stack.ts";

/** What there is of a lab, a line each. */
export function statusText(instance: Instance): string {
    if (!isMade(instance)) return `There is no lab "${instance.name}".\n`;
    const made = readMade(instance);
    return [
        `lab      ${instance.name}`,
        `daemon   ${daemonRuns(instance) ? `runs, at ${made.api}` : "does not run"} (log: ${instance.log})`,
        `docker   ${made.dockerSocket}`,
        `engine   ${made.engineFolder}`,
        `plugins  ${made.plugins}`,
        `stack    ${hasResources(instance) ? "has resources" : "is empty"} (config: ${instance.stackConfig})`,
        "",
    ].join("\n");
}
