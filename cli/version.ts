/** What `swarm --version` prints: of this command, of the engine that it calls, and of the stack. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { CliError } from "./errors.ts";
import { exportedState, projectFolder, pulumi, type StackChoice } from "./pulumi.ts";
import { nameIn } from "./stackState.ts";

/** Never fails for a state that cannot be read: which version that is, is what one asks for then. */
export async function versionText(choice: StackChoice): Promise<string> {
    const { version } = JSON.parse(readFileSync(path.join(projectFolder, "package.json"), "utf8"));
    const orWhy = (work: Promise<string>) =>
        work.catch((error: Error) => {
            if (!(error instanceof CliError)) throw error;
            return error.message;
        });
    const [engine, stack] = await Promise.all([
        orWhy(pulumi(["version"], { signal: choice.signal }).then(({ stdout }) => stdout.trim())),
        orWhy(
            exportedState(choice).then((text) => {
                const exported = JSON.parse(text);
                const by = exported.deployment?.manifest?.version || "no version on record";
                return `${nameIn(exported) ?? "empty"}, written by Pulumi ${by}`;
            }),
        ),
    ]);
    return `swarm   ${version}\nnode    ${process.version}\npulumi  ${engine}\nstack   ${stack}\n`;
}
