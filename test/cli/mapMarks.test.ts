import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assignMarks, PALETTE } from "../../cli/map/marks.ts";

const lettersOf = (names: readonly string[]) =>
    Object.fromEntries([...assignMarks(names)].map(([name, { letters }]) => [name, letters]));

describe("marks of services", () => {
    test("the initial, where it is alone; else a second letter that tells apart", () => {
        assert.deepEqual(lettersOf(["nginx"]), { nginx: "N" });
        assert.deepEqual(lettersOf(["nginx", "api", "agent", "app"]), {
            agent: "Ag",
            api: "Ap",
            app: "A1",
            nginx: "N",
        });
        assert.deepEqual(lettersOf(["a", "A", "_", "1st"]), { "1st": "1", A: "A1", _: "?", a: "A2" });
    });

    test("the order in which services come does not matter", () => {
        const names = ["web", "api", "worker", "cache"];
        assert.deepEqual(assignMarks(names), assignMarks([...names].reverse()));
    });

    test("a name has its colour from its letters, alone or among others", () => {
        const alone = ["nginx", "api", "redis"].map((name) => assignMarks([name]).get(name)?.colour);
        assert.deepEqual(alone, [7, 7, 4]);
        assert.equal(assignMarks(["redis", "nginx"]).get("nginx")?.colour, 7);
        assert.equal(assignMarks(["redis", "nginx"]).get("redis")?.colour, 4);
    });

    test("what was given before stays when a service comes", () => {
        const before = assignMarks(["nginx"]);
        const after = assignMarks(["api", "nginx"], before);
        assert.deepEqual(after.get("nginx"), before.get("nginx"));
        assert.notEqual(after.get("api")?.colour, after.get("nginx")?.colour);
    });

    test("letters are never shared, and a colour not before all are in use", () => {
        const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z0-9][a-z0-9_-]{0,8}$/), { maxLength: 60 });
        fc.assert(
            fc.property(names, names, (one, two) => {
                const kept = assignMarks(one);
                for (const marks of [kept, assignMarks([...one, ...two], kept)]) {
                    const all = [...marks.values()];
                    assert.equal(new Set(all.map(({ letters }) => letters)).size, all.length);
                    const uses = PALETTE.map(
                        (_, index) => all.filter(({ colour }) => colour === index).length,
                    );
                    assert.ok(Math.max(...uses) - Math.min(...uses) <= 1, `uses of colours: ${uses}`);
                    for (const { letters } of all) assert.match(letters, /^[A-Z0-9][a-z0-9]{0,2}$/);
                }
            }),
        );
    });

    for (const { name, fill, ink } of PALETTE) {
        test(`letters on ${name} can be read: 4.5:1 or better`, () => {
            const [lighter, darker] = [luminance(fill), luminance(ink)].sort((a, b) => b - a) as [
                number,
                number,
            ];
            assert.ok((lighter + 0.05) / (darker + 0.05) >= 4.5);
        });
    }
});

/** As WCAG 2 defines it. */
function luminance(colour: string): number {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
        .map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
