import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compressNames, expandNames, isLabel, MAX_NODES, repeated } from "../../model/names.ts";

describe("names and ranges", () => {
    for (const [text, names] of [
        ["node1", ["node1"]],
        ["node[2:4]", ["node2", "node3", "node4"]],
        ["node[1:2],db[1:3]", ["node1", "node2", "db1", "db2", "db3"]],
        [" node1 ,\tdb[7:7] ", ["node1", "db7"]],
        ["n[08:11]", ["n08", "n09", "n10", "n11"]],
        ["n[0:1]", ["n0", "n1"]],
        ["n[001:2]", ["n001", "n002"]],
        ["n[8:011]", ["n8", "n9", "n10", "n11"]],
        ["", []],
        ["  ", []],
    ] as const) {
        test(`${JSON.stringify(text)} is ${names.length === 0 ? "no name" : names.join(" ")}`, () => {
            assert.deepEqual(expandNames(text), names);
        });
    }

    for (const [text, why] of [
        ["node[4:2]", '"node[4:2]" runs backwards'],
        ["node[1:]", '"node[1:]" is not a range of the form name[first:last]'],
        ["node[1-3]", '"node[1-3]" is not a range of the form name[first:last]'],
        ["node[a:c]", '"node[a:c]" is not a range of the form name[first:last]'],
        ["node[1:2]x", '"node[1:2]x" is not a range of the form name[first:last]'],
        ["node[1:2", '"node[1:2" is not a range of the form name[first:last]'],
        ["node[1:9999999999]", '"node[1:9999999999]" is not a range of the form name[first:last]'],
        ["node[0:100]", '"node[0:100]" makes 101 names, more than 100'],
        ["a[1:60],b[1:60]", "makes 120 names, more than 100"],
        ["node1,,node2", "has nothing between two commas, or a comma at an end"],
        ["node1,", "has nothing between two commas, or a comma at an end"],
        ["node1 node2", '"node1 node2" is not a host name'],
        ["Node1", '"Node1" is not a host name'],
        ["node_1", '"node_1" is not a host name'],
        ["-node", '"-node" is not a host name'],
        ["node-", '"node-" is not a host name'],
        ["node1.example.com", '"node1.example.com" is not a host name'],
        [`${"n".repeat(63)}[1:1]`, `"${"n".repeat(63)}1" is not a host name`],
        ["node1,node1", "makes node1 twice"],
        ["node[1:5],node[3:7]", "makes node[3:5] twice"],
    ] as const) {
        test(`${JSON.stringify(text)} is refused`, () => {
            assert.throws(() => expandNames(text), { name: "Refused", message: why });
        });
    }

    test("a label has at most 63 characters", () => {
        assert.equal(isLabel("a".repeat(63)), true);
        assert.equal(isLabel("a".repeat(64)), false);
    });

    test("neighbours that count upwards become a range, others stay", () => {
        assert.equal(
            compressNames(["n08", "n09", "n10", "x", "n3", "n2", "a1", "b2"]),
            "n[08:10],x,n3,n2,a1,b2",
        );
    });

    test("numbers written differently stay apart", () => {
        assert.equal(compressNames(["n9", "n010"]), "n9,n010");
        assert.equal(compressNames(["n09", "n11"]), "n09,n11");
    });
});

/** A range as its parts, so that what it has to make is known without expanding it. */
const range = fc
    .record({
        prefix: fc.stringMatching(/^[a-z][a-z-]{0,8}$/),
        first: fc.nat(5000),
        count: fc.integer({ min: 1, max: MAX_NODES }),
        width: fc.integer({ min: 1, max: 6 }),
    })
    .map(({ prefix, first, count, width }) => {
        const start = String(first).padStart(width, "0");
        return {
            text: `${prefix}[${start}:${first + count - 1}]`,
            prefix,
            first,
            count,
            width: start.length,
        };
    });

/** Few letters and small numbers, so that neighbours come up; a run of two or more is drawn on purpose below. */
const name = fc.stringMatching(/^[ab]-?0{0,2}[0-9]{0,2}$/).filter(isLabel);

describe("any range", () => {
    test("makes as many different names as it spans, each with its number", () => {
        fc.assert(
            fc.property(range, ({ text, prefix, first, count, width }) => {
                const names = expandNames(text);
                assert.equal(names.length, count);
                assert.equal(new Set(names).size, count);
                for (const [i, name] of names.entries()) {
                    assert.equal(Number(name.slice(prefix.length)), first + i);
                    assert.ok(name.length >= prefix.length + width);
                    assert.ok(isLabel(name));
                }
            }),
        );
    });

    test("is refused when it runs backwards or makes more than the bound", () => {
        fc.assert(
            fc.property(fc.nat(5000), fc.integer({ min: -5000, max: 5000 }), (first, span) => {
                fc.pre(first + span >= 0);
                const expand = () => expandNames(`n[${first}:${first + span}]`);
                if (span >= 0 && span < MAX_NODES) {
                    assert.equal(expand().length, span + 1);
                } else {
                    assert.throws(expand, { name: "Refused" });
                }
            }),
        );
    });

    test("comes back from its names, the numbers of more than one padded alike", () => {
        fc.assert(
            fc.property(range, ({ text, prefix, first, count, width }) => {
                const last = String(first + count - 1).padStart(width, "0");
                const start = String(first).padStart(width, "0");
                const shortest = count === 1 ? `${prefix}${start}` : `${prefix}[${start}:${last}]`;
                assert.equal(compressNames(expandNames(text)), shortest);
            }),
        );
    });

    test("and any other list of names do so too", () => {
        fc.assert(
            fc.property(fc.uniqueArray(name, { maxLength: 60 }), (names) => {
                assert.deepEqual(expandNames(compressNames(names)), names);
            }),
        );
    });
});

test("repeated names are found once each", () => {
    assert.deepEqual(repeated(["a", "b", "a", "c", "b", "a"]), ["a", "b"]);
    assert.deepEqual(repeated(["a", "b"]), []);
});
