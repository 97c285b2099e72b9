/** A picture in a terminal: boxes of letters. All that colour says is said by letters and signs as well. */
import { columnsFor } from "./layout.ts";
import { PALETTE } from "./marks.ts";
import type { Level, NodeCard, Picture, ServiceEntry, TaskMark } from "./picture.ts";
import { PHASES, type Phase } from "./tasks.ts";
import { count, shortened, wrapped } from "./words.ts";

export interface TerminalStyle {
    /** Columns of the terminal; drawn on 40 at least and 160 at most. */
    readonly width: number;
    /** How many colours it shows; 0 for none. */
    readonly colours: 0 | 16 | 256;
}

/** Narrowest box that holds "manager, worker wanted". */
const NARROWEST = 26;
const SIGNS: Readonly<Record<Level, string>> = { good: "✓", note: "!", bad: "✗" };
const SGR: Readonly<Record<Level | "bold" | "dim", number>> = {
    good: 32,
    note: 33,
    bad: 31,
    bold: 1,
    dim: 2,
};

/** A line in pieces, so that its width is known before colours make its text longer. */
interface Piece {
    readonly text: string;
    /** Codes of "Select Graphic Rendition". */
    readonly sgr?: string;
}
type Line = readonly Piece[];

/** The lines of the drawing, each ended by a newline. */
export function drawTerminal(picture: Picture, style: TerminalStyle): string {
    const width = Math.min(Math.max(style.width, 40), 160);
    const pen = penOf(style.colours);
    const lines: Line[] = [
        [pen("Swarm ", "bold"), pen(picture.stack, "bold")],
        ...wrapped(picture.headline, width).map((text) => [{ text }]),
        ...picture.services.flatMap((service) => serviceLines(service, width, pen)),
        ...(picture.nodes.length === 0 ? [] : [[]]),
        ...boxes(picture.nodes, width, pen),
        ...waitingLines(picture.waiting, width, pen),
        ...[...picture.problems, ...picture.errors].flatMap((problem) =>
            wrapped(problem, width - 2).map((text, index) => [
                pen(index === 0 ? "! " : "  ", "bad"),
                { text },
            ]),
        ),
        ...signLines(picture, width, pen),
    ];
    return lines.map((line) => `${rendered(line)}\n`).join("");
}

type Pen = ReturnType<typeof penOf>;

function penOf(colours: TerminalStyle["colours"]) {
    const pen = (text: string, kind: keyof typeof SGR): Piece =>
        colours === 0 ? { text } : { text, sgr: String(SGR[kind]) };
    /** `[N]`, or the letter on its colour: three columns or more either way. */
    pen.mark = ({ letters, colour }: TaskMark["mark"]): Piece => {
        const paint = PALETTE[colour];
        if (colours === 0 || paint === undefined) return { text: `[${letters}]` };
        const light = paint.ink === "#ffffff";
        return colours === 16
            ? { text: ` ${letters} `, sgr: `${light ? 97 : 30};${paint.ansi16}` }
            : { text: ` ${letters} `, sgr: `38;5;${light ? 231 : 16};48;5;${paint.ansi256}` };
    };
    return pen;
}

const rendered = (line: Line) =>
    line
        .map(({ text, sgr }) => (sgr === undefined ? text : `\u001b[${sgr}m${text}\u001b[0m`))
        .join("")
        .trimEnd();

const widthOf = (line: Line) => line.reduce((sum, { text }) => sum + [...text].length, 0);

function serviceLines(service: ServiceEntry, width: number, pen: Pen): Line[] {
    const { name, image, state, more, mark, level } = service;
    const first: Line = [pen.mark(mark), { text: " " }];
    const rest = [...(image === "" ? [] : [image]), ...more].map((text) => `, ${text}`).join("");
    const [one = "", ...others] = wrapped(`${name}: ${state}${rest}`, width - widthOf(first) - 2);
    const sign = level === "good" ? [] : [pen(` ${SIGNS[level]}`, level)];
    return [
        [...first, { text: one }, ...(others.length === 0 ? sign : [])],
        ...others.map((text, index) => [
            { text: " ".repeat(widthOf(first)) + text },
            ...(index === others.length - 1 ? sign : []),
        ]),
    ];
}

/** Nodes beside one another, as many as the width bears, in rows of the same height. */
function boxes(nodes: readonly NodeCard[], width: number, pen: Pen): Line[] {
    const columns = columnsFor(nodes.length, Math.floor((width + 1) / (NARROWEST + 1)));
    const outer = Math.min(Math.floor((width - columns + 1) / columns), 40);
    const lines: Line[] = [];
    for (let first = 0; first < nodes.length; first += columns) {
        const row = nodes.slice(first, first + columns).map((node) => cardLines(node, outer - 4, pen));
        const height = Math.max(...row.map(({ body }) => body.length));
        const framed = row.map((card) => frame(card, { inner: outer - 4, height, pen }));
        for (let index = 0; index < height + 2; index += 1)
            lines.push(
                framed.flatMap((card, column) => [
                    ...(column > 0 ? [{ text: " " }] : []),
                    ...(card[index] ?? []),
                ]),
            );
    }
    return lines;
}

interface Card {
    readonly title: string;
    readonly level: Level;
    readonly body: readonly Line[];
}

function cardLines(node: NodeCard, inner: number, pen: Pen): Card {
    const state = wrapped(`${SIGNS[node.level]} ${node.state}`, inner);
    return {
        title: shortened(node.name, inner - 2),
        level: node.level,
        body: [
            ...wrapped(node.role, inner).map((text) => [{ text }]),
            ...state.map((text) => [pen(text, node.level)]),
            ...taskLines(node.tasks, inner, pen),
        ],
    };
}

function frame({ title, level, body }: Card, args: { inner: number; height: number; pen: Pen }): Line[] {
    const { inner, height, pen } = args;
    // A box whose node needs looking at has a frame that looks different, in black and white too.
    const [tl, tr, bl, br, dash, bar] =
        level === "good" ? ["┌", "┐", "└", "┘", "─", "│"] : ["╔", "╗", "╚", "╝", "═", "║"];
    const edge = (text: string) => pen(text, level === "good" ? "dim" : level);
    const lines = Array.from({ length: height }, (_, index) => body[index] ?? []);
    return [
        [
            edge(`${tl}${dash} `),
            pen(title, "bold"),
            edge(` ${dash?.repeat(inner - 1 - [...title].length)}${tr}`),
        ],
        ...lines.map((line) => [
            edge(`${bar} `),
            ...line,
            { text: " ".repeat(inner - widthOf(line)) },
            edge(` ${bar}`),
        ]),
        [edge(`${bl}${dash?.repeat(inner + 2)}${br}`)],
    ];
}

/** `[N] nginx.1 .3 .5+`: the tasks of a service on as few lines as they need. */
function taskLines(tasks: readonly TaskMark[], inner: number, pen: Pen): Line[] {
    const groups = Map.groupBy(tasks, ({ service }) => service);
    return [...groups].flatMap(([service, group]) => {
        const [{ mark }] = group as [TaskMark];
        const head = pen.mark(mark);
        const room = inner - widthOf([head]) - 1;
        const numbers = group.map(({ slot, phase }) => slot + PHASES[phase].sign);
        // Its name may be long, and its number has to be seen.
        const longest = Math.max(...numbers.map((number) => [...number].length));
        const [first = "", ...others] = numbers;
        const text = wrapped([shortened(service, room - longest) + first, ...others].join(" "), room);
        return text.map((line, index) => [
            index === 0 ? head : { text: " ".repeat(widthOf([head])) },
            { text: ` ${line}` },
        ]);
    });
}

function waitingLines(tasks: readonly TaskMark[], width: number, pen: Pen): Line[] {
    if (tasks.length === 0) return [];
    return [
        [pen(`${count(tasks.length, "task")} without a node`, "bold")],
        ...taskLines(tasks, width - 2, pen).map((line) => [{ text: "  " }, ...line]),
    ];
}

/** What the signs behind a task's number say, those that occur. */
function signLines({ nodes, waiting }: Picture, width: number, pen: Pen): Line[] {
    const phases = new Set([...nodes.flatMap(({ tasks }) => tasks), ...waiting].map(({ phase }) => phase));
    const said = (Object.keys(PHASES) as Phase[])
        .filter((phase) => phases.has(phase) && PHASES[phase].sign !== "")
        .map((phase) => `${PHASES[phase].sign} ${PHASES[phase].word}`);
    return wrapped(said.join("   "), width).map((text) => [pen(text, "dim")]);
}
