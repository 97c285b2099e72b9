/** The plan for a terminal. */
import { paint } from "../table.ts";
import { cleanLines, oneLine } from "../words.ts";
import type { Plan } from "./plan.ts";
import { headlineOf, sectionsOf } from "./sections.ts";
import { plainText } from "./words.ts";

const MARGIN = 11;

export function planText(plan: Plan): string {
    const name = oneLine(plan.stack);
    const failed = plan.failed ? `${paint("red", `The preview of ${name || "this stack"} failed:`)}\n` : "";
    const before = [
        failed,
        ...plan.errors.map(({ about, text }) => indented(about === undefined ? text : `${about}: ${text}`)),
        ...plan.violations.map(
            ({ policy, mandatory, text }) =>
                `${mandatory ? "violated" : "advice"}: ${oneLine(policy)}\n${indented(text)}`,
        ),
    ];
    const rows = [
        plan.failed ? "As far as it had got:\n" : "",
        row("stack", [`${name}: ${headlineOf(plan)}`]),
        ...sectionsOf(plan).map(({ title, lines, numbered }) => {
            const width = `${lines.length}`.length;
            const texts = lines.map(plainText);
            return row(
                title,
                numbered ? texts.map((text, index) => `${`${index + 1}`.padStart(width)}. ${text}`) : texts,
            );
        }),
        ...plan.warnings.map((words) => `${paint("yellow", "!")} ${plainText(words)}\n`),
    ];
    const said = plan.said.map(
        ({ about, level, text }) =>
            `${level}${about === undefined ? "" : ` (${oneLine(about)})`}:\n${indented(text)}`,
    );
    const nothing = plan.failed ? [] : [`${name}: nothing to do\n`];
    return [...before, ...(plan.changes ? rows : nothing), ...said].join("");
}

function row(title: string, lines: readonly string[]): string {
    return lines.map((line, index) => `${(index === 0 ? title : "").padEnd(MARGIN)}${line}\n`).join("");
}

function indented(text: string): string {
    return cleanLines(text)
        .trimEnd()
        .split("\n")
        .map((line) => `  ${line}\n`)
        .join("");
}
