/** Text that came from elsewhere, made fit to be shown. */

/** `1 node`, `2 nodes`. */
export const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Whatever would steer a terminal, turn the direction of the text, or is not allowed in XML. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]+/g;

/** The text on one line, without control characters. */
export const oneLine = (text: string) => text.toWellFormed().replace(UNFIT, " ").trim();

/** The text cut to `width` characters, the last of which then is an ellipsis. */
export function shortened(text: string, width: number): string {
    const characters = [...text];
    return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** The text in lines of at most `width` characters, broken at blanks where there are any. */
export function wrapped(text: string, width: number): string[] {
    const lines: string[] = [];
    let line = "";
    for (const word of text.split(" ")) {
        const joined = line === "" ? word : `${line} ${word}`;
        if ([...joined].length <= width) {
            line = joined;
            continue;
        }
        if (line !== "") lines.push(line);
        const rest = [...word];
        while (rest.length > width) lines.push(rest.splice(0, width).join(""));
        line = rest.join("");
    }
    return [...lines, ...(line === "" ? [] : [line])];
}
