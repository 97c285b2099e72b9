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
            "Lists the droplets that carry the stack's mark and that its state does not know, with their age and what " +
                "they cost: an interrupted run leaves such behind. What has another stack's mark, or none, is not on the list, " +
                "whatever it is called.",
        )
        .option(
            "--delete",
            "delete them, after a question; never one that the state knows, never while an update runs",
        )
        .option(
            "--yes",
            "delete without the question; where some may be members of a swarm that answers, the stack's name has to be typed all the same",
        )
        .addOption(stackOption())
        .addOption(jsonOption())
        .addHelpText(
            "after",
            "\nExit status: 0 when none is left, 1 when there are some, 2 when the cloud could not be asked.\n\n" +
                "Examples:\n  swarm orphans\n  swarm orphans --delete\n  swarm orphans --json | jq '.orphans[].id'",
        )
        .action(
            run(async (signal, options: Options) => {
                const { openCloud } = await import("../stack.ts");
                const work = await import("../../remnants/orphans.ts");
                const choice = { stack: options.stack, signal };
                const cloud = await openCloud(choice);
                const found = await work.findOrphans(cloud, choice, { forDeletion: options.delete === true });
                process.stdout.write(options.json ? json(found) : work.orphansText(found, Date.now()));
                if (found.orphans.length === 0) return EXIT.ok;
                if (!options.delete) return EXIT.no;
                work.refuseLocked(found.stack, found.lockedBy);
                const count =
                    found.orphans.length === 1 ? "this droplet" : `these ${found.orphans.length} droplets`;
                const { confirmed, typed } = await import("../confirm.ts");
                const members = await work.membersAmong(found, choice);
                if (members.length > 0) {
                    process.stderr.write(work.membersText(members));
                    const question = `To delete ${count} all the same, type the name of the stack, ${found.stack}:`;
                    if (!(await typed(question, found.stack, signal))) return EXIT.no;
                } else if (!options.yes) {
                    if (!(await confirmed(`Delete ${count}?`, signal))) return EXIT.no;
                }
                await work.deleteOrphans(cloud, found, choice, (text) => process.stderr.write(`${text}\n`));
                return EXIT.ok;
            }),
        );
}
