import {
    deleteOrphans,
    findOrphans,
    membersAmong,
    membersText,
    orphansText,
    refuseLocked,
} from "../../remnants/orphans.ts";
import { confirmed, typed } from "../confirm.ts";
import { EXIT } from "../errors.ts";
import { define, type JsonOption, json, jsonOption, type Verb } from "../options.ts";
import { openCloud } from "../stack.ts";

interface Options extends JsonOption {
    readonly delete?: boolean;
    readonly yes?: boolean;
}

export default (program: Verb) =>
    define(program, "orphans", {
        summary: "droplets that the stack has lost track of",
        description:
            "Lists the droplets that carry the stack's mark and that its state does not know, with their age and what " +
            "they cost: an interrupted run leaves such behind. What has another stack's mark, or none, is not on the list, " +
            "whatever it is called.",
        more: "Exit status: 0 when none is left, 1 when there are some, 2 when the cloud could not be asked.",
        examples: ["swarm orphans", "swarm orphans --delete", "swarm orphans --json | jq '.orphans[].id'"],
    })
        .option(
            "--delete",
            "delete them, after a question; never one that the state knows, never while an update runs",
        )
        .option(
            "--yes",
            "delete without the question; where some may be members of a swarm that answers, the stack's name has to be typed all the same",
        )
        .addOption(jsonOption())
        .does(async (choice, options: Options) => {
            const cloud = await openCloud(choice);
            const found = await findOrphans(cloud, choice, { forDeletion: options.delete === true });
            process.stdout.write(options.json ? json(found) : orphansText(found, Date.now()));
            const { orphans, stack } = found;
            if (orphans.length === 0) return EXIT.ok;
            if (!options.delete) return EXIT.no;
            refuseLocked(stack, found.lockedBy);
            const count = orphans.length === 1 ? "this droplet" : `these ${orphans.length} droplets`;
            const members = await membersAmong(found, choice);
            if (members.length > 0) {
                process.stderr.write(membersText(members));
                const question = `To delete ${count} all the same, type the name of the stack, ${stack}:`;
                if (!(await typed(question, stack, choice.signal))) return EXIT.no;
            } else if (!options.yes && !(await confirmed(`Delete ${count}?`, choice.signal))) return EXIT.no;
            await deleteOrphans(cloud, found, choice, (text) => process.stderr.write(`${text}\n`));
            return EXIT.ok;
        });
