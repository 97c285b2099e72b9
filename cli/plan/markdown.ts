/** The plan as a comment on a pull request: complete in itself, and found again by its first line. */
import type { Plan } from "./plan.ts";
import { headlineOf, sectionsOf } from "./sections.ts";
import { codeBlock, markdownText, own, say, type Words } from "./words.ts";

/** The line by which a comment is found: hidden, and without anything that would end it. */
export function marker(stack: string): string {
    return `<!-- swarm-plan: ${stack.replace(/[^\w./-]/g, "") || "?"} -->`;
}

export function planMarkdown(plan: Plan): string {
    const { errors, violations, warnings, said, changes, failed } = plan;
    const sections = [
        ...(warnings.length > 0 ? [{ title: "⚠ warnings", lines: warnings, numbered: false }] : []),
        ...sectionsOf(plan),
    ];
    const saidTitle = ({ about, level }: (typeof said)[number]) =>
        about === undefined ? own(level) : say`${own(level)}, of ${about}`;
    const blocks = [
        markdownText(heading(plan)),
        ...errors.map((one) => block(saidTitle(one), codeBlock(one.text))),
        ...(failed && changes ? ["What it had got to:"] : []),
        ...violations.map(({ policy, mandatory, text }) =>
            block(
                say`${own(mandatory ? "policy violated" : "a policy's advice")}: ${policy}`,
                codeBlock(text),
            ),
        ),
        ...(changes ? sections : []).map(({ title, lines, numbered }) =>
            block(
                own(title),
                `${lines.map((line) => `${numbered ? "1." : "-"} ${markdownText(line)}`).join("\n")}`,
            ),
        ),
        ...said.map((one) => block(saidTitle(one), codeBlock(one.text))),
    ];
    return `${marker(plan.stack)}\n${blocks.join("\n\n")}\n`;
}

function block(title: Words, text: string): string {
    return `**${markdownText(title)}**\n\n${text}`;
}

function heading(plan: Plan): Words {
    if (plan.failed) return say`### The preview of ${plan.stack || "this stack"} failed`;
    return say`### Plan for ${plan.stack}: ${own(plan.changes ? headlineOf(plan) : "nothing to do")}`;
}
