/**
 * Sentences that hold names from elsewhere: of nodes, services, images, and what the engine said. They are kept apart
 * from the words around them until they are printed, so that none of them becomes markup, a mention, or a command to
 * the terminal.
 */
import { compressNames } from "../../model/names.ts";
import { cleanLines, oneLine } from "../words.ts";

/** A sentence: own words as strings, what comes from elsewhere as an object. */
export type Words = readonly (string | { readonly foreign: string })[];

/** A sentence from a template. Strings put into it are from elsewhere, numbers and other sentences are not. */
export function say(texts: TemplateStringsArray, ...values: readonly (string | number | Words)[]): Words {
    return texts.flatMap((text, index): Words => {
        const value = values[index];
        if (value === undefined) return [text];
        if (typeof value === "number") return [`${text}${value}`];
        return typeof value === "string" ? [text, { foreign: value }] : [text, ...value];
    });
}

export const own = (text: string): Words => [text];

export function joined(sentences: readonly Words[], between = ", "): Words {
    return sentences.flatMap((words, index) => (index === 0 ? words : [between, ...words]));
}

export function listed(names: readonly string[]): Words {
    const all = names.map((name) => say`${name}`);
    return all.length < 2 ? joined(all) : [...joined(all.slice(0, -1)), " and ", ...(all.at(-1) as Words)];
}

/** Names of nodes; more than a few of them in the short way of writing them. */
export function namesOf(nodes: readonly { readonly name: string }[]): Words {
    const names = nodes.map(({ name }) => name);
    return listed(names.length > 3 ? compressNames(names).split(",") : names);
}

/** On one line, as a terminal may have it. */
export function plainText(words: Words): string {
    return words.map((part) => (typeof part === "string" ? part : oneLine(part.foreign))).join("");
}

/** On one line of Markdown: each foreign part is a span of code, in which nothing is markup. */
export function markdownText(words: Words): string {
    return words.map((part) => (typeof part === "string" ? part : codeSpan(part.foreign))).join("");
}

/** Code that no backtick in it ends. An empty one cannot be written, and is no name either. */
function codeSpan(text: string): string {
    const shown = oneLine(text) || " ";
    const fence = fenceFor(shown, 1);
    const pad = /^`|`$|^ .* $/.test(shown) ? " " : "";
    return `${fence}${pad}${shown}${pad}${fence}`;
}

/**
 * A block of code that no line in it ends.
 *
 * @param info What the fence says its content is: `diff`, `text`.
 */
export function codeBlock(text: string, info = "text"): string {
    const fence = fenceFor(text, 3);
    return `${fence}${info}\n${cleanLines(text).trimEnd()}\n${fence}`;
}

/** Backticks, more than stand in a row anywhere in the text. */
function fenceFor(text: string, least: number): string {
    const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
    return "`".repeat(Math.max(least, longest + 1));
}
