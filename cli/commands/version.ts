import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { attempt, EXIT } from "../errors.ts";
import { type Choice, define, run } from "../options.ts";
import { exportedState, projectFolder, pulumi } from "../pulumi.ts";
import { nameIn } from "../stackState.ts";

export default (program: Command) =>
    define(program, "version", {
        summary: "the versions of this command, of Pulumi, and of what wrote the stack; also --version",
        description:
            "Prints the versions of this command, of Node, of the pulumi on PATH, and of the one that wrote the stack's state.",
    }).action(
        run(async (choice, ..._: unknown[]) => {
            const { version } = JSON.parse(readFileSync(path.join(projectFolder, "package.json"), "utf8"));
            // A state that cannot be read is no failure: which version that is, is what one asks for then.
            const [engine, stack] = (
                await Promise.all([
                    attempt(pulumi(["version"], { signal: choice.signal })),
                    attempt(stackText(choice)),
                ])
            ).map((found) =>
                found instanceof Error
                    ? found.message
                    : typeof found === "string"
                      ? found
                      : found.stdout.trim(),
            );
            process.stdout.write(
                `swarm   ${version}\nnode    ${process.version}\npulumi  ${engine}\nstack   ${stack}\n`,
            );
            return EXIT.ok;
        }),
    );

async function stackText(choice: Choice): Promise<string> {
    const exported = JSON.parse(await exportedState(choice));
    const by = exported.deployment?.manifest?.version || "no version on record";
    return `${nameIn(exported) ?? "empty"}, written by Pulumi ${by}`;
}
