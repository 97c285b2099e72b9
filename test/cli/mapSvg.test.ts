import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Box, columnsFor, layOut } from "../../cli/map/layout.ts";
import { pictureOf } from "../../cli/map/picture.ts";
import { description, drawSvg } from "../../cli/map/svg.ts";
import { bare, large, task, troubled, view } from "./mapViews.ts";

const clusters = { view: view(), troubled, large, bare };

const inside = (inner: Box, outer: Box) =>
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height;
const apart = (a: Box, b: Box) =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const allApart = (boxes: readonly Box[]) =>
    boxes.every((box, index) => boxes.slice(index + 1).every((other) => apart(box, other)));

describe("places in a drawing", () => {
    for (const [what, cluster] of Object.entries(clusters)) {
        for (const width of [320, 880, 1600]) {
            test(`${what} at ${width}: everything has its place, and nothing lies on anything else`, () => {
                const picture = pictureOf(cluster);
                const layout = layOut(picture, width);
                const page = { x: 0, y: 0, width: layout.width, height: layout.height };
                const { waiting } = layout;
                const outer = [
                    ...layout.services,
                    ...layout.cards,
                    ...(waiting === undefined ? [] : [waiting]),
                ];
                assert.ok(outer.every((box) => inside(box, page)));
                assert.ok(allApart(outer));
                for (const box of [...layout.cards, ...(waiting === undefined ? [] : [waiting])]) {
                    assert.ok(box.chips.every((chip) => inside(chip, box)));
                    assert.ok(allApart(box.chips));
                }
                assert.deepEqual(
                    layout.cards.map(({ item, chips }) => [item.key, chips.length]),
                    picture.nodes.map(({ key, tasks }) => [key, tasks.length]),
                );
                assert.equal(layout.services.length, picture.services.length);
                assert.ok(layout.problems.every(({ y }) => y < layout.height));
            });
        }
    }

    test("rows are filled as evenly as can be", () => {
        const columns = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 40].map((items) => columnsFor(items, 4));
        assert.deepEqual(columns, [1, 1, 2, 3, 4, 3, 3, 4, 4, 3, 4]);
        assert.equal(columnsFor(3, 0), 1);
    });
});

describe("the map as SVG", () => {
    test("says in words what it shows", () => {
        assert.equal(
            description(pictureOf(view())),
            "4 nodes, all ready: 1 manager, 3 workers. 1 service: 2 of 2 tasks run. " +
                "node1 (manager, leader; ready): no tasks. node2 (worker; ready): nginx.1. " +
                "node3 (worker; ready): no tasks. node4 (worker; ready): nginx.2.",
        );
        const words = description(pictureOf(troubled));
        assert.match(words, / node5 \(worker; down, droplet off\): nginx\.3 unknown\./);
        assert.match(
            words,
            / Without a node: api\.2 waiting\. node2: no answer on port 22\. api\.1 on node10: /,
        );
    });

    test("has title and description where readers of pictures look, colours for light and dark, no outside", () => {
        const svg = drawSvg(pictureOf(view()));
        assert.match(
            svg,
            /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 880 \d+" [^>]* role="img" aria-labelledby="title desc">\n<title id="title">Swarm of the stack lab<\/title>\n<desc id="desc">4 nodes/,
        );
        assert.match(svg, /@media \(prefers-color-scheme: dark\)/);
        assert.doesNotMatch(svg, /href|url\(|@import|<script|<image/);
    });

    test("a task says its name and state, and its error", () => {
        const svg = drawSvg(pictureOf(troubled));
        assert.ok(svg.includes("<title>api.1, failed: task: non-zero exit (1)</title>"));
        assert.ok(svg.includes('<g class="leaves"><title>nginx.4, leaving</title>'));
        assert.equal(svg.match(/<rect class="box (?:good|note|bad)"/g)?.length, troubled.nodes.length);
    });

    test("what comes from elsewhere cannot become a part of it", () => {
        const error = `"><script>alert(1)</script>&amp;`;
        const tasks = [task("nginx.1", "node2", { state: "failed", error })];
        const svg = drawSvg(pictureOf(view({ stack: "<b>", tasks })));
        assert.doesNotMatch(svg, /<script|<b>/);
        assert.ok(svg.includes("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"));
    });
});
