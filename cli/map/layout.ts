/** Where everything goes in a drawing: boxes from a picture. Lengths are in pixels of a drawing at its own size. */
import type { NodeCard, Picture, ServiceEntry, TaskMark } from "./picture.ts";
import { PHASES } from "./tasks.ts";
import { shortened, wrapped } from "./words.ts";

export interface Box {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

export interface Placed<T> extends Box {
    readonly item: T;
}

export interface PlacedCard extends Placed<NodeCard> {
    readonly chips: readonly Placed<TaskMark>[];
}

export interface TextLine {
    readonly x: number;
    readonly y: number;
    readonly text: string;
}

export interface Layout {
    readonly width: number;
    readonly height: number;
    /** Every task by name; where a node has many, by number alone. */
    readonly roomy: boolean;
    readonly headline: readonly TextLine[];
    readonly services: readonly Placed<ServiceEntry>[];
    readonly cards: readonly PlacedCard[];
    /** The box of the tasks without a node; undefined when there are none. */
    readonly waiting?: Box & { readonly chips: readonly Placed<TaskMark>[] };
    readonly problems: readonly TextLine[];
}

export const MARGIN = 24;
const GAP = 14;
const PAD = 12;
const LINE = 19;
const MOST_COLUMNS = 4;
/** A node with more tasks than this has no room for their names. */
const NAMED_TASKS = 8;
/** From the top of a card to its first chip: name, role, state. */
const HEAD = 74;
const NAMED_CHIP = 28;
const SMALL_CHIP = 24;
const CHIP_GAP = 6;

/** Average width of a letter of 13 px text, on the generous side: fonts differ from machine to machine. */
export const LETTER = 7.3;
/** The same of a digit, all of which are as wide as the widest letters. */
const DIGIT = 8.6;

/** How many letters fit. */
export const lettersIn = (width: number) => Math.floor(width / LETTER);

/** Places a picture on a drawing of that width, at least 320. */
export function layOut(picture: Picture, width = 880): Layout {
    const inner = width - 2 * MARGIN;
    const text = (lines: readonly string[], y: number) =>
        lines.map((line, index) => ({ x: MARGIN, y: y + index * LINE, text: line }));
    const headline = text(wrapped(picture.headline, lettersIn(inner)), 68);
    let y = 68 + headline.length * LINE;

    const services = placeServices(picture.services, { x: MARGIN, y, width: inner });
    y = bottom(services, y) + (services.length > 0 ? GAP : 0);

    const roomy = picture.nodes.every(({ tasks }) => tasks.length <= NAMED_TASKS);
    const chip = roomy ? { width: 260, height: NAMED_CHIP } : smallChip(picture);
    const cards = placeCards(picture.nodes, { x: MARGIN, y, width: inner }, chip);
    y = bottom(cards, y) + (cards.length > 0 ? GAP : 0);

    let waiting: Layout["waiting"];
    if (picture.waiting.length > 0) {
        const chips = placeChips(
            picture.waiting,
            { x: MARGIN + PAD, y: y + 34, width: inner - 2 * PAD },
            chip,
        );
        waiting = { x: MARGIN, y, width: inner, height: bottom(chips, y) - y + PAD, chips };
        y += waiting.height + GAP;
    }

    const lines = [...picture.problems, ...picture.errors].flatMap((problem) =>
        wrapped(`! ${problem}`, lettersIn(inner)).map((line, index) =>
            index === 0 ? line : `\u2003${line}`,
        ),
    );
    const problems = text(lines, y + 14);
    y = problems.length > 0 ? y + problems.length * LINE + GAP : y;
    return {
        width,
        height: y + MARGIN - GAP,
        roomy,
        headline,
        services,
        cards,
        ...(waiting === undefined ? {} : { waiting }),
        problems,
    };
}

const bottom = (boxes: readonly Box[], from: number) =>
    boxes.reduce((lowest, { y, height }) => Math.max(lowest, y + height), from);

/** What the legend says of a service. */
export const serviceText = ({ name, image, state, more }: ServiceEntry) =>
    [shortened(name, 24), state, ...(image === "" ? [] : [shortened(image, 40)]), ...more].join(" · ");

type Area = Omit<Box, "height">;
type Size = Omit<Box, "x" | "y">;

/** In columns that begin below one another, two at least. */
function placeServices(services: readonly ServiceEntry[], area: Area): Placed<ServiceEntry>[] {
    const widths = services.map((service) => 40 + [...serviceText(service)].length * LETTER);
    const half = (area.width - CHIP_GAP) / 2;
    const width = services.length === 1 ? area.width : Math.min(Math.max(...widths), half);
    return flow(services, area, { width, height: 30 });
}

/** Boxes of one size, one beside another, on as many rows as it takes. */
function flow<T>(items: readonly T[], area: Area, size: Size): Placed<T>[] {
    const columns = Math.max(1, Math.floor((area.width + CHIP_GAP) / (size.width + CHIP_GAP)));
    return items.map((item, index) => ({
        ...size,
        x: area.x + (index % columns) * (size.width + CHIP_GAP),
        y: area.y + Math.floor(index / columns) * (size.height + CHIP_GAP),
        item,
    }));
}

/** How many beside one another, such that rows are filled as evenly as can be: five are three and two, not four and one. */
export function columnsFor(items: number, most: number): number {
    const rows = Math.ceil(items / Math.max(1, most));
    return rows === 0 ? 1 : Math.ceil(items / rows);
}

function placeCards(nodes: readonly NodeCard[], area: Area, chip: Size): PlacedCard[] {
    const columns = columnsFor(nodes.length, Math.min(MOST_COLUMNS, Math.floor(area.width / 190)));
    const width = Math.min(Math.floor((area.width - (columns - 1) * GAP) / columns), 320);
    const placed: PlacedCard[] = [];
    let { y } = area;
    for (let first = 0; first < nodes.length; first += columns) {
        const row = nodes.slice(first, first + columns).map((item, column) => {
            const x = area.x + column * (width + GAP);
            const chips = placeChips(item.tasks, { x: x + PAD, y: y + HEAD, width: width - 2 * PAD }, chip);
            return { item, x, y, width, chips, height: bottom(chips, y + HEAD - PAD / 2) - y + PAD };
        });
        // Neighbours have the same height, or the row would look torn.
        const height = Math.max(...row.map((card) => card.height));
        placed.push(...row.map((card) => ({ ...card, height })));
        y += height + GAP;
    }
    return placed;
}

/** Letters of the service, number and sign. */
function smallChip({ nodes, waiting }: Picture): Size {
    const tasks = [...nodes.flatMap((node) => node.tasks), ...waiting];
    const longest = Math.max(...tasks.map(({ phase, slot }) => (slot.slice(1) + PHASES[phase].sign).length));
    return { width: SMALL_CHIP + 10 + longest * DIGIT, height: SMALL_CHIP };
}

/** A column of a card is one named chip wide; the box without a node has room for several beside each other. */
function placeChips(tasks: readonly TaskMark[], area: Area, { width, height }: Size): Placed<TaskMark>[] {
    return flow(tasks, area, { width: Math.min(area.width, width), height });
}
