import { readFileSync } from "node:fs";
import path from "node:path";
import { attempt } from "../errors.ts";
import { type Choice, define, type Verb } from "../options.ts";
import { exportedState, projectFolder, pulumi } from "../pulumi.ts";
import { nameIn } from "../stackState.ts";

export default (program: Verb) =>
    define(program, "version", {
        summary: "the versions of this command, of Pulumi, and of what wrote the stack; also --version",
        description:
            "Prints the versions of this command, of Node, of the pulumi on PATH, and of the one that wrote the stack's state.",
    }).does(async (choice) => {
        const { version } = JSON.parse(readFileSync(path.join(projectFolder, "package.json"), "utf8"));
        // A state that cannot be read is no failure: which version that is, is what one asks for then.
        const [engine, stack] = await Promise.all(
            [engineText(choice), stackText(choice)].map(async (text) => {
                const found = await attempt(text);
                return found instanceof Error ? found.message : found;
            }),
        );
        process.stdout.write(
            `swarm   ${version}\nnode    ${process.version}\npulumi  ${engine}\nstack   ${stack}\n`,
        );
    });

async function engineText({ signal }: Choice): Promise<string> {
    return (await pulumi(["version"], { signal })).stdout.trim();
}

async function stackText(choice: Choice): Promise<string> {
    const exported = JSON.parse(await exportedState(choice));
    const by = exported.deployment?.manifest?.version || "no version on record";
    return `${nameIn(exported) ?? "empty"}, written by Pulumi ${by}`;
}
