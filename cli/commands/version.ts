import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { run, type StackOption, stackOption } from "../options.ts";

export function version(program: Command): void {
    program
        .command("version")
        .summary("the versions of this command, of Pulumi, and of what wrote the stack; also --version")
        .description(
            "Prints the versions of this command, of Node, of the pulumi on PATH, and of the one that wrote the stack's state.",
        )
        .addOption(stackOption())
        .action(
            run(async (signal, options: StackOption) => {
                const { versionText } = await import("../version.ts");
                process.stdout.write(await versionText({ stack: options.stack, signal }));
                return EXIT.ok;
            }),
        );
}
