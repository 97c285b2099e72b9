/** The plan as a comment on a pull request: complete in itself, and found again by its first line. */
import type { Plan, Violation } from "./plan.ts";
import type { Said } from "./preview.ts";
import { type Section, sectionsOf } from "./sections.ts";
import { codeBlock, markdownText, own, say, type Words } from "./words.ts";

/** GitHub takes 65,536 characters a comment; the rest is for whoever puts something below. */
const MOST = 60_000;

/** The most that one text of the engine's or of a policy's takes: what failed comes first in it. */
const MOST_OF_A_TEXT = 8_000;

/** The line by which a comment is found: hidden, and without anything that would end it. */
export function marker(stack: string): string {
    return `<!-- swarm-plan: ${stack.replace(/[^\w./-]/g, "") || "?"} -->`;
}

export function planMarkdown(plan: Plan): string {
    const blocks = blocksOf(plan);
    let text = "";
    for (let most = Number.POSITIVE_INFINITY; ; most = Math.floor(Math.min(most, longest(blocks)) / 2)) {
        text = `${marker(plan.stack)}\n${blocks.map((block) => blockText(block, most)).join("\n\n")}\n`;
        if (text.length <= MOST || most <= 1) break;
    }
    if (text.length <= MOST) return text;
    const short = [heading(plan), own("The plan is too long for a comment: run swarm plan on it.")];
    return `${marker(plan.stack)}\n${short.map(markdownText).join("\n\n")}\n`.slice(0, MOST);
}

/** A heading and the lines under it, or a text that stands as it is. */
interface Block {
    readonly title?: Words;
    readonly lines: readonly string[];
    readonly bullet: "-" | "1." | "";
}

function longest(blocks: readonly Block[]): number {
    return Math.max(1, ...blocks.map(({ lines }) => lines.length));
}

function blockText({ title, lines, bullet }: Block, most: number): string {
    const shown = lines.slice(0, most);
    const left = lines.length - shown.length;
    const items = [...shown, ...(left > 0 ? [`and ${left} more`] : [])].map((line) =>
        bullet === "" ? line : `${bullet} ${line}`,
    );
    return [...(title ? [`**${markdownText(title)}**\n`] : []), ...items].join("\n");
}

function heading({ stack, failed, changes, headline }: Plan): Words {
    if (failed) return say`### The preview of ${stack || "this stack"} failed`;
    return changes ? say`### Plan for ${stack}: ${headline}` : say`### Plan for ${stack}: nothing to do`;
}

function blocksOf(plan: Plan): Block[] {
    const blocks: Block[] = [{ lines: [markdownText(heading(plan))], bullet: "" }];
    if (plan.failed) {
        blocks.push(...plan.errors.map(saidBlock));
        if (plan.changes) blocks.push({ lines: ["What it had got to:"], bullet: "" });
    }
    blocks.push(...plan.violations.map(violationBlock));
    if (plan.changes) {
        if (plan.warnings.length > 0) blocks.push(block({ title: "⚠ warnings", lines: plan.warnings }));
        blocks.push(...sectionsOf(plan).map(block));
    }
    blocks.push(...plan.said.map(saidBlock));
    return blocks;
}

function block({ title, lines, numbered }: Section): Block {
    return { title: own(title), lines: lines.map(markdownText), bullet: numbered ? "1." : "-" };
}

function saidBlock({ about, level, text }: Said): Block {
    const title = about === undefined ? own(level) : say`${own(level)}, of ${about}`;
    return { title, lines: [codeBlock(cut(text))], bullet: "" };
}

function violationBlock({ policy, mandatory, text }: Violation): Block {
    const title = say`${own(mandatory ? "policy violated" : "a policy's advice")}: ${policy}`;
    return { title, lines: [codeBlock(cut(text))], bullet: "" };
}

function cut(text: string): string {
    return text.length <= MOST_OF_A_TEXT ? text : `${text.slice(0, MOST_OF_A_TEXT)}\n… (cut)`;
}
