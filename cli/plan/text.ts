/** The plan for a terminal. */
import { paint } from "../table.ts";
import { cleanLines, oneLine } from "../words.ts";
import type { Plan } from "./plan.ts";
import { type Section, sectionsOf } from "./sections.ts";
import { plainText, type Words } from "./words.ts";

/** Width of the titles' column. */
const MARGIN = 11;

export function planText(plan: Plan): string {
    const name = oneLine(plan.stack);
    const failed = failureText(plan);
    if (!plan.changes) {
        return `${failed}${plan.failed ? "" : `${name}: nothing to do\n`}${saidText(plan)}`;
    }
    const sections = sectionsOf(plan).map(sectionText).join("");
    const so = plan.failed ? "As far as it had got:\n" : "";
    const head = row("stack", [`${name}: ${plainText(plan.headline)}`]);
    return `${failed}${so}${head}${sections}${warningsText(plan)}${saidText(plan)}`;
}

function row(title: string, lines: readonly string[]): string {
    return lines.map((line, index) => `${(index === 0 ? title : "").padEnd(MARGIN)}${line}\n`).join("");
}

function sectionText({ title, lines, numbered }: Section): string {
    const width = `${lines.length}`.length;
    return row(
        title,
        lines.map((words, index) =>
            numbered ? `${`${index + 1}`.padStart(width)}. ${plainText(words)}` : plainText(words),
        ),
    );
}

function warningsText({ warnings }: Plan): string {
    return warnings.map((words: Words) => `${paint("yellow", "!")} ${plainText(words)}\n`).join("");
}

function failureText({ stack, failed, errors, violations }: Plan): string {
    const broken = violations.map(
        ({ policy, mandatory, text }) =>
            `${mandatory ? "violated" : "advice"}: ${oneLine(policy)}\n${indented(text)}`,
    );
    if (!failed) return broken.join("");
    return [
        `${paint("red", `The preview of ${oneLine(stack) || "this stack"} failed:`)}\n`,
        ...errors.map(({ about, text }) => indented(about === undefined ? text : `${about}: ${text}`)),
        ...broken,
    ].join("");
}

function saidText({ said }: Plan): string {
    return said
        .map(
            ({ about, level, text }) =>
                `${level}${about === undefined ? "" : ` (${oneLine(about)})`}:\n${indented(text)}`,
        )
        .join("");
}

function indented(text: string): string {
    return cleanLines(text)
        .trimEnd()
        .split("\n")
        .map((line) => `  ${line}\n`)
        .join("");
}
