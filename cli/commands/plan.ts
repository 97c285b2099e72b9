import { Option } from "commander";
import { EXIT } from "../errors.ts";
import { define, type JsonOption, json, jsonOption, type Verb } from "../options.ts";
import { planJson } from "../plan/json.ts";
import { planMarkdown } from "../plan/markdown.ts";
import type { Plan } from "../plan/plan.ts";
import { makePlan } from "../plan/run.ts";
import { planText } from "../plan/text.ts";

const FORMATS = { text: planText, markdown: planMarkdown, json: (plan: Plan) => json(planJson(plan)) };

interface Options extends JsonOption {
    readonly format: keyof typeof FORMATS;
    readonly events?: string;
    readonly exitCode?: boolean;
}

export default (program: Verb) =>
    define(program, "plan", {
        summary: "what a change of the config will do to the swarm",
        description:
            "Reads a preview and says what it means for the swarm: nodes that come, go or change, in what order; losses " +
            "that the managers bear meanwhile; services and what becomes of their tasks; ports and cost; and what is " +
            "dangerous. Without a file it runs the preview itself. Changes nothing.",
        more:
            "Exit status: 0 when the preview has succeeded (with --exit-code: and nothing is to be done, 2 when something " +
            "is), 1 when it has failed, or violates a mandatory policy, 3 when it cannot be read.",
        examples: [
            "swarm plan",
            "swarm plan -- --refresh",
            "pulumi destroy --preview-only --json | swarm plan -",
            "swarm plan preview.json --format markdown",
        ],
    })
        .argument(
            "[words...]",
            "a file with what `pulumi preview --json --show-sames` printed, - for standard input; or behind -- options for the preview",
        )
        .addOption(
            new Option("--format <format>", "how to print it; markdown is for a comment on a pull request")
                .choices(Object.keys(FORMATS))
                .default("text"),
        )
        .option(
            "--events <file>",
            "what --event-log of the same preview wrote, for policies that are violated",
        )
        .option("--exit-code", "end with 2 where there is something to do")
        .addOption(jsonOption().conflicts("format"))
        .does(async (choice, words: string[], options: Options) => {
            const made = await makePlan(words, options.events, choice);
            process.stdout.write(FORMATS[options.json ? "json" : options.format](made));
            if (made.failed) return EXIT.no;
            return options.exitCode && made.changes ? EXIT.changes : EXIT.ok;
        });
