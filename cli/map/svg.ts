/** A picture as an SVG file: for a README, a report, a wall. In light and dark, and in words for who does not see it. */
import {
    type Layout,
    layOut,
    lettersIn,
    MARGIN,
    type Placed,
    type PlacedCard,
    serviceText,
} from "./layout.ts";
import { PALETTE } from "./marks.ts";
import type { Level, Picture, ServiceEntry, TaskMark } from "./picture.ts";
import { PHASES } from "./tasks.ts";
import { count, shortened } from "./words.ts";

/** The text of the file. */
export function drawSvg(picture: Picture): string {
    const layout = layOut(picture);
    const { width, height } = layout;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escaped(`Swarm of the stack ${picture.stack}`)}</title>
<desc id="desc">${escaped(description(picture))}</desc>
<style>
${style()}
</style>
<rect class="page" width="${width}" height="${height}" rx="12"/>
${[...head(picture, layout), ...services(layout), ...layout.cards.map((card) => cardSvg(card, layout)), ...waiting(layout), ...problems(layout)].join("\n")}
</svg>
`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);

/** Everything that is drawn, in sentences. */
export function description(picture: Picture): string {
    const tasks = (list: readonly TaskMark[]) =>
        list
            .map(({ label, phase }) => (phase === "runs" ? label : `${label} ${PHASES[phase].word}`))
            .join(", ");
    return [
        picture.headline,
        ...picture.nodes.map(
            (node) => `${node.name} (${node.role}; ${node.state}): ${tasks(node.tasks) || "no tasks"}.`,
        ),
        ...(picture.waiting.length > 0 ? [`Without a node: ${tasks(picture.waiting)}.`] : []),
        ...[...picture.problems, ...picture.errors].map((problem) =>
            /[.!?]$/.test(problem) ? problem : `${problem}.`,
        ),
    ].join(" ");
}

/** The colours of the README's other drawings; those of services are the same in light and dark. */
function style(): string {
    const fills = PALETTE.map(
        ({ fill, ink }, index) =>
            `.c${index} { fill: ${fill}; stroke: ${fill}; } .i${index} { fill: ${ink}; }`,
    );
    return `text { font: 13px -apple-system, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: #24292f; }
.page { fill: #ffffff; }
.big { font-size: 18px; font-weight: 600; }
.name { font-size: 15px; font-weight: 600; }
.soft { fill: #57606a; }
.mark { font-size: 12px; font-weight: 700; text-anchor: middle; }
.end { text-anchor: end; }
.box { fill: #f6f8fa; stroke: #afb8c1; stroke-width: 1.2; }
.box.note { stroke: #9a6700; stroke-width: 1.8; }
.box.bad { stroke: #cf222e; stroke-width: 2; stroke-dasharray: 7 4; }
.box.wait { fill: none; stroke-dasharray: 3 4; }
.chip { fill: #ffffff; stroke: #afb8c1; }
.rim { fill: none; stroke: #24292f; stroke-opacity: .35; }
.starts .chip, .waits .chip { stroke-dasharray: 4 3; }
.leaves rect { opacity: .5; }
.leaves .label { text-decoration: line-through; }
.unknown .chip { stroke-dasharray: 1 3; }
.failed .chip { stroke: #cf222e; stroke-width: 2; }
text.good { fill: #1a7f37; } text.note { fill: #9a6700; } text.bad { fill: #cf222e; }
${fills.join("\n")}
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .page { fill: #0d1117; }
  .soft { fill: #9da7b3; }
  .box { fill: #161b22; stroke: #484f58; }
  .box.note { stroke: #d29922; }
  .box.bad { stroke: #f85149; }
  .chip { fill: #0d1117; stroke: #484f58; }
  .rim { stroke: #ffffff; }
  .failed .chip { stroke: #f85149; }
  text.good { fill: #3fb950; } text.note { fill: #d29922; } text.bad { fill: #f85149; }
}`;
}

/** Said beside the colour, so that nobody needs the colour. */
const SIGNS: Readonly<Record<Level, string>> = { good: "✓", note: "!", bad: "✗" };

const text = (x: number, y: number, classes: string, words: string) =>
    words === ""
        ? ""
        : `<text${classes === "" ? "" : ` class="${classes}"`} x="${round(x)}" y="${round(y)}">${escaped(words)}</text>`;

const round = (number: number) => Math.round(number * 10) / 10;

const rect = (classes: string, { x, y, width, height }: Omit<Placed<unknown>, "item">, radius: number) =>
    `<rect class="${classes}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${radius}"/>`;

function head(picture: Picture, { width, headline }: Layout): string[] {
    return [
        text(MARGIN, 42, "big", `Swarm ${shortened(picture.stack, 40)}`),
        text(width - MARGIN, 42, "soft end", `${picture.at.slice(0, 19).replace("T", " ")} UTC`),
        ...headline.map((line) => text(line.x, line.y, "soft", line.text)),
    ];
}

/** A service's square with its letters. */
function swatch({ colour, letters }: TaskMark["mark"], x: number, y: number, side: number): string[] {
    const box = { x, y, width: side, height: side };
    return [
        rect(`c${colour}`, box, 4),
        rect("rim", box, 4),
        text(x + side / 2, y + side / 2 + 4.5, `mark i${colour}`, letters),
    ];
}

function services({ services }: Layout): string[] {
    return services.map((placed: Placed<ServiceEntry>) => {
        const { x, y, width, item } = placed;
        const said = shortened(serviceText(item), lettersIn(width - 32));
        const sign = item.level === "good" ? "" : ` ${SIGNS[item.level]}`;
        return `<g>${[...swatch(item.mark, x, y + 3, 24), text(x + 32, y + 19.5, "", said + sign)].join("")}</g>`;
    });
}

function cardSvg(card: PlacedCard, layout: Layout): string {
    const { item, x, y, width } = card;
    const room = lettersIn(width - 24);
    return [
        "<g>",
        rect(`box ${item.level}`, card, 8),
        text(x + 12, y + 24, "name", shortened(item.name, Math.floor(room * 0.85))),
        text(x + 12, y + 43, "soft", shortened(item.role, room)),
        text(x + 12, y + 62, item.level, shortened(`${SIGNS[item.level]} ${item.state}`, room)),
        ...card.chips.map((chip) => chipSvg(chip, layout.roomy)),
        "</g>",
    ].join("\n");
}

function chipSvg(chip: Placed<TaskMark>, roomy: boolean): string {
    const { item, x, y, width, height } = chip;
    const { word, sign } = PHASES[item.phase];
    const middle = y + height / 2 + 4.5;
    const tag = item.phase === "runs" ? "" : word;
    const room = lettersIn(width - 40) - (tag === "" ? 0 : tag.length + 1);
    return [
        `<g class="${item.phase}"><title>${escaped(`${item.label}, ${word}${item.error ? `: ${item.error}` : ""}`)}</title>`,
        rect("chip", chip, 5),
        ...swatch(item.mark, x, y, height),
        ...(roomy
            ? [
                  text(x + height + 7, middle, "label", shortened(item.label, room)),
                  ...(tag === "" ? [] : [text(x + width - 7, middle, "soft end", tag)]),
              ]
            : [text(x + height + 5, middle, "", item.slot.slice(1) + sign)]),
        "</g>",
    ].join("");
}

function waiting({ waiting, roomy }: Layout): string[] {
    if (waiting === undefined) return [];
    return [
        "<g>",
        rect("box wait", waiting, 8),
        text(waiting.x + 12, waiting.y + 23, "name", `${count(waiting.chips.length, "task")} without a node`),
        ...waiting.chips.map((chip) => chipSvg(chip, roomy)),
        "</g>",
    ];
}

const problems = ({ problems }: Layout) => problems.map((line) => text(line.x, line.y, "bad", line.text));
