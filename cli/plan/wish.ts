/** The words behind `swarm plan`, read. */
import { CliError, EXIT } from "../errors.ts";
import type { Wish } from "./run.ts";

/** What `swarm plan` says to the preview itself. */
const TAKEN =
    /^(--json|-j|--show-sames|--event-log|--stack|-s|--non-interactive|--color|--diff|--save-plan)(=|$)/;

/**
 * @param words A file, or options for the preview.
 * @throws CliError For both, for several files, for options that do not fit.
 */
export function wishOf(words: readonly string[], events: string | undefined): Wish {
    const [first] = words;
    if (first !== undefined && (first === "-" || !first.startsWith("-"))) {
        if (words.length > 1) {
            throw new CliError(
                `one file at a time, and options for the preview only without one; there is more: ${words.slice(1).join(" ")}`,
                EXIT.usage,
            );
        }
        return { file: first, events, options: [] };
    }
    if (events !== undefined) {
        throw new CliError(
            "--events goes with a file: without one the preview's own events are read",
            EXIT.usage,
        );
    }
    const taken = words.filter((word) => TAKEN.test(word));
    if (taken.length > 0) {
        throw new CliError(
            `${taken.join(" ")}: swarm plan says how the preview is printed; allowed are options for what is previewed, ` +
                "such as --refresh, --target, --replace, --policy-pack",
            EXIT.usage,
        );
    }
    return { options: words };
}
