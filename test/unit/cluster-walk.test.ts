/** What random walks decide: held against the rules of a cluster, over many seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../config.ts";
import { KINDS, textOf } from "../cluster/support/interruption.ts";
import { configOf, randomOf, type Step, walk, wantedOf } from "../cluster/support/walk.ts";

const STEPS = 40;
const walks = Array.from({ length: 200 }, (_, seed) => walk(seed, STEPS));

const text = ({ text, interruption }: Step) => `${text}; ${interruption ? textOf(interruption) : "-"}`;

test("the numbers of a seed are those of mulberry32", () => {
    const random = randomOf(1);
    // From the generator's published C code.
    assert.deepEqual(
        [random(), random(), random()].map((value) => Math.round(value * 2 ** 32)),
        [2693262067, 11749833, 2265367787],
    );
});

test("a seed makes one walk, a longer one begins with the shorter, another seed makes another", () => {
    assert.deepEqual(walk(7, 30).map(text), walk(7, 30).map(text));
    assert.deepEqual(walk(7, 30).slice(0, 12).map(text), walk(7, 12).map(text));
    assert.notDeepEqual(walk(7, 30).map(text), walk(8, 30).map(text));
});

test("every step leads to a cluster that the configuration allows, of five nodes at most", () => {
    // Each shape once: reading a configuration takes a moment.
    const shapes = new Map(
        walks.slice(0, 40).flatMap((steps) => steps.map(({ to }) => [JSON.stringify(to), to])),
    );
    for (const to of shapes.values()) {
        const parsed = parseSettings({ ...configOf(to), sshFrom: ["0.0.0.0/0"] });
        assert.ok("settings" in parsed, JSON.stringify(parsed));
        assert.ok(parsed.settings.nodes.length <= 5, `${parsed.settings.nodes.length} nodes`);
        assert.deepEqual([...wantedOf(to).managers], parsed.settings.managers);
    }
});

test("every step changes the configuration, or loses a droplet", () => {
    for (const steps of walks) {
        for (const [index, { to, lose, text }] of steps.entries()) {
            const from = steps[index - 1]?.to;
            assert.ok(lose.length > 0 || JSON.stringify(to) !== JSON.stringify(from), text);
        }
    }
});

test("no loss costs the majority of the managers", () => {
    for (const { to, lose } of walks.flat()) {
        const left = to.managers.filter((name) => !lose.includes(name)).length;
        assert.ok(left > to.managers.length / 2, `${left} of ${to.managers.length}`);
    }
});

test("all kinds of changes and of interruptions come up", () => {
    const kinds = new Set(
        walks.flat().flatMap(({ interruption }) => (interruption ? [interruption.kind] : [])),
    );
    assert.deepEqual([...kinds].sort(), [...KINDS].sort());
    const changes = new Set(walks.flat().map(({ text }) => text.replaceAll(/\bn\d\b|\d+|,/g, "")));
    assert.equal(changes.size, 18, [...changes].join("\n"));
});

test("a request of the API is only chosen where the step makes it", () => {
    const chosen = walks
        .flat()
        .flatMap(({ text, interruption }) =>
            interruption && "request" in interruption ? [`${interruption.request.method} ${text}`] : [],
        );
    assert.ok(chosen.length > 100, `${chosen.length}`);
    for (const text of chosen) {
        assert.doesNotMatch(text, /replicas|seed|DELETE .*(more|lost|first up)|POST .*fewer/);
    }
});
