import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import { type JsonOption, json, jsonOption, run, type StackOption, stackOption } from "../options.ts";

interface Options extends StackOption, JsonOption {
    readonly delete?: boolean;
    readonly yes?: boolean;
}

export function orphans(program: Command): void {
    program
        .command("orphans")
        .summary("droplets that the stack has lost track of")
        .description(
            "Lists the droplets that carry the stack's tag and that its state does not know, with their age and what " +
                "they cost: an interrupted run leaves such behind. Works for a stack that is destroyed, too.",
        )
        .option(
            "--delete",
            "delete them, after a question; never one that the state knows, never while an update runs",
        )
        .option("--yes", "delete without the question")
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExit status: 0 when none is left, 1 when there are some.\n\n" +
                "Examples:\n  swarm orphans\n  swarm orphans --delete\n  swarm orphans --json | jq '.orphans[].id'",
        )
        .action(
            run(async (signal, options: Options) => {
                const { openCloud } = await import("../stack.ts");
                const work = await import("../orphans.ts");
                const choice = { stack: options.stack, signal };
                const cloud = await openCloud(choice);
                const found = await work.findOrphans(cloud, choice, { forDeletion: options.delete === true });
                process.stdout.write(options.json ? json(found) : work.orphansText(found, Date.now()));
                if (found.orphans.length === 0) return EXIT.ok;
                if (!options.delete) return EXIT.no;
                work.refuseLocked(found.stack, found.lockedBy);
                const count =
                    found.orphans.length === 1 ? "this droplet" : `these ${found.orphans.length} droplets`;
                if (!options.yes) {
                    const { confirmed } = await import("../confirm.ts");
                    if (!(await confirmed(`Delete ${count}?`, signal))) return EXIT.no;
                }
                await work.deleteOrphans(cloud, found, choice, (text) => process.stderr.write(`${text}\n`));
                return EXIT.ok;
            }),
        );
}
